using UnityEngine;

namespace Neuvol
{
    /// Parts of what is shown in a scene beside a volume: texts and bars in world space, which VR needs, of Unity's own modules.
    internal static class Label
    {
        static Texture2D white;

        /// A text. Its height is in units of its parent.
        internal static TextMesh Text(Transform parent, string name, float height, TextAnchor anchor)
        {
            var made = new GameObject(name, typeof(TextMesh)) { hideFlags = HideFlags.HideAndDontSave };
            made.transform.SetParent(parent, false);
            made.layer = parent.gameObject.layer;
            var text = made.GetComponent<TextMesh>();
            text.font = Resources.GetBuiltinResource<Font>("LegacyRuntime.ttf");
            made.GetComponent<MeshRenderer>().sharedMaterial = text.font.material;
            text.fontSize = 64;
            // A font of size 64 is 6.4 units high at a character size of 1.
            text.characterSize = height / 6.4f;
            text.anchor = anchor;
            return text;
        }

        /// A rectangle of one unit a side around its middle, in one colour or with a picture.
        internal static SpriteRenderer Bar(Transform parent, string name, Texture2D picture, Color colour, int order)
        {
            var made = new GameObject(name, typeof(SpriteRenderer)) { hideFlags = HideFlags.HideAndDontSave };
            made.transform.SetParent(parent, false);
            made.layer = parent.gameObject.layer;
            var bar = made.GetComponent<SpriteRenderer>();
            bar.sprite = SpriteOf(picture != null ? picture : White());
            bar.color = colour;
            bar.sortingOrder = order;
            return bar;
        }

        /// A sprite of one unit a side, whatever the picture's size; it is to be destroyed.
        internal static Sprite SpriteOf(Texture2D picture)
        {
            var whole = new Rect(0, 0, picture.width, picture.height);
            var sprite = Sprite.Create(picture, whole, new Vector2(0.5f, 0.5f), picture.width);
            sprite.hideFlags = HideFlags.HideAndDontSave;
            return sprite;
        }

        static Texture2D White()
        {
            if (white != null) return white;
            white = new Texture2D(1, 1, TextureFormat.RGBA32, false, false)
            {
                name = "Neuvol white",
                hideFlags = HideFlags.HideAndDontSave,
            };
            white.SetPixels32(new[] { new Color32(255, 255, 255, 255) });
            white.Apply(false, false);
            return white;
        }

        internal static void Destroy(SpriteRenderer bar)
        {
            if (bar == null) return;
            Objects.Destroy(bar.sprite);
            Objects.Destroy(bar.gameObject);
        }

        internal static void Destroy(TextMesh text)
        {
            if (text != null) Objects.Destroy(text.gameObject);
        }

        internal static void Shutdown()
        {
            Objects.Destroy(white);
            white = null;
        }
    }
}

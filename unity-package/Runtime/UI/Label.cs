using UnityEngine;

namespace Neuvol
{
    /// Texts in world space, which VR needs, of Unity's own modules.
    internal static class Label
    {
        /// A text. Its height is in units of its parent.
        internal static TextMesh Text(Transform parent, string name, float height, TextAnchor anchor)
        {
            // First what may fail.
            var font = Resources.GetBuiltinResource<Font>("LegacyRuntime.ttf");
            var made = new GameObject(name, typeof(TextMesh)) { hideFlags = HideFlags.HideAndDontSave };
            made.transform.SetParent(parent, false);
            made.layer = parent.gameObject.layer;
            var text = made.GetComponent<TextMesh>();
            text.font = font;
            made.GetComponent<MeshRenderer>().sharedMaterial = text.font.material;
            text.fontSize = 64;
            // A font of size 64 is 6.4 units high at a character size of 1.
            text.characterSize = height / 6.4f;
            text.anchor = anchor;
            return text;
        }

        internal static void Destroy(TextMesh text)
        {
            if (text != null) Objects.Destroy(text.gameObject);
        }
    }
}

using System;
using UnityEngine;

namespace Neuvol
{
    /// A rectangle in world space of one unit a side around its middle, in one colour or with a picture.
    internal sealed class Bar : IDisposable
    {
        readonly Sprite sprite;
        readonly GameObject owner;
        readonly float aspect;

        internal Bar(Transform parent, string name, Texture2D picture, Color colour, int order)
        {
            if (picture == null) picture = Texture2D.whiteTexture;
            var whole = new Rect(0, 0, picture.width, picture.height);
            // One unit wide; the scale evens out its height.
            sprite = Sprite.Create(picture, whole, new Vector2(0.5f, 0.5f), picture.width);
            aspect = (float)picture.width / picture.height;
            sprite.hideFlags = HideFlags.HideAndDontSave;
            try
            {
                owner = new GameObject(name, typeof(SpriteRenderer)) { hideFlags = HideFlags.HideAndDontSave };
                owner.transform.SetParent(parent, false);
                owner.layer = parent.gameObject.layer;
                var renderer = owner.GetComponent<SpriteRenderer>();
                renderer.sprite = sprite;
                renderer.color = colour;
                renderer.sortingOrder = order;
            }
            catch
            {
                Dispose();
                throw;
            }
        }

        /// Puts its middle and size, in units of its parent.
        internal void Place(float x, float y, float width, float height)
        {
            owner.transform.localPosition = new Vector3(x, y, 0);
            owner.transform.localScale = new Vector3(width, height * aspect, 1);
        }

        /// Whether it is still there: others may have destroyed it.
        internal bool IsAlive => owner != null;

        public void Dispose()
        {
            Objects.Destroy(owner);
            Objects.Destroy(sprite);
        }
    }
}

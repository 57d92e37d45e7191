using System;
using System.Collections.Generic;
using UnityEngine;

namespace Neuvol
{
    /// <summary>
    /// Colour and opacity of values, in the units of the variable: control points with straight lines between them. The same asset
    /// can serve many volumes; a change shows at once in all of them.
    /// </summary>
    [CreateAssetMenu(menuName = "Neuvol/Transfer Function", fileName = "Transfer Function")]
    [HelpURL("https://github.com/neuvol/neuvol/tree/main/unity-package/Documentation~/components.md")]
    public sealed class NeuvolTransferFunction : ScriptableObject
    {
        /// <summary>Texels of the baked texture.</summary>
        public const int Resolution = 1024;

        /// Rows of the texture of largest opacities: of 1, 2, 4, ... 1024 texels.
        internal const int MaxRows = 11;

        /// <summary>A control point.</summary>
        [Serializable]
        public struct Point
        {
            /// <summary>The value in units of the variable.</summary>
            public float value;

            /// <summary>The colour there, as it is shown; its alpha is not used.</summary>
            public Color color;

            /// <summary>The opacity there, 0 to 1, of one hundredth of the longest edge of the volume.</summary>
            public float opacity;

            /// <summary>Makes one.</summary>
            /// <param name="value">The value in units of the variable.</param>
            /// <param name="color">The colour there.</param>
            /// <param name="opacity">The opacity there, 0 to 1.</param>
            public Point(float value, Color color, float opacity)
            {
                this.value = value;
                this.color = color;
                this.opacity = opacity;
            }
        }

        [SerializeField] List<Point> points = new List<Point>();

        Texture2D texture;
        Texture2D maxTexture;
        int bakedVersion = -1;

        /// <summary>The control points, ascending in value. Change them by <see cref="SetPoints"/>.</summary>
        public IReadOnlyList<Point> Points => points;

        /// <summary>Counts changes, for those who keep what was made of it.</summary>
        public int Version { get; private set; }

        /// <summary>The smallest value of a control point; 0 without any.</summary>
        public float Min => points.Count == 0 ? 0 : points[0].value;

        /// <summary>The largest value of a control point; 1 without any.</summary>
        public float Max => points.Count == 0 ? 1 : points[points.Count - 1].value;

        /// <summary>Replaces the control points.</summary>
        /// <param name="list">At least one; sorted by value here. Opacities are limited to 0 to 1.</param>
        /// <exception cref="ArgumentException">If there is none, or a value is no number.</exception>
        public void SetPoints(IEnumerable<Point> list)
        {
            var sorted = new List<Point>(list);
            if (sorted.Count == 0) throw new ArgumentException("a transfer function needs at least one point", nameof(list));
            for (int i = 0; i < sorted.Count; i++)
            {
                var point = sorted[i];
                if (float.IsNaN(point.value) || float.IsInfinity(point.value) || float.IsNaN(point.opacity))
                {
                    throw new ArgumentException("point " + i + " has no number as its value or opacity", nameof(list));
                }
                point.opacity = Mathf.Clamp01(point.opacity);
                sorted[i] = point;
            }
            // A stable sort: two points of one value are a step, in the order they were given.
            for (int i = 1; i < sorted.Count; i++)
            {
                for (int k = i; k > 0 && sorted[k - 1].value > sorted[k].value; k--)
                {
                    var swapped = sorted[k];
                    sorted[k] = sorted[k - 1];
                    sorted[k - 1] = swapped;
                }
            }
            points = sorted;
            Version++;
        }

        /// <summary>Begins anew with a preset over a range of values.</summary>
        /// <param name="map">The colours.</param>
        /// <param name="min">The smallest value, in units of the variable.</param>
        /// <param name="max">The largest value.</param>
        public void SetPreset(NeuvolColormap map, float min, float max)
        {
            if (map == NeuvolColormap.Tomography)
            {
                SetWindow();
                return;
            }
            // A range without a width would be a line of points at one value.
            if (!(max > min)) max = min + Mathf.Max(1e-6f, Mathf.Abs(min) * 1e-6f);
            var colours = Colormaps.Of(map);
            var list = new List<Point>();
            for (int i = 0; i < colours.Length; i++)
            {
                float part = (float)i / (colours.Length - 1);
                list.Add(new Point(Mathf.Lerp(min, max, part), colours[i], Opacity(map, part)));
            }
            SetPoints(list);
        }

        static float Opacity(NeuvolColormap map, float part)
        {
            switch (map)
            {
                case NeuvolColormap.Plume: return part < 0.05f ? 0 : 0.02f + 0.6f * part * part;
                // Nothing happens in the middle.
                case NeuvolColormap.Diverging: return 0.3f * Mathf.Abs(2 * part - 1) * Mathf.Abs(2 * part - 1);
                default: return 0.3f * part * part;
            }
        }

        /// Air is nothing, soft tissue a veil, bone is solid.
        void SetWindow()
        {
            var skin = new Color(0.85f, 0.6f, 0.5f);
            var flesh = new Color(0.8f, 0.35f, 0.3f);
            var bone = new Color(1, 0.96f, 0.88f);
            SetPoints(new[]
            {
                new Point(-1024, skin, 0), new Point(-600, skin, 0), new Point(-150, skin, 0.01f), new Point(40, flesh, 0.03f),
                new Point(120, flesh, 0.03f), new Point(250, bone, 0.25f), new Point(1000, bone, 0.6f), new Point(2000, bone, 0.9f),
            });
        }

        /// <summary>Makes one that is not an asset, for scripts and for volumes without one.</summary>
        /// <param name="map">The colours.</param>
        /// <param name="min">The smallest value.</param>
        /// <param name="max">The largest value.</param>
        public static NeuvolTransferFunction Create(NeuvolColormap map, float min, float max)
        {
            var made = CreateInstance<NeuvolTransferFunction>();
            made.hideFlags = HideFlags.DontSave;
            made.SetPreset(map, min, max);
            return made;
        }

        /// <summary>Colour and opacity (as alpha) of a value; beyond the ends those of the ends.</summary>
        /// <param name="value">In units of the variable.</param>
        public Color Evaluate(float value)
        {
            if (points.Count == 0) return new Color(value, value, value, Mathf.Clamp01(value));
            if (!(value > points[0].value)) return Of(points[0]);
            for (int i = 1; i < points.Count; i++)
            {
                if (value > points[i].value) continue;
                float width = points[i].value - points[i - 1].value;
                if (width <= 0) return Of(points[i]);
                return Color.Lerp(Of(points[i - 1]), Of(points[i]), (value - points[i - 1].value) / width);
            }
            return Of(points[points.Count - 1]);
        }

        static Color Of(Point point)
        {
            return new Color(point.color.r, point.color.g, point.color.b, point.opacity);
        }

        /// <summary>1024 x 1 texels: colour, and opacity as alpha, from <see cref="Min"/> to <see cref="Max"/>. It belongs to
        /// this object and is the same one after changes.</summary>
        public Texture2D Texture
        {
            get
            {
                Bake();
                return texture;
            }
        }

        /// 1024 x 11 texels: in row k the largest opacity of 2^k texels from this one on, to skip empty blocks by.
        internal Texture2D MaxTexture
        {
            get
            {
                Bake();
                return maxTexture;
            }
        }

        void Bake()
        {
            if (bakedVersion == Version && texture != null && maxTexture != null) return;
            if (texture == null) texture = Make("Neuvol transfer", 1, TextureFormat.RGBA32, FilterMode.Bilinear, false);
            if (maxTexture == null) maxTexture = Make("Neuvol opacities", MaxRows, TextureFormat.RFloat, FilterMode.Point, true);
            var colours = new Color32[Resolution];
            var maxima = new float[Resolution * MaxRows];
            for (int i = 0; i < Resolution; i++)
            {
                colours[i] = Evaluate(Mathf.Lerp(Min, Max, i / (Resolution - 1f)));
                maxima[i] = colours[i].a / 255f;
            }
            for (int row = 1; row < MaxRows; row++)
            {
                int below = (row - 1) * Resolution, half = 1 << (row - 1);
                for (int i = 0; i < Resolution; i++)
                {
                    float next = i + half < Resolution ? maxima[below + i + half] : 0;
                    maxima[row * Resolution + i] = Mathf.Max(maxima[below + i], next);
                }
            }
            texture.SetPixels32(colours);
            texture.Apply(false, false);
            maxTexture.SetPixelData(maxima, 0);
            maxTexture.Apply(false, false);
            bakedVersion = Version;
        }

        static Texture2D Make(string name, int height, TextureFormat format, FilterMode filter, bool isLinear)
        {
            return new Texture2D(Resolution, height, format, false, isLinear)
            {
                name = name,
                hideFlags = HideFlags.HideAndDontSave,
                filterMode = filter,
                wrapMode = TextureWrapMode.Clamp,
            };
        }

        void OnValidate()
        {
            Version++;
        }

        void OnDisable()
        {
            Objects.Destroy(texture);
            Objects.Destroy(maxTexture);
            texture = maxTexture = null;
        }
    }
}

using System;
using UnityEngine;

namespace Neuvol.Editor
{
    /// A small picture of a variable, seen from above: the largest value of each column.
    internal static class NeuvolPicture
    {
        /// <exception cref="NeuvolException">If the file is damaged.</exception>
        internal static Texture2D Of(NeuvolVariable variable)
        {
            int level = variable.LevelCount - 1;
            var size = variable.SizeAt(level);
            double time = (variable.StepCount - 1) / 2;
            var values = variable.File.Decode(variable, time, Vector3Int.zero, size, level, variable.QualityCount - 1);
            var highest = Highest(values, size);
            float min = float.PositiveInfinity, max = float.NegativeInfinity;
            foreach (float value in highest)
            {
                if (float.IsNaN(value)) continue;
                min = Math.Min(min, value);
                max = Math.Max(max, value);
            }
            var colours = Colours(highest, min, max);
            // North is at the top of a picture, as rows from the bottom are.
            if (variable.Grid.Direction(1) == NeuvolDirection.South) Turn(colours, size.x, size.y);
            var picture = new Texture2D(size.x, size.y, TextureFormat.RGBA32, false, false)
            {
                wrapMode = TextureWrapMode.Clamp,
            };
            picture.SetPixels32(colours);
            picture.Apply(false, false);
            return picture;
        }

        static float[] Highest(float[] values, Vector3Int size)
        {
            var highest = new float[size.x * size.y];
            for (int i = 0; i < highest.Length; i++) highest[i] = float.NaN;
            for (int i = 0; i < values.Length; i++)
            {
                int column = i % highest.Length;
                if (!(highest[column] >= values[i]) && !float.IsNaN(values[i])) highest[column] = values[i];
            }
            return highest;
        }

        static Color32[] Colours(float[] values, float min, float max)
        {
            var map = NeuvolTransferFunction.Create(NeuvolColormap.Viridis, min <= max ? min : 0, min <= max ? max : 1);
            var colours = new Color32[values.Length];
            for (int i = 0; i < values.Length; i++)
            {
                var colour = map.Evaluate(values[i]);
                colour.a = float.IsNaN(values[i]) ? 0 : 1;
                colours[i] = colour;
            }
            UnityEngine.Object.DestroyImmediate(map);
            return colours;
        }

        static void Turn(Color32[] colours, int width, int height)
        {
            for (int y = 0; y < height / 2; y++)
            {
                for (int x = 0; x < width; x++)
                {
                    int a = x + y * width, b = x + (height - 1 - y) * width;
                    var swapped = colours[a];
                    colours[a] = colours[b];
                    colours[b] = swapped;
                }
            }
        }
    }
}

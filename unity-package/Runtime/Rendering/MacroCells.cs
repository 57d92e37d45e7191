using System;
using UnityEngine;
using UnityEngine.Experimental.Rendering;

namespace Neuvol
{
    /// The smallest and largest value of cells of a volume, one voxel of their neighbours included, as the shaders skip empty space
    /// by. They come from the index of the file: nothing is decoded for them. Bounds hold for all times between two steps.
    internal sealed class MacroCells : IDisposable
    {
        /// More cells than this are not finer than what the blocks of files tell.
        const int MostCells = 1 << 15;

        /// What the shaders take for a cell without valid voxels.
        const float Nothing = 3e38f;

        NeuvolVariable variable;
        NeuvolTexelFormat texel;
        int level, quality;
        double from = -1, to = -1;
        Vector3Int cells;

        /// The cells, or null before the first update.
        internal Texture3D Texture { get; private set; }

        /// Voxels of a cell's edge.
        internal int Edge { get; private set; }

        /// Brings the cells to a time.
        /// <exception cref="NeuvolException">If the file is damaged or closed.</exception>
        internal void Update(NeuvolVariable variable, NeuvolTexelFormat texel, DecodeRequest shown)
        {
            double first = Math.Floor(shown.Time), last = Math.Ceiling(shown.Time);
            bool isSame = Texture != null && this.variable == variable && this.texel == texel && level == shown.Level &&
                quality == shown.Quality && from == first && to == last;
            if (isSame) return;
            // Until all is there, it is of nothing.
            this.variable = null;
            var size = variable.SizeAt(shown.Level);
            Shape(size);
            var values = Values(size, variable, texel, shown, Ranges(variable, shown));
            Texture.SetPixelData(values, 0);
            Texture.Apply(false, false);
            this.variable = variable;
            this.texel = texel;
            level = shown.Level;
            quality = shown.Quality;
            from = first;
            to = last;
        }

        void Shape(Vector3Int size)
        {
            int edge = 8;
            while ((long)Cells(size.x, edge) * Cells(size.y, edge) * Cells(size.z, edge) > MostCells) edge *= 2;
            var wanted = new Vector3Int(Cells(size.x, edge), Cells(size.y, edge), Cells(size.z, edge));
            Edge = edge;
            if (Texture != null && wanted == cells) return;
            Dispose();
            cells = wanted;
            Texture = new Texture3D(cells.x, cells.y, cells.z, GraphicsFormat.R32G32_SFloat, TextureCreationFlags.None)
            {
                name = "Neuvol cells",
                hideFlags = HideFlags.HideAndDontSave,
                filterMode = FilterMode.Point,
                wrapMode = TextureWrapMode.Clamp,
            };
        }

        static int Cells(int voxels, int edge)
        {
            return (voxels + edge - 1) / edge;
        }

        /// Bounds of all blocks around the time.
        static Vector2[] Ranges(NeuvolVariable variable, DecodeRequest shown)
        {
            var count = variable.BlockCount;
            var ranges = new Vector2[count.x * count.y * count.z];
            for (int block = 0; block < ranges.Length; block++)
            {
                ranges[block] = variable.BlockRange(block, shown.Time, shown.Quality);
            }
            return ranges;
        }

        float[] Values(Vector3Int size, NeuvolVariable variable, NeuvolTexelFormat texel, DecodeRequest shown, Vector2[] ranges)
        {
            var values = new float[2 * cells.x * cells.y * cells.z];
            // Voxels without a value are 0 in integers, which are the smallest value then.
            bool hasZeros = !Texels.IsFloat(texel) && variable.HasMissing;
            var scale = Texels.ScaleOffset(texel, variable);
            int at = 0;
            for (int z = 0; z < cells.z; z++)
            {
                for (int y = 0; y < cells.y; y++)
                {
                    for (int x = 0; x < cells.x; x++)
                    {
                        var range = Around(new Vector3Int(x, y, z), size, variable, shown.Level, ranges);
                        bool isEmpty = range.x > range.y;
                        float low = isEmpty ? Nothing : Outwards((range.x - scale.y) / scale.x, texel, -1);
                        float high = isEmpty ? -Nothing : Outwards((range.y - scale.y) / scale.x, texel, 1);
                        values[at++] = hasZeros ? Mathf.Min(low, 0) : low;
                        values[at++] = hasZeros ? Mathf.Max(high, 0) : high;
                    }
                }
            }
            return values;
        }

        /// Bounds of the blocks that a cell touches with one voxel around it.
        Vector2 Around(Vector3Int cell, Vector3Int size, NeuvolVariable variable, int level, Vector2[] ranges)
        {
            var min = new Vector3Int();
            var max = new Vector3Int();
            for (int axis = 0; axis < 3; axis++)
            {
                int first = Math.Max(0, cell[axis] * Edge - 1);
                int last = Math.Min(size[axis] - 1, (cell[axis] + 1) * Edge);
                int most = variable.BlockCount[axis] - 1;
                min[axis] = Math.Min(most, (first << level) / variable.BlockSize[axis]);
                max[axis] = Math.Min(most, (last << level) / variable.BlockSize[axis]);
            }
            var range = new Vector2(float.PositiveInfinity, float.NegativeInfinity);
            var count = variable.BlockCount;
            for (int z = min.z; z <= max.z; z++)
            {
                for (int y = min.y; y <= max.y; y++)
                {
                    for (int x = min.x; x <= max.x; x++)
                    {
                        var block = ranges[x + count.x * (y + count.y * z)];
                        range = new Vector2(Mathf.Min(range.x, block.x), Mathf.Max(range.y, block.y));
                    }
                }
            }
            return range;
        }

        /// Texels are rounded: bounds go as far away.
        static float Outwards(float value, NeuvolTexelFormat texel, int sign)
        {
            switch (texel)
            {
                case NeuvolTexelFormat.Half: return value + sign * (Mathf.Abs(value) / 1024 + 1e-7f);
                case NeuvolTexelFormat.UNorm8: return Mathf.Clamp01(value + sign / 255f);
                case NeuvolTexelFormat.UNorm16: return Mathf.Clamp01(value + sign / 65535f);
                default: return value + sign * Mathf.Abs(value) * 1e-6f;
            }
        }

        public void Dispose()
        {
            Objects.Destroy(Texture);
            Texture = null;
        }
    }
}

using System;
using UnityEngine;

namespace Neuvol.Editor
{
    /// How often values occur, from the coarsest level of one time.
    internal sealed class NeuvolHistogram
    {
        /// Bins.
        internal const int Count = 128;

        readonly int[] bins = new int[Count];

        /// <exception cref="NeuvolException">If the file is damaged or closed.</exception>
        internal NeuvolHistogram(NeuvolVariable variable, double time, float min, float max)
        {
            Min = min;
            Max = max;
            int level = variable.LevelCount - 1;
            var values = variable.File.Decode(variable, time, Vector3Int.zero, variable.SizeAt(level), level,
                variable.QualityCount - 1);
            foreach (float value in values)
            {
                if (float.IsNaN(value)) continue;
                Valid++;
                if (value < min) Below++;
                else if (value > max) Above++;
                else bins[Bin(value)]++;
            }
            foreach (int count in bins) Most = Math.Max(Most, count);
        }

        int Bin(float value)
        {
            float width = Max - Min;
            return width > 0 ? Math.Min(Count - 1, (int)((value - Min) / width * Count)) : 0;
        }

        internal float Min { get; }

        internal float Max { get; }

        /// Values of voxels that are valid.
        internal int Valid { get; }

        /// Those outside of the range.
        internal int Below { get; }

        internal int Above { get; }

        /// The largest bin.
        internal int Most { get; }

        internal int this[int bin] => bins[bin];

        /// Height of a bin, 0 to 1. Logarithmic: most of a volume is usually one value.
        internal float Height(int bin)
        {
            return Most == 0 ? 0 : (float)(Math.Log(1 + bins[bin]) / Math.Log(1 + Most));
        }
    }
}

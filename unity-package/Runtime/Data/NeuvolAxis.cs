using System;
using System.Globalization;

namespace Neuvol
{
    /// <summary>Where an axis of a volume goes in the world.</summary>
    public enum NeuvolDirection
    {
        /// <summary>To the east, or to the right: Unity's +X.</summary>
        East,

        /// <summary>To the west: Unity's -X.</summary>
        West,

        /// <summary>Up: Unity's +Y.</summary>
        Up,

        /// <summary>Down, as depths do: Unity's -Y.</summary>
        Down,

        /// <summary>To the north, or away: Unity's +Z.</summary>
        North,

        /// <summary>To the south, as the rows of pictures do: Unity's -Z.</summary>
        South,
    }

    /// <summary>What the positions along an axis are.</summary>
    public enum NeuvolAxisKind
    {
        /// <summary>Numbers without a known length, for example pressure levels or voxels.</summary>
        Index,

        /// <summary>A length.</summary>
        Length,

        /// <summary>Degrees of longitude.</summary>
        Longitude,

        /// <summary>Degrees of latitude.</summary>
        Latitude,
    }

    /// <summary>The positions along one axis of a volume.</summary>
    public sealed class NeuvolAxis
    {
        readonly double[] values;

        internal NeuvolAxis(string dimension, NeuvolCoordinate coordinate, int count)
        {
            Name = dimension;
            Count = count;
            Units = coordinate == null ? "" : coordinate.Units;
            values = Monotonic(coordinate, count);
            Kind = KindOf(coordinate, values != null);
            if (Kind == NeuvolAxisKind.Length) MetresPerUnit = Metres(Units);
            IsEven = values == null || Evenness() < 0.01;
        }

        /// <summary>Name of the dimension, or "".</summary>
        public string Name { get; }

        /// <summary>Voxels along it.</summary>
        public int Count { get; }

        /// <summary>Units of the positions, or "".</summary>
        public string Units { get; }

        /// <summary>What the positions are.</summary>
        public NeuvolAxisKind Kind { get; }

        /// <summary>Metres of one unit of a length, else 0.</summary>
        public double MetresPerUnit { get; }

        /// <summary>Whether the steps between positions are the same, to 1 % of a step. A texture has even steps: other axes
        /// are shown stretched, and say so in <see cref="NeuvolGrid.Notes"/>.</summary>
        public bool IsEven { get; }

        /// <summary>The first position: that of the centre of the first voxel; 0 without a coordinate.</summary>
        public double First => values == null ? 0 : values[0];

        /// <summary>The last position: that of the centre of the last voxel.</summary>
        public double Last => values == null ? Count - 1 : values[Count - 1];

        /// <summary>The distance from the first face to the last: one voxel more than from centre to centre; more than 0. In
        /// <see cref="Units"/>.</summary>
        public double Extent => Count > 1 ? Math.Abs(Last - First) * Count / (Count - 1) : 1;

        /// <summary>Whether positions ascend.</summary>
        public bool IsAscending => Count < 2 || Last > First;

        /// <summary>Whether the file has positions for it.</summary>
        public bool HasPositions => values != null;

        /// <summary>The position at a voxel.</summary>
        /// <param name="voxel">Counted from the centre of the first voxel; fractions lie between two, and it is limited to
        /// the first and last.</param>
        public double At(double voxel)
        {
            voxel = Math.Max(0, Math.Min(Count - 1, voxel));
            if (values == null) return voxel;
            int before = Math.Min((int)voxel, Math.Max(0, Count - 2));
            int after = Math.Min(before + 1, Count - 1);
            return values[before] + (voxel - before) * (values[after] - values[before]);
        }

        /// <summary>A position in words, for example "48.25°N" or "1200 m".</summary>
        /// <param name="position">In <see cref="Units"/>.</param>
        public string Label(double position)
        {
            var culture = CultureInfo.InvariantCulture;
            switch (Kind)
            {
                case NeuvolAxisKind.Longitude:
                    return Math.Abs(position).ToString("0.###", culture) + "°" + (position < 0 ? "W" : "E");
                case NeuvolAxisKind.Latitude:
                    return Math.Abs(position).ToString("0.###", culture) + "°" + (position < 0 ? "S" : "N");
                default:
                    var text = position.ToString("0.###", culture);
                    return Units == "" || Units == "1" ? text : text + " " + Units;
            }
        }

        static double[] Monotonic(NeuvolCoordinate coordinate, int count)
        {
            if (coordinate == null || coordinate.Values.Count != count) return null;
            var values = new double[count];
            for (int i = 0; i < count; i++)
            {
                values[i] = coordinate.Values[i];
                if (double.IsNaN(values[i]) || double.IsInfinity(values[i])) return null;
                bool turns = i >= 2 && (values[i] - values[i - 1]) * (values[1] - values[0]) <= 0;
                if (turns || (i == 1 && values[1] == values[0])) return null;
            }
            return values;
        }

        static NeuvolAxisKind KindOf(NeuvolCoordinate coordinate, bool hasPositions)
        {
            if (!hasPositions) return NeuvolAxisKind.Index;
            var units = coordinate.Units.ToLowerInvariant();
            var standard = coordinate.StandardName;
            switch (units)
            {
                case "degrees_east": case "degree_east": case "degrees_e": case "degree_e": return NeuvolAxisKind.Longitude;
                case "degrees_north": case "degree_north": case "degrees_n": case "degree_n": return NeuvolAxisKind.Latitude;
            }
            if (standard == "longitude") return NeuvolAxisKind.Longitude;
            if (standard == "latitude") return NeuvolAxisKind.Latitude;
            return Metres(coordinate.Units) > 0 ? NeuvolAxisKind.Length : NeuvolAxisKind.Index;
        }

        /// Metres of a unit of length, 0 for others.
        static double Metres(string unit)
        {
            switch (unit.Trim())
            {
                case "m": case "metre": case "metres": case "meter": case "meters": case "gpm": return 1;
                case "km": case "kilometre": case "kilometres": case "kilometer": case "kilometers": return 1000;
                case "cm": case "centimeter": case "centimeters": case "centimetre": case "centimetres": return 0.01;
                case "mm": case "millimeter": case "millimeters": case "millimetre": case "millimetres": return 0.001;
                case "um": case "µm": case "μm": case "micron": case "microns": case "micrometer": case "micrometre": return 1e-6;
                case "nm": case "nanometer": case "nanometre": return 1e-9;
                case "ft": case "feet": return 0.3048;
                default: return 0;
            }
        }

        /// The largest difference of a step from the mean one, in mean ones.
        double Evenness()
        {
            if (Count < 3) return 0;
            double mean = (Last - First) / (Count - 1), worst = 0;
            for (int i = 1; i < Count; i++) worst = Math.Max(worst, Math.Abs((values[i] - values[i - 1]) / mean - 1));
            return worst;
        }
    }
}

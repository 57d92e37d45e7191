using System;
using System.Collections.Generic;

namespace Neuvol
{
    /// <summary>A coordinate of a file: for example the longitudes along x, or the hours of the time steps.</summary>
    public sealed unsafe class NeuvolCoordinate
    {
        NeuvolCoordinate(string name, string units, double[] values, int rank)
        {
            Name = name;
            Units = units;
            Values = values;
            Rank = rank;
        }

        /// <summary>Its name; that of a dimension if it holds the positions along it.</summary>
        public string Name { get; }

        /// <summary>Its units as the source states them, for example "degrees_north"; "" if it does not.</summary>
        public string Units { get; }

        /// <summary>The attribute <c>standard_name</c> of the CF conventions, or "".</summary>
        public string StandardName { get; private set; } = "";

        /// <summary>The attribute <c>calendar</c> of a time axis, or "".</summary>
        public string Calendar { get; private set; } = "";

        /// <summary>The attribute <c>axis</c>: "X", "Y", "Z", "T" or "".</summary>
        public string Axis { get; private set; } = "";

        /// <summary>The attribute <c>positive</c> of a vertical axis: "up", "down" or "".</summary>
        public string Positive { get; private set; } = "";

        /// <summary>Number of axes: 0 for a scalar, 1 for positions along a dimension.</summary>
        public int Rank { get; }

        /// <summary>The values, last axis fastest.</summary>
        public IReadOnlyList<double> Values { get; }

        internal static NeuvolCoordinate Read(NeuvolNative.neuvol_volume file, uint index, Dictionary<string, object> metadata)
        {
            var name = NativeCall.Text((b, c, n) => NeuvolNative.neuvol_coordinate_get_name(file, index, b, c, n));
            var units = NativeCall.Text((b, c, n) => NeuvolNative.neuvol_coordinate_get_units(file, index, b, c, n));
            var info = new NeuvolNative.neuvol_coordinate_info
            {
                struct_size = (uint)sizeof(NeuvolNative.neuvol_coordinate_info),
            };
            NativeCall.Check(NeuvolNative.neuvol_coordinate_get_info(file, index, &info));
            UIntPtr needed;
            NativeCall.Check(NeuvolNative.neuvol_coordinate_get_values(file, index, null, UIntPtr.Zero, &needed));
            var values = new double[checked((int)needed)];
            if (values.Length > 0)
            {
                fixed (double* to = values)
                {
                    NativeCall.Check(NeuvolNative.neuvol_coordinate_get_values(file, index, to, needed, &needed));
                }
            }
            var of = Attributes.Member(metadata, "coordinates", (int)index);
            return new NeuvolCoordinate(name, units, values, (int)info.rank)
            {
                StandardName = Attributes.Text(of, "standard_name"),
                Calendar = Attributes.Text(of, "calendar"),
                Axis = Attributes.Text(of, "axis"),
                Positive = Attributes.Text(of, "positive"),
            };
        }

        /// One for tests, and for axes that are made up.
        internal static NeuvolCoordinate Of(string name, string units, double[] values, string calendar = "",
            string standardName = "", string positive = "")
        {
            return new NeuvolCoordinate(name, units, values, 1)
            {
                Calendar = calendar,
                StandardName = standardName,
                Positive = positive,
            };
        }
    }
}

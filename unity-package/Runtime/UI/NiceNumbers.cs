using System;
using System.Collections.Generic;
using System.Globalization;

namespace Neuvol
{
    /// Numbers at which a scale has its marks: 1, 2 or 5 times a power of ten.
    internal static class NiceNumbers
    {
        /// Marks from `min` to `max`, at most `most` and at least two where there is a range.
        internal static List<double> Between(double min, double max, int most)
        {
            var marks = new List<double>();
            if (!(max > min) || double.IsInfinity(max - min)) return marks;
            double step = Step((max - min) / Math.Max(1, most - 1));
            for (double at = Math.Ceiling(min / step - 1e-9); at * step <= max + step * 1e-9; at++) marks.Add(at * step);
            return marks;
        }

        static double Step(double least)
        {
            double power = Math.Pow(10, Math.Floor(Math.Log10(least)));
            foreach (int factor in new[] { 1, 2, 5 }) if (factor * power >= least * (1 - 1e-9)) return factor * power;
            return 10 * power;
        }

        internal static string Text(double value)
        {
            double size = Math.Abs(value);
            var form = size != 0 && (size >= 1e6 || size < 1e-4) ? "0.###e+0" : "0.#####";
            return value.ToString(form, CultureInfo.InvariantCulture);
        }
    }
}

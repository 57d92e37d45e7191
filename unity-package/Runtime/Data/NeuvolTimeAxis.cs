using System;
using System.Collections.Generic;
using System.Globalization;

namespace Neuvol
{
    /// <summary>The time steps of a variable, and their dates in UTC where the file has units such as
    /// "hours since 2020-01-01" and the calendar "standard", "gregorian" or "proleptic_gregorian".</summary>
    /// <remarks>Times are counted in steps: 0 is the first, 1.5 lies halfway between the second and the third.</remarks>
    public sealed class NeuvolTimeAxis
    {
        readonly double[] values;
        readonly long origin;
        readonly double secondsPerUnit;

        internal NeuvolTimeAxis(NeuvolCoordinate coordinate, int steps)
        {
            Count = steps;
            Units = coordinate == null ? "" : coordinate.Units;
            Calendar = coordinate == null ? "" : coordinate.Calendar;
            values = Ascending(coordinate, steps);
            string problem;
            CfCalendar.Read(Units, Calendar, out origin, out secondsPerUnit, out problem);
            if (steps == 1 && coordinate == null) problem = "there is one step only, without a time";
            else if (coordinate == null) problem = "the file has no coordinate for the time steps";
            else if (values == null) problem = "the time coordinate does not ascend with one value per step";
            else if (problem == null && !IsRange()) problem = "the times lie outside of the years 1 to 9999";
            Problem = problem ?? "";
        }

        /// <summary>Number of time steps, at least 1.</summary>
        public int Count { get; }

        /// <summary>The units of the time coordinate, or "".</summary>
        public string Units { get; }

        /// <summary>The calendar that the file names, or "".</summary>
        public string Calendar { get; }

        /// <summary>Whether steps have dates.</summary>
        public bool HasDates => Problem == "";

        /// <summary>Why steps have no dates; "" if they have.</summary>
        public string Problem { get; }

        /// <summary>The values of the time coordinate, or null if it has none that ascend.</summary>
        public IReadOnlyList<double> Values => values;

        /// <summary>The time coordinate at a time.</summary>
        /// <param name="step">Time in steps; limited to those there are.</param>
        /// <returns>In <see cref="Units"/>; the step itself without a coordinate.</returns>
        public double ValueAt(double step)
        {
            step = Math.Max(0, Math.Min(Count - 1, step));
            if (values == null) return step;
            int before = Math.Min((int)step, Math.Max(0, Count - 2));
            int after = Math.Min(before + 1, Count - 1);
            return values[before] + (step - before) * (values[after] - values[before]);
        }

        /// <summary>The date at a time, in UTC.</summary>
        /// <param name="step">Time in steps; limited to those there are.</param>
        /// <exception cref="NeuvolException">If there are no dates; see <see cref="HasDates"/>.</exception>
        public DateTime DateAt(double step)
        {
            if (!HasDates) throw new NeuvolException("There are no dates: " + Problem);
            long ticks = origin + (long)Math.Round(ValueAt(step) * secondsPerUnit * TimeSpan.TicksPerSecond);
            return new DateTime(ticks, DateTimeKind.Utc);
        }

        /// <summary>The time at a date, limited to the steps there are.</summary>
        /// <param name="date">A date; one without a kind is taken as UTC.</param>
        /// <returns>Time in steps.</returns>
        /// <exception cref="NeuvolException">If there are no dates; see <see cref="HasDates"/>.</exception>
        public double StepAt(DateTime date)
        {
            if (!HasDates) throw new NeuvolException("There are no dates: " + Problem);
            if (date.Kind == DateTimeKind.Local) date = date.ToUniversalTime();
            double value = (date.Ticks - origin) / (secondsPerUnit * TimeSpan.TicksPerSecond);
            int at = Array.BinarySearch(values, value);
            if (at >= 0) return at;
            int after = ~at;
            if (after == 0) return 0;
            if (after == Count) return Count - 1;
            return after - 1 + (value - values[after - 1]) / (values[after] - values[after - 1]);
        }

        /// <summary>A time in words: its date in UTC, or its value and units, or the number of its step.</summary>
        /// <param name="step">Time in steps; limited to those there are.</param>
        public string Label(double step)
        {
            var culture = CultureInfo.InvariantCulture;
            if (HasDates)
            {
                var date = DateAt(step);
                // Dates that come from floating-point hours are off by fractions of a second.
                date = new DateTime((date.Ticks + TimeSpan.TicksPerSecond / 2) / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond,
                    DateTimeKind.Utc);
                return date.ToString(date.Second == 0 ? "yyyy-MM-dd HH:mm 'UTC'" : "yyyy-MM-dd HH:mm:ss 'UTC'", culture);
            }
            if (values != null && Units != "") return ValueAt(step).ToString("0.###", culture) + " " + Units;
            return "step " + Math.Max(0, Math.Min(Count - 1, step)).ToString("0.##", culture) + " of " + (Count - 1);
        }

        static double[] Ascending(NeuvolCoordinate coordinate, int steps)
        {
            if (coordinate == null || coordinate.Values.Count != steps) return null;
            var values = new double[steps];
            for (int i = 0; i < steps; i++)
            {
                values[i] = coordinate.Values[i];
                bool good = !double.IsNaN(values[i]) && !double.IsInfinity(values[i]) && (i == 0 || values[i] > values[i - 1]);
                if (!good) return null;
            }
            return values;
        }

        bool IsRange()
        {
            double first = origin + values[0] * secondsPerUnit * TimeSpan.TicksPerSecond;
            double last = origin + values[Count - 1] * secondsPerUnit * TimeSpan.TicksPerSecond;
            return first > DateTime.MinValue.Ticks && last < DateTime.MaxValue.Ticks;
        }
    }
}

using System;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Neuvol
{
    /// Reads time units of the CF conventions: "hours since 2020-01-01 00:00:00 +1:00".
    internal static class CfCalendar
    {
        static readonly Regex Since = new Regex(
            @"^\s*(?<unit>[A-Za-z]+)\s+since\s+(?<year>\d{1,4})-(?<month>\d{1,2})-(?<day>\d{1,2})" +
            @"(?:[T\s]+(?<hour>\d{1,2})(?::(?<minute>\d{1,2})(?::(?<second>\d{1,2}(?:\.\d*)?))?)?)?" +
            @"\s*(?<zone>Z|UTC|GMT|[+-]\d{1,2}(?::?\d{2})?)?\s*$",
            RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

        /// The first day on which the calendar "standard" is Gregorian; before it is Julian.
        static readonly DateTime Gregorian = new DateTime(1582, 10, 15, 0, 0, 0, DateTimeKind.Utc);

        /// Reads units. On success `problem` is null; else it says why there are no dates. The origin is in ticks as those of
        /// DateTime, but may lie before the first of them: some count from the Julian 0001-01-01, two days earlier.
        internal static void Read(string units, string calendar, out long origin, out double secondsPerUnit, out string problem)
        {
            origin = 0;
            secondsPerUnit = 0;
            var match = Since.Match(units);
            if (!match.Success)
            {
                problem = units == ""
                    ? "the time coordinate has no units"
                    : "the units of time, \"" + units + "\", are not \"hours since YYYY-MM-DD\" of the CF conventions";
                return;
            }
            secondsPerUnit = Seconds(match.Groups["unit"].Value.ToLowerInvariant());
            if (secondsPerUnit == 0)
            {
                problem = "the unit of time \"" + match.Groups["unit"].Value + "\" has no fixed length or is not known: only " +
                    "milliseconds, seconds, minutes, hours, days and weeks have";
                return;
            }
            var name = calendar.ToLowerInvariant();
            bool isMixed = name == "" || name == "standard" || name == "gregorian";
            if (!isMixed && name != "proleptic_gregorian")
            {
                problem = "the calendar \"" + calendar + "\" has days that real dates lack or the other way round: steps are " +
                    "shown as numbers (\"" + units + "\")";
                return;
            }
            problem = Origin(match.Groups, isMixed, out origin);
        }

        /// Length of a unit in seconds, 0 for others.
        static double Seconds(string unit)
        {
            switch (unit)
            {
                case "millisecond": case "milliseconds": case "msec": case "msecs": case "ms": return 0.001;
                case "second": case "seconds": case "sec": case "secs": case "s": return 1;
                case "minute": case "minutes": case "min": case "mins": return 60;
                case "hour": case "hours": case "hr": case "hrs": case "h": return 3600;
                case "day": case "days": case "d": return 86400;
                case "week": case "weeks": return 7 * 86400;
                default: return 0;
            }
        }

        static string Origin(GroupCollection parts, bool isMixed, out long origin)
        {
            int year = Int(parts["year"]), month = Int(parts["month"]), day = Int(parts["day"]);
            origin = 0;
            try
            {
                if (year == 0) return "the time counts from the year 0, before the first date that can be shown";
                var date = new DateTime(year, month, day, 0, 0, 0, DateTimeKind.Utc);
                origin = isMixed && date < Gregorian ? FromJulian(year, month, day) : date.Ticks;
                var second = parts["second"].Success
                    ? double.Parse(parts["second"].Value, CultureInfo.InvariantCulture)
                    : 0;
                double seconds = 3600.0 * Int(parts["hour"]) + 60.0 * Int(parts["minute"]) + second - Zone(parts["zone"]);
                origin += (long)Math.Round(seconds * TimeSpan.TicksPerSecond);
                return null;
            }
            catch (ArgumentOutOfRangeException)
            {
                return "the time counts from " + year + "-" + month + "-" + day + ", which is no date that can be shown";
            }
        }

        /// The day of a Julian date, through its day number.
        static long FromJulian(int year, int month, int day)
        {
            int a = (14 - month) / 12, y = year + 4800 - a, m = month + 12 * a - 3;
            int number = day + (153 * m + 2) / 5 + 365 * y + y / 4 - 32083;
            const int firstDay = 1721426; // 0001-01-01, Gregorian
            return (number - firstDay) * TimeSpan.TicksPerDay;
        }

        static int Int(Group digits)
        {
            return digits.Success ? int.Parse(digits.Value, CultureInfo.InvariantCulture) : 0;
        }

        /// Seconds by which a zone is ahead of UTC.
        static double Zone(Group zone)
        {
            if (!zone.Success || char.IsLetter(zone.Value[0])) return 0;
            var digits = zone.Value.Substring(1).Replace(":", "");
            int hours = int.Parse(digits.Length > 2 ? digits.Substring(0, digits.Length - 2) : digits);
            int minutes = digits.Length > 2 ? int.Parse(digits.Substring(digits.Length - 2)) : 0;
            return (zone.Value[0] == '-' ? -60 : 60) * (60 * hours + minutes);
        }
    }
}

//! Times of the CF conventions: `hours since 2019-10-12 00:00:00` in some calendar.

/// Seconds of a day.
pub(crate) const DAY: f64 = 86_400.0;

/// Seconds of a unit of time; months and years have no fixed length.
pub(crate) fn seconds(unit: &str) -> Option<f64> {
    Some(match unit.to_ascii_lowercase().as_str() {
        "days" | "day" | "d" => DAY,
        "hours" | "hour" | "hrs" | "hr" | "h" => 3600.0,
        "minutes" | "minute" | "mins" | "min" => 60.0,
        "seconds" | "second" | "secs" | "sec" | "s" => 1.0,
        _ => return None,
    })
}

/// How long months and years are.
#[derive(Clone, Copy, PartialEq)]
enum Calendar {
    Gregorian,
    NoLeap,
    Days360,
}

const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

impl Calendar {
    fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "" | "standard" | "gregorian" | "proleptic_gregorian" => Self::Gregorian,
            "noleap" | "365_day" => Self::NoLeap,
            "360_day" => Self::Days360,
            _ => return None,
        })
    }

    fn month_days(self, year: i64, month: usize) -> i64 {
        let leap = self == Self::Gregorian && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
        match self {
            Self::Days360 => 30,
            _ => MONTHS[month] + i64::from(leap && month == 1),
        }
    }

    /// Days from the start of year 0 to the start of a year.
    fn year_start(self, year: i64) -> i64 {
        match self {
            Self::Days360 => 360 * year,
            Self::NoLeap => 365 * year,
            Self::Gregorian => {
                let before = year - 1;
                365 * year + before.div_euclid(4) - before.div_euclid(100) + before.div_euclid(400) + 1
            }
        }
    }

    fn days(self, [year, month, day]: [i64; 3]) -> Option<i64> {
        let month = usize::try_from(month).ok().filter(|m| (1..=12).contains(m))? - 1;
        if year.abs() > 100_000 || !(1..=self.month_days(year, month)).contains(&day) {
            return None;
        }
        let before: i64 = (0..month).map(|m| self.month_days(year, m)).sum();
        Some(self.year_start(year) + before + day - 1)
    }

    fn date(self, days: i64) -> [i64; 3] {
        // Never too late, and at most some years too early.
        let mut year = days.div_euclid(366).min(days.div_euclid(360));
        while self.year_start(year + 1) <= days {
            year += 1;
        }
        let mut day = days - self.year_start(year);
        let mut month = 0;
        while month < 11 && day >= self.month_days(year, month) {
            day -= self.month_days(year, month);
            month += 1;
        }
        [year, month as i64 + 1, day + 1]
    }
}

/// What the numbers of a time coordinate count: units of time from a moment on.
#[derive(Clone, Copy, PartialEq)]
pub(crate) struct Reference {
    /// Seconds per unit.
    unit: f64,
    calendar: Calendar,
    /// Seconds from the start of year 0 of the calendar.
    start: f64,
}

impl Reference {
    /// Reads the attributes `units` and `calendar` (empty = standard); `None` if they are not understood.
    pub(crate) fn parse(units: &str, calendar: &str) -> Option<Self> {
        let (unit, reference) = units.split_once(" since ")?;
        let unit = seconds(unit.trim())?;
        let named = Calendar::named(calendar)?;
        let reference =
            ["UTC", "GMT", "Z"].iter().fold(reference.trim(), |text, zone| text.trim_end_matches(zone).trim());
        let reference = reference.replace(['T', 't'], " ");
        let mut fields = reference.split_whitespace();
        let ymd: Vec<i64> = fields.next()?.splitn(3, '-').map(str::parse).collect::<Result<_, _>>().ok()?;
        let first: [i64; 3] = ymd.try_into().ok()?;
        // The standard calendar is the Julian one before 1582, which would need a switch; nobody measured then.
        let proleptic = calendar.eq_ignore_ascii_case("proleptic_gregorian");
        if named == Calendar::Gregorian && !proleptic && first[0] < 1583 {
            return None;
        }
        let mut clock = 0.0;
        for (field, size) in fields.next().unwrap_or("0").split(':').zip([3600.0, 60.0, 1.0]) {
            clock += field.parse::<f64>().ok().filter(|n| (0.0..=60.0).contains(n))? * size;
        }
        // What follows is a time zone; zero is the only one that changes nothing.
        if fields.any(|zone| zone.chars().any(|c| !"+-:0".contains(c))) {
            return None;
        }
        Some(Self { unit, calendar: named, start: named.days(first)? as f64 * DAY + clock })
    }

    /// A time as `2019-10-12 06:00`; `None` if it is too far away.
    pub(crate) fn date(self, value: f64) -> Option<String> {
        let total = value * self.unit + self.start;
        if !total.is_finite() || total.abs() > 4e6 * DAY {
            return None;
        }
        let (total, day) = (total.round() as i64, DAY as i64);
        let [year, month, day_of_month] = self.calendar.date(total.div_euclid(day));
        let rest = total.rem_euclid(day);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        let text = format!("{year:04}-{month:02}-{day_of_month:02} {hour:02}:{minute:02}");
        Some(if second == 0 { text } else { format!("{text}:{second:02}") })
    }

    /// A time of this reference, counted as `other` does; `None` if their calendars differ.
    pub(crate) fn convert(self, value: f64, other: Self) -> Option<f64> {
        // Equal references must not round.
        if self == other {
            return Some(value);
        }
        (self.calendar == other.calendar).then(|| (value * self.unit + (self.start - other.start)) / other.unit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(units: &str, calendar: &str, value: f64) -> Option<String> {
        Reference::parse(units, calendar)?.date(value)
    }

    #[test]
    fn units_of_cf_become_dates() {
        let of = |units, calendar, value| date(units, calendar, value).unwrap_or_default();
        assert_eq!(of("hours since 2019-10-12 00:00:00", "", 13.5), "2019-10-12 13:30");
        assert_eq!(of("days since 1970-1-1", "standard", 18_262.0), "2020-01-01 00:00");
        assert_eq!(of("seconds since 1999-12-31T23:59:59Z", "gregorian", 2.0), "2000-01-01 00:00:01");
        assert_eq!(of("days since 2020-02-28 00:00 +00:00", "proleptic_gregorian", 1.0), "2020-02-29 00:00");
        assert_eq!(of("days since 2020-02-28", "noleap", 1.0), "2020-03-01 00:00");
        assert_eq!(of("days since 2020-02-30", "360_day", 1.0), "2020-03-01 00:00");
        assert_eq!(of("minutes since 1900-03-01 UTC", "", -1.0), "1900-02-28 23:59");
        assert_eq!(of("days since 1-1-1", "proleptic_gregorian", -1.0), "0000-12-31 00:00");
        for units in ["months since 2000-01-01", "hours", "", "K", "days since 2019-13-01", "days since 0001-01-01"] {
            assert_eq!(date(units, "", 1.0), None, "{units}");
        }
        assert_eq!(date("days since 2000-01-01 00:00 +02:00", "", 1.0), None);
        assert_eq!(date("days since 2000-01-01", "", f64::NAN), None);
        assert_eq!(date("days since 2000-01-01", "lunar", 1.0), None);
    }

    #[test]
    fn every_day_goes_there_and_back() {
        for calendar in [Calendar::Gregorian, Calendar::NoLeap, Calendar::Days360] {
            for day in (-1000..740_000).step_by(17) {
                assert_eq!(calendar.days(calendar.date(day)), Some(day));
            }
        }
    }

    #[test]
    fn references_convert_into_each_other() {
        let parse = |units| Reference::parse(units, "").unwrap();
        let (a, b) = (parse("hours since 2019-10-12"), parse("days since 2019-10-11 12:00"));
        assert_eq!(a.convert(12.0, b), Some(1.0));
        assert_eq!(b.convert(1.0, a), Some(12.0));
        assert_eq!(a.convert(0.1, a), Some(0.1));
        assert_eq!(a.convert(0.0, Reference::parse("hours since 2019-10-12", "noleap").unwrap()), None);
    }
}

//! Dates by counting: a calendar that is walked day by day, which no formula can get wrong.

/// Days of each month of a year.
type Months = fn(i64) -> [u32; 12];

const USUAL: [u32; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

fn with_february(days: u32) -> [u32; 12] {
    let mut months = USUAL;
    months[1] = days;
    months
}

fn gregorian(year: i64) -> [u32; 12] {
    let leaps = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
    with_february(if leaps { 29 } else { 28 })
}

const CALENDARS: [(&str, Months); 7] = [
    ("", gregorian),
    ("Standard", gregorian),
    ("proleptic_gregorian", gregorian),
    ("noleap", |_| USUAL),
    ("365_day", |_| USUAL),
    ("all_leap", |_| with_february(29)),
    ("360_day", |_| [30; 12]),
];

/// Lines for `time.cpp`: "units|calendar|value|date".
pub(crate) fn cases() -> Vec<String> {
    let mut lines: Vec<String> = FIXED.iter().map(|&line| line.to_owned()).collect();
    for (calendar, months) in CALENDARS {
        walk(calendar, months, &mut lines);
    }
    lines
}

/// Every 29th day of eight centuries, counted from one of them in between.
fn walk(calendar: &str, months: Months, lines: &mut Vec<String>) {
    const ORIGIN: (i64, usize, u32) = (1979, 2, 14);
    let mut days = Vec::new();
    for year in 1600..2400 {
        for (month, &length) in months(year).iter().enumerate() {
            days.extend((1..=length).map(|day| (year, month + 1, day)));
        }
    }
    let origin = days.iter().position(|&day| day == ORIGIN).expect("the origin is a day") as i64;
    for (n, (year, month, day)) in days.iter().enumerate().step_by(29) {
        let (hours, hour) = ((n as i64 - origin) * 24 + n as i64 % 24, n % 24);
        let date = format!("{year:04}-{month:02}-{day:02} {hour:02}:00:00");
        lines.push(format!("hours since 1979-02-14|{calendar}|{hours}|{date}"));
    }
}

/// Spellings of units; dates that are known from elsewhere.
const FIXED: [&str; 14] = [
    "seconds since 1970-01-01T00:00:00Z|gregorian|1700000000|2023-11-14 22:13:20",
    "s since 1970-01-01 00:00:00 UTC|standard|2147483647|2038-01-19 03:14:07",
    "days since 1900-01-01||45000|2023-03-17 00:00:00",
    "days since 0001-01-01|proleptic_gregorian|719162|1970-01-01 00:00:00",
    "Hours Since 2024-7-3 0:0:0.0|standard|14.5|2024-07-03 14:30:00",
    "hours since 2024-02-28 23:00 +02:00|standard|3|2024-02-29 00:00:00",
    "hours since 2024-02-28 23:00:00 -0130|standard|0|2024-02-29 00:30:00",
    "hours since 2024-02-28T23:00:00+2|standard|0|2024-02-28 21:00:00",
    "minutes since 2000-01-01 12:30:15.5|standard|1.25|2000-01-01 12:31:30",
    "weeks since 2000-01-01|standard|52|2000-12-30 00:00:00",
    "msec since 2000-01-01|standard|86399999|2000-01-01 23:59:59",
    "days since 2000-01-01|standard|0.9999999999|2000-01-02 00:00:00",
    "days since -4713-11-24|proleptic_gregorian|2451545|2000-01-01 00:00:00",
    "days since 2000-01-01|noleap|-1|1999-12-31 00:00:00",
];

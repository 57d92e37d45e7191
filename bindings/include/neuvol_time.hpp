// Times of a `.neuvol` file as dates, by the CF conventions ("hours since 2024-07-03 00:00:00 +02:00"). C++17, header only; needs
// neither neuvol.h nor the library.
//
//   auto axis = neuvol::TimeAxis::parse(coordinate.units, calendar);
//   if (axis) neuvol::Date date = axis->date(coordinate.values[step]);
#ifndef NEUVOL_TIME_HPP
#define NEUVOL_TIME_HPP

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>

namespace neuvol {

/// A date of some calendar, in UTC.
struct Date {
  std::int64_t year = 0;
  /// 1 to 12.
  int month = 1;
  /// From 1.
  int day = 1;
  int hour = 0;
  int minute = 0;
  /// 0 to 59.999.
  double second = 0;

  /// "2024-07-03 14:00:00".
  std::string text() const {
    char buffer[64];
    std::snprintf(buffer, sizeof buffer, "%04lld-%02d-%02d %02d:%02d:%02d", static_cast<long long>(year), month, day, hour,
                  minute, static_cast<int>(second));
    return buffer;
  }
};

/// Calendars of the CF conventions whose days can be counted without tables.
enum class Calendar {
  /// "standard", "gregorian" and "proleptic_gregorian". Dates before 1582-10-15, where these differ, are only those of the last.
  gregorian,
  /// "noleap" and "365_day".
  no_leap,
  /// "all_leap" and "366_day".
  all_leap,
  /// "360_day": twelve months of 30 days.
  days_360,
};

/// What the units of a time coordinate mean.
class TimeAxis {
 public:
  /// Nothing if the text is no "<unit> since <date>" with a fixed unit (seconds to weeks; months and years have no fixed length),
  /// or the calendar is none of `Calendar`. An empty calendar is the standard one.
  static std::optional<TimeAxis> parse(std::string_view units, std::string_view calendar = {}) {
    TimeAxis axis;
    if (!axis.read_calendar(calendar)) return std::nullopt;
    Reader reader{units};
    const std::string unit = reader.word();
    axis.seconds_per_unit_ = seconds_of(unit);
    if (axis.seconds_per_unit_ == 0 || reader.word() != "since") return std::nullopt;
    const std::optional<double> origin = axis.read_date(reader);
    if (!origin) return std::nullopt;
    axis.origin_ = *origin;
    return axis;
  }

  Calendar calendar() const { return calendar_; }

  /// The date of a value of the coordinate, to a millisecond.
  Date date(double value) const {
    const double total = std::round((origin_ + value * seconds_per_unit_) * 1000) / 1000;
    const double days = std::floor(total / 86400);
    Date made = civil(static_cast<std::int64_t>(days));
    double rest = total - days * 86400;
    made.hour = static_cast<int>(rest / 3600);
    rest -= made.hour * 3600.0;
    made.minute = static_cast<int>(rest / 60);
    made.second = rest - made.minute * 60.0;
    return made;
  }

  /// The value of the coordinate at a date.
  double value(const Date &date) const { return (seconds(date) - origin_) / seconds_per_unit_; }

 private:
  /// What is left of a text.
  struct Reader {
    std::string_view rest;

    void skip() {
      while (!rest.empty() && (rest.front() == ' ' || rest.front() == '\t')) rest.remove_prefix(1);
    }
    /// Letters, in lower case.
    std::string word() {
      skip();
      std::string made;
      while (!rest.empty() && is_letter(rest.front())) {
        made += static_cast<char>(rest.front() | 0x20);
        rest.remove_prefix(1);
      }
      return made;
    }
    bool eat(char wanted) {
      if (rest.empty() || rest.front() != wanted) return false;
      rest.remove_prefix(1);
      return true;
    }
    /// At least one digit, at most nine.
    std::optional<int> number() {
      int made = 0;
      std::size_t digits = 0;
      while (digits < rest.size() && digits < 9 && is_digit(rest[digits])) made = made * 10 + (rest[digits++] - '0');
      if (digits == 0) return std::nullopt;
      rest.remove_prefix(digits);
      return made;
    }
    double fraction() {
      double made = 0;
      for (double place = 0.1; !rest.empty() && is_digit(rest.front()); place /= 10) {
        made += place * (rest.front() - '0');
        rest.remove_prefix(1);
      }
      return made;
    }
    static bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  };

  static double seconds_of(std::string_view unit) {
    // UDUNITS, which CF names, knows these spellings.
    for (std::string_view name : {"seconds", "second", "secs", "sec", "s"}) if (unit == name) return 1;
    for (std::string_view name : {"minutes", "minute", "mins", "min"}) if (unit == name) return 60;
    for (std::string_view name : {"hours", "hour", "hrs", "hr", "h"}) if (unit == name) return 3600;
    for (std::string_view name : {"days", "day", "d"}) if (unit == name) return 86400;
    for (std::string_view name : {"weeks", "week"}) if (unit == name) return 7 * 86400;
    for (std::string_view name : {"milliseconds", "millisecond", "msec", "ms"}) if (unit == name) return 1e-3;
    return 0;
  }

  bool read_calendar(std::string_view name) {
    std::string lower;
    for (char c : name) lower += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
    if (lower.empty() || lower == "standard" || lower == "gregorian" || lower == "proleptic_gregorian") {
      calendar_ = Calendar::gregorian;
    } else if (lower == "noleap" || lower == "365_day") {
      calendar_ = Calendar::no_leap;
    } else if (lower == "all_leap" || lower == "366_day") {
      calendar_ = Calendar::all_leap;
    } else if (lower == "360_day") {
      calendar_ = Calendar::days_360;
    } else {
      return false;
    }
    return true;
  }

  /// "1900-1-1", "2024-07-03T12:30:00.5Z", "2024-07-03 12:30 +02:00": seconds since the calendar's day 0, in UTC.
  std::optional<double> read_date(Reader &reader) const {
    Date date;
    reader.skip();
    const bool is_negative = reader.eat('-');
    const auto year = reader.number();
    if (!year || !reader.eat('-')) return std::nullopt;
    const auto month = reader.number();
    if (!month || !reader.eat('-')) return std::nullopt;
    const auto day = reader.number();
    if (!day) return std::nullopt;
    date.year = is_negative ? -*year : *year;
    if (*month < 1 || *month > 12 || *day < 1 || *day > days_of(date.year, *month)) return std::nullopt;
    date.month = *month;
    date.day = *day;
    if (!reader.eat('T')) reader.skip();
    if (!reader.rest.empty() && Reader::is_digit(reader.rest.front()) && !read_clock(reader, date)) return std::nullopt;
    const std::optional<double> zone = read_zone(reader);
    if (!zone) return std::nullopt;
    return seconds(date) - *zone;
  }

  static bool read_clock(Reader &reader, Date &date) {
    const auto hour = reader.number();
    date.hour = hour.value_or(24);
    if (reader.eat(':')) {
      const auto minute = reader.number();
      date.minute = minute.value_or(60);
      if (reader.eat(':')) {
        const auto second = reader.number();
        date.second = second.value_or(60);
        if (reader.eat('.')) date.second += reader.fraction();
      }
    }
    return date.hour < 24 && date.minute < 60 && date.second < 60;
  }

  /// Seconds that the zone is ahead of UTC.
  static std::optional<double> read_zone(Reader &reader) {
    reader.skip();
    const int sign = reader.eat('+') ? 1 : reader.eat('-') ? -1 : 0;
    if (sign != 0) {
      const auto first = reader.number();
      if (!first) return std::nullopt;
      // "+2", "+02:00" and "+0200".
      int minutes = *first > 24 ? *first / 100 * 60 + *first % 100 : *first * 60;
      if (reader.eat(':')) minutes += reader.number().value_or(0);
      reader.skip();
      if (!reader.rest.empty()) return std::nullopt;
      return sign * minutes * 60.0;
    }
    const std::string name = reader.word();
    reader.skip();
    if (!reader.rest.empty() || !(name.empty() || name == "z" || name == "utc" || name == "gmt")) return std::nullopt;
    return 0.0;
  }

  double seconds(const Date &date) const {
    return static_cast<double>(days(date.year, date.month, date.day)) * 86400 + date.hour * 3600.0 + date.minute * 60.0 +
           date.second;
  }

  static bool is_leap(std::int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

  int days_of(std::int64_t year, int month) const {
    if (calendar_ == Calendar::days_360) return 30;
    const int usual[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leaps = calendar_ == Calendar::all_leap || (calendar_ == Calendar::gregorian && is_leap(year));
    return usual[month - 1] + (month == 2 && leaps ? 1 : 0);
  }

  /// Days before a year since the year 0.
  std::int64_t days_before(std::int64_t year) const {
    if (calendar_ == Calendar::days_360) return year * 360;
    if (calendar_ == Calendar::all_leap) return year * 366;
    if (calendar_ == Calendar::no_leap) return year * 365;
    const std::int64_t last = year - 1;
    const auto floor_div = [](std::int64_t a, std::int64_t b) { return a / b - (a % b < 0 ? 1 : 0); };
    // The year 0 is a leap year: it has the number 0 of each of the three.
    return year * 365 + floor_div(last, 4) - floor_div(last, 100) + floor_div(last, 400) + 1;
  }

  std::int64_t days(std::int64_t year, int month, int day) const {
    std::int64_t sum = days_before(year) + day - 1;
    for (int earlier = 1; earlier < month; ++earlier) sum += days_of(year, earlier);
    return sum;
  }

  Date civil(std::int64_t days) const {
    const double mean = static_cast<double>(days_before(400)) / 400;
    Date made;
    made.year = static_cast<std::int64_t>(std::floor(static_cast<double>(days) / mean));
    while (days_before(made.year) > days) --made.year;
    while (days_before(made.year + 1) <= days) ++made.year;
    std::int64_t rest = days - days_before(made.year);
    while (rest >= days_of(made.year, made.month)) rest -= days_of(made.year, made.month++);
    made.day = static_cast<int>(rest) + 1;
    return made;
  }

  Calendar calendar_ = Calendar::gregorian;
  double seconds_per_unit_ = 1;
  double origin_ = 0;
};

}  // namespace neuvol

#endif  // NEUVOL_TIME_HPP

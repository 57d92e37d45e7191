// neuvol_time.hpp: dates of a list that another program has computed, and texts that are no units of time.
//
//   time < CASES    "units|calendar|value|date" per line, the date as "YYYY-MM-DD HH:MM:SS"
#include "check.hpp"
#include "neuvol_time.hpp"

#include <iostream>

using neuvol::Date;
using neuvol::TimeAxis;

namespace {

std::string field(std::string &line) {
  const std::size_t end = line.find('|');
  std::string made = line.substr(0, end);
  line = end == std::string::npos ? "" : line.substr(end + 1);
  return made;
}

void one(std::string line) {
  const std::string units = field(line), calendar = field(line), value = field(line), expected = field(line);
  const auto axis = TimeAxis::parse(units, calendar);
  if (!axis) std::fprintf(stderr, "%s (%s)\n", units.c_str(), calendar.c_str());
  CHECK(axis);
  const double number = std::strtod(value.c_str(), nullptr);
  const Date date = axis->date(number);
  if (date.text() != expected) {
    std::fprintf(stderr, "%s (%s) %s: %s, not %s\n", units.c_str(), calendar.c_str(), value.c_str(), date.text().c_str(),
                 expected.c_str());
  }
  CHECK(date.text() == expected);
  CHECK(std::abs(axis->value(date) - number) < 1e-6 * (1 + std::abs(number)));
}

void refuse() {
  for (const char *units : {"", "hours", "hours since", "hours after 2000-01-01", "parsecs since 2000-01-01", "months since 2000-01-01",
                            "years since 2000-1-1", "days since 2000-13-01", "days since 2000-02-30", "days since 2000-01-01 25:00",
                            "days since 2000-01-01 12:61", "days since 2000-01-01 somewhere", "days since 2000",
                            "days since 2000-01-01 +", "days since 99999999999-01-01"}) {
    if (TimeAxis::parse(units)) std::fprintf(stderr, "taken: %s\n", units);
    CHECK(!TimeAxis::parse(units));
  }
  CHECK(!TimeAxis::parse("days since 2000-01-01", "julian") && !TimeAxis::parse("days since 2001-02-29", "noleap"));
  CHECK(TimeAxis::parse("days since 2001-02-29", "all_leap") && TimeAxis::parse("days since 2001-02-30", "360_day"));
}

}  // namespace

int main() {
  refuse();
  int count = 0;
  for (std::string line; std::getline(std::cin, line); ++count) one(line);
  std::printf("%d dates\n", count);
  return 0;
}

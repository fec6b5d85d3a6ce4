// SPDX-License-Identifier: Apache-2.0
// Dates, where a word nearby says that somebody was born then.
#include "guard/detectors.h"

namespace hearth {
namespace {

constexpr std::size_t kBefore = 10;  // tokens
constexpr std::size_t kBehind = 6;

int number(const Scan& scan, std::size_t index) {
  if (scan.length(index) > 4) return -1;
  int value = 0;
  for (const char c : scan.view(index)) value = value * 10 + (c - '0');
  return value;
}

bool is_day(const Scan& scan, std::size_t index) {
  return scan.is_digits(index) && scan.length(index) <= 2 && number(scan, index) >= 1 &&
         number(scan, index) <= 31;
}
bool is_year(const Scan& scan, std::size_t index) {
  return scan.is_digits(index) && scan.length(index) == 4 && number(scan, index) >= 1850 &&
         number(scan, index) <= 2100;
}
bool is_month_name(const Scan& scan, std::size_t index) { return scan.has(index, kWordMonth); }

// 12/03/1980, 1980-03-12, 12. 3. 80: the end, or 0.
std::size_t read_numeric(const Scan& scan, std::size_t index) {
  const std::size_t second = index + 2;
  const std::size_t third = index + 4;
  if (!scan.is_digits(index) || !scan.is_digits(second) || !scan.is_digits(third)) return 0;
  for (const char mark : {'/', '-', '.'}) {
    if (!scan.is_mark(index + 1, mark) || !scan.is_mark(second + 1, mark)) continue;
    const bool year_first = is_year(scan, index) && is_day(scan, second) && is_day(scan, third);
    const bool year_last = is_day(scan, index) && is_day(scan, second) &&
                           (is_year(scan, third) || scan.length(third) == 2);
    if (year_first || year_last) return third + 1;
  }
  return 0;
}

// Words that stand between the parts of a date: de, of, a dot, a comma, "th".
std::size_t skip_between(const Scan& scan, std::size_t index) {
  for (int i = 0; i < 2; ++i) {
    const bool mark =
        scan.is_mark(index, '.') || scan.is_mark(index, ',') || scan.is_mark(index, '-');
    bool word = false;
    if (scan.is_word(index) && scan.length(index) <= 3) {
      const std::string text = bare_capitals(scan.view(index));
      word = text == "DE" || text == "OF" || text == "DEL" || text == "TH" || text == "ST" ||
             text == "ND" || text == "RD" || text == "ER" || text == "DEN" || text == "THE";
    }
    if (!mark && !word) break;
    ++index;
  }
  return index;
}

// 12 March 1980, March 12th, 1980: the end, or 0.
std::size_t read_written(const Scan& scan, std::size_t index) {
  if (is_day(scan, index)) {
    const std::size_t month = skip_between(scan, index + 1);
    if (!is_month_name(scan, month)) return 0;
    const std::size_t year = skip_between(scan, month + 1);
    return is_year(scan, year) ? year + 1 : 0;
  }
  if (!is_month_name(scan, index)) return 0;
  const std::size_t day = skip_between(scan, index + 1);
  if (!is_day(scan, day)) return 0;
  const std::size_t year = skip_between(scan, day + 1);
  return is_year(scan, year) ? year + 1 : 0;
}

}  // namespace

void detect_birth_dates(Scan& scan) {
  for (std::size_t i = 0; i < scan.count(); ++i) {
    if (!scan.is_digits(i) && !is_month_name(scan, i)) continue;
    std::size_t end = read_numeric(scan, i);
    if (end == 0) end = read_written(scan, i);
    if (end == 0) continue;
    if (scan.near(i, end, kNearBirth, kBefore, kBehind) != 0 || scan.is_mark(i - (i > 0), '*')) {
      scan.add_tokens(EntityKind::kBirthDate, Certainty::kNear, i, end);
    }
    i = end - 1;
  }
}

}  // namespace hearth

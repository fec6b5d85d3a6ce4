// SPDX-License-Identifier: Apache-2.0
#include "template/format.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include "base/strings.h"
#include "template/operators.h"

namespace hearth::jinja {
namespace {

constexpr int kWidthMax = 10'000;
constexpr int kPrecisionMax = 100;

// "%-08.3f": flags, width, precision, conversion.
struct Conversion {
  bool left = false;
  bool zero = false;
  bool sign = false;
  bool space = false;
  int width = 0;
  int precision = -1;
  char letter = 0;
};

int read_digits(std::string_view format, std::size_t& at, int limit) {
  int number = 0;
  for (; at < format.size() && format[at] >= '0' && format[at] <= '9'; ++at) {
    number = std::min(limit, number * 10 + (format[at] - '0'));
  }
  return number;
}

Result<Conversion> read_conversion(std::string_view format, std::size_t& at) {
  Conversion conversion;
  for (; at < format.size(); ++at) {
    const char flag = format[at];
    if (flag == '-') {
      conversion.left = true;
    } else if (flag == '0') {
      conversion.zero = true;
    } else if (flag == '+') {
      conversion.sign = true;
    } else if (flag == ' ') {
      conversion.space = true;
    } else {
      break;
    }
  }
  conversion.width = read_digits(format, at, kWidthMax);
  if (at < format.size() && format[at] == '.') {
    conversion.precision = read_digits(format, ++at, kPrecisionMax);
  }
  if (at >= format.size()) return type_error("incomplete format");
  conversion.letter = format[at++];
  return conversion;
}

std::string float_digits(double number, const Conversion& conversion) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[512];  // 309 digits, a point and at most kPrecisionMax more
  const auto style = conversion.letter == 'f'   ? std::chars_format::fixed
                     : conversion.letter == 'e' ? std::chars_format::scientific
                                                : std::chars_format::general;
  const int precision = conversion.precision < 0 ? 6 : conversion.precision;
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, number, style, precision).ptr;
  return {buffer, end};
}

Result<std::string> number_digits(const Value& value, const Conversion& conversion) {
  const auto number = as_number(value);
  if (!number.has_value()) {
    return type_error(
        concat("%", conversion.letter, " format: a number is required, not ", type_name(value)));
  }
  if (conversion.letter == 'f' || conversion.letter == 'e' || conversion.letter == 'g') {
    return float_digits(*number, conversion);
  }
  std::optional<int64_t> integer = as_integer(value);
  if (!integer.has_value()) {
    if (conversion.letter == 'x' || !(std::abs(*number) < 9.2e18)) {
      return type_error(concat("%", conversion.letter, " format: an integer is required"));
    }
    integer = static_cast<int64_t>(*number);
  }
  if (conversion.letter != 'x') return concat(*integer);
  char buffer[72];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, *integer, 16).ptr;
  return std::string(buffer, end);
}

// A number with its sign, padded to the width.
void append_number(TextBuilder& out, std::string digits, const Conversion& conversion) {
  std::string sign;
  if (digits.starts_with('-')) {
    sign = "-";
    digits.erase(0, 1);
  } else if (conversion.sign || conversion.space) {
    sign = conversion.sign ? "+" : " ";
  }
  const std::size_t used = sign.size() + digits.size();
  const auto width = static_cast<std::size_t>(conversion.width);
  const std::size_t padding = width > used ? width - used : 0;
  const bool zeros = conversion.zero && !conversion.left;
  if (!conversion.left && !zeros) out.append(padding, ' ', Origin::kTemplate);
  out.append(sign, Origin::kTemplate);
  if (zeros) out.append(padding, '0', Origin::kTemplate);
  out.append(digits, Origin::kTemplate);
  if (conversion.left) out.append(padding, ' ', Origin::kTemplate);
}

Result<void> append_padded(TextBuilder& out, const Text& text, const Conversion& conversion,
                           Budget& budget) {
  HEARTH_TRY(budget.spend_bytes(text.view().size()));
  const std::vector<std::size_t> offsets = code_point_offsets(text.view());
  std::size_t count = offsets.size() - 1;
  if (conversion.precision >= 0) {
    count = std::min(count, static_cast<std::size_t>(conversion.precision));
  }
  const auto width = static_cast<std::size_t>(conversion.width);
  const std::size_t padding = width > count ? width - count : 0;
  if (!conversion.left) out.append(padding, ' ', Origin::kTemplate);
  out.append(text.slice(0, offsets[count]));
  if (conversion.left) out.append(padding, ' ', Origin::kTemplate);
  return {};
}

Result<void> append_converted(TextBuilder& out, const Conversion& conversion, const Value& value,
                              Budget& budget) {
  switch (conversion.letter) {
    case 's': {
      HEARTH_ASSIGN(const Text text, to_text(value, budget));
      return append_padded(out, text, conversion, budget);
    }
    case 'r': {
      TextBuilder repr;
      HEARTH_TRY(append_repr(repr, value, budget));
      HEARTH_ASSIGN(const Text text, repr.finish(budget));
      return append_padded(out, text, conversion, budget);
    }
    case 'd':
    case 'i':
    case 'x':
    case 'f':
    case 'e':
    case 'g': {
      HEARTH_ASSIGN(std::string digits, number_digits(value, conversion));
      append_number(out, std::move(digits), conversion);
      return {};
    }
    default:
      return Error(
          ErrorCode::kUnsupported,
          concat("the format '%", printable(std::string_view(&conversion.letter, 1)), "'"));
  }
}

// The values of the right side of %: a tuple's items, or the one value.
std::vector<Value> format_values(const Value& operand) {
  const List* list = operand.get<List>();
  if (list == nullptr || list->kind() != ListKind::kTuple) return {operand};
  std::vector<Value> values;
  for (std::size_t i = 0; i < list->size(); ++i) values.push_back(list->at(i));
  return values;
}

// What Python takes for a mapping, of which a format need not use all: anything with elements that
// is no tuple or str.
bool is_mapping_like(const Value& operand) {
  if (const List* list = operand.get<List>()) return list->kind() == ListKind::kList;
  return operand.is<Dict>() || operand.is<Range>() || operand.is<Undefined>();
}

// "(name)" behind a percent sign.
Result<std::optional<std::string_view>> read_key(std::string_view format, std::size_t& at) {
  if (at >= format.size() || format[at] != '(') return std::optional<std::string_view>();
  const std::size_t end = format.find(')', at);
  if (end == std::string_view::npos) return type_error("incomplete format key");
  const std::string_view key = format.substr(at + 1, end - at - 1);
  at = end + 1;
  return std::optional(key);
}

}  // namespace

Result<Value> percent_format(const Text& format, const Value& operand, Budget& budget) {
  const std::string_view text = format.view();
  HEARTH_TRY(budget.spend_bytes(text.size()));
  const std::vector<Value> values = format_values(operand);
  const Dict* dict = operand.get<Dict>();
  std::size_t used = 0;
  TextBuilder out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t percent = std::min(text.find('%', at), text.size());
    out.append(format.slice(at, percent));
    at = percent + 1;
    if (percent == text.size()) break;
    HEARTH_ASSIGN(const auto key, read_key(text, at));
    HEARTH_ASSIGN(const Conversion conversion, read_conversion(text, at));
    if (conversion.letter == '%') {
      out.append("%", format.origin());
      continue;
    }
    std::optional<Value> value;
    if (key.has_value()) {
      if (dict == nullptr) return type_error("format requires a mapping");
      value = dict->find(*key);
      if (!value.has_value()) return type_error("a format key that the mapping lacks");
    } else if (used < values.size()) {
      value = values[used++];
    } else {
      return type_error("not enough arguments for format string");
    }
    HEARTH_TRY(append_converted(out, conversion, *value, budget));
  }
  if (used < values.size() && !is_mapping_like(operand)) {
    return type_error("not all arguments converted during string formatting");
  }
  HEARTH_ASSIGN(Text formatted, out.finish(budget));
  return Value{std::move(formatted)};
}

namespace {

Result<const Value*> format_field(std::string_view field, std::size_t& automatic,
                                  const Arguments& arguments) {
  if (field.find_first_of(":!.[") != std::string_view::npos) {
    return Error(ErrorCode::kUnsupported,
                 concat("the format field '{", printable(field), "}': only {}, {0} and {name}"));
  }
  std::size_t index = arguments.positional.size();
  if (field.empty()) {
    index = automatic++;
  } else if (field[0] >= '0' && field[0] <= '9') {
    std::from_chars(field.data(), field.data() + field.size(), index);
  } else {
    for (const auto& [name, value] : arguments.keyword) {
      if (name == field) return &value;
    }
  }
  if (index < arguments.positional.size()) return &arguments.positional[index];
  return type_error(concat("no value for the format field '{", printable(field), "}'"));
}

}  // namespace

Result<Value> brace_format(const Text& format, const Arguments& arguments, Budget& budget) {
  const std::string_view text = format.view();
  HEARTH_TRY(budget.spend_bytes(text.size()));
  std::size_t automatic = 0;
  TextBuilder out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t brace = std::min(text.find_first_of("{}", at), text.size());
    out.append(format.slice(at, brace));
    at = brace + 1;
    if (brace == text.size()) break;
    if (at < text.size() && text[at] == text[brace]) {
      out.append(format.slice(brace, at));
      ++at;
      continue;
    }
    const std::size_t end = text.find('}', at);
    if (text[brace] == '}' || end == std::string_view::npos) {
      return type_error("a single brace in a format string");
    }
    HEARTH_ASSIGN(const Value* value,
                  format_field(text.substr(at, end - at), automatic, arguments));
    HEARTH_TRY(append_string(out, *value, budget));
    at = end + 1;
  }
  HEARTH_ASSIGN(Text formatted, out.finish(budget));
  return Value{std::move(formatted)};
}

namespace {

constexpr std::string_view kWeekdays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                          "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"January",   "February", "March",    "April",
                                        "May",       "June",     "July",     "August",
                                        "September", "October",  "November", "December"};

std::string padded(int number, std::size_t width) {
  std::string digits = concat(number);
  if (digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return digits;
}

std::string_view name_of(const std::string_view* names, int count, int index) {
  return names[std::clamp(index, 0, count - 1)];
}

std::optional<std::string> time_field(char letter, bool padding, const std::tm& time) {
  const std::size_t two = padding ? 2 : 1;
  const int hour12 = time.tm_hour % 12 == 0 ? 12 : time.tm_hour % 12;
  switch (letter) {
    case 'd':
      return padded(time.tm_mday, two);
    case 'm':
      return padded(time.tm_mon + 1, two);
    case 'Y':
      return concat(time.tm_year + 1900);
    case 'y':
      return padded((time.tm_year + 1900) % 100, two);
    case 'H':
      return padded(time.tm_hour, two);
    case 'I':
      return padded(hour12, two);
    case 'M':
      return padded(time.tm_min, two);
    case 'S':
      return padded(time.tm_sec, two);
    case 'j':
      return padded(time.tm_yday + 1, padding ? 3 : 1);
    case 'p':
      return time.tm_hour < 12 ? "AM" : "PM";
    case 'A':
      return std::string(name_of(kWeekdays, 7, time.tm_wday));
    case 'a':
      return std::string(name_of(kWeekdays, 7, time.tm_wday).substr(0, 3));
    case 'B':
      return std::string(name_of(kMonths, 12, time.tm_mon));
    case 'b':
    case 'h':
      return std::string(name_of(kMonths, 12, time.tm_mon).substr(0, 3));
    case 'w':
      return concat(time.tm_wday);
    case 'u':
      return concat(time.tm_wday == 0 ? 7 : time.tm_wday);
    case 'f':
      return "000000";
    case 'e': {
      std::string day = concat(time.tm_mday);
      return padding && day.size() < 2 ? " " + day : day;
    }
    case 'F':
      return concat(time.tm_year + 1900, "-", padded(time.tm_mon + 1, 2), "-",
                    padded(time.tm_mday, 2));
    case 'T':
      return concat(padded(time.tm_hour, 2), ":", padded(time.tm_min, 2), ":",
                    padded(time.tm_sec, 2));
    case 'R':
      return concat(padded(time.tm_hour, 2), ":", padded(time.tm_min, 2));
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case 'z':
    case 'Z':
      return "";  // datetime.now() knows of no time zone
    case '%':
      return "%";
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::string> format_time(std::string_view format, const std::tm& time) {
  constexpr std::size_t kFormatBytesMax = 1000;
  if (format.size() > kFormatBytesMax) {
    return limit_error("the length of a time format", int64_t{kFormatBytesMax});
  }
  std::string out;
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%' || at + 1 == format.size()) {
      out += format[at];
      continue;
    }
    ++at;
    const bool unpadded = format[at] == '-' && at + 1 < format.size();
    if (unpadded) ++at;
    const std::optional<std::string> field = time_field(format[at], !unpadded, time);
    if (!field.has_value()) {
      return Error(ErrorCode::kUnsupported,
                   concat("the time format '%", printable(format.substr(at, 1)), "'"));
    }
    out += *field;
  }
  return out;
}

}  // namespace hearth::jinja

// SPDX-License-Identifier: Apache-2.0
// Filters on single values; those on sequences are in template_sequence_filters.cc.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <span>

#include "base/strings.h"
#include "base/utf8.h"
#include "template/builtins.h"
#include "template/filters.h"
#include "template/format.h"
#include "template/interpreter.h"
#include "template/operators.h"
#include "text/unicode.h"

namespace hearth::jinja {
namespace {

Result<Value> filter_trim(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(Text text, to_text(self, interpreter.budget()));
  return find_method(Value{text}, "strip")->call(interpreter, Value{text}, arguments);
}

template <std::string (*convert)(std::string_view)>
Result<Value> filter_convert(Interpreter& interpreter, const Value& self,
                             const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("the filter", arguments));
  HEARTH_ASSIGN(const Text text, to_text(self, interpreter.budget()));
  HEARTH_TRY(interpreter.budget().spend_bytes(text.view().size()));
  return derived_text(text, convert(text.view()), interpreter.budget());
}

Result<Value> filter_string(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("string", arguments));
  HEARTH_ASSIGN(Text text, to_text(self, interpreter.budget()));
  return Value{std::move(text)};
}

Result<Value> filter_replace(Interpreter& interpreter, const Value& self,
                             const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("replace", arguments, {"old", "new", "count"}, 2));
  Budget& budget = interpreter.budget();
  HEARTH_ASSIGN(const Text text, to_text(self, budget));
  HEARTH_ASSIGN(const Text old_part, to_text(bound[0], budget));
  HEARTH_ASSIGN(const Text new_part, to_text(bound[1], budget));
  const bool all = bound.get(2) == nullptr || bound[2].is<None>();
  HEARTH_ASSIGN(const int64_t count, all ? Result<int64_t>(-1) : bound.integer(2, -1));
  HEARTH_ASSIGN(Text replaced, replace_text(text, old_part, new_part, count, budget));
  return Value{std::move(replaced)};
}

Result<Value> filter_default(Interpreter&, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound,
                Bound::create("default", arguments, {"default_value", "boolean"}));
  const bool absent = self.is<Undefined>() || (bound.truthy(1, false) && !is_truthy(self));
  if (!absent) return self;
  return bound.get(0) == nullptr ? text_value("") : bound[0];
}

// Python's int(text, base), without digits outside ASCII.
std::optional<int64_t> parse_integer(std::string_view text, int base) {
  const TextRange solid = strip_white_space(text, StripSides::kBoth);
  std::string digits(text.substr(solid.begin, solid.end - solid.begin));
  const bool negative = digits.starts_with('-');
  if (negative || digits.starts_with('+')) digits.erase(0, 1);
  const char letter = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : '\0';
  if (letter != '\0' && digits.size() > 2 && digits[0] == '0' && (digits[1] | 0x20) == letter) {
    digits.erase(0, 2);
  }
  if (digits.starts_with('_') || digits.ends_with('_') || digits.find("__") != std::string::npos) {
    return std::nullopt;
  }
  std::erase(digits, '_');
  if (digits.starts_with('-')) return std::nullopt;
  if (negative) digits.insert(digits.begin(), '-');
  int64_t integer = 0;
  const char* const end = digits.data() + digits.size();
  const auto result = std::from_chars(digits.data(), end, integer, base);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return integer;
}

// Python's float(text).
std::optional<double> parse_float(std::string_view text) {
  const TextRange solid = strip_white_space(text, StripSides::kBoth);
  text = text.substr(solid.begin, solid.end - solid.begin);
  if (text.starts_with('+')) {
    text.remove_prefix(1);
    if (text.starts_with('-')) return std::nullopt;
  }
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec == std::errc::result_out_of_range || result.ptr != end || text.empty() ||
      text.find('(') != std::string_view::npos) {  // "nan(...)" is C's
    return std::nullopt;
  }
  return number;
}

std::optional<int64_t> truncated(double number) {
  if (!(std::abs(number) < 9.2e18)) return std::nullopt;
  return static_cast<int64_t>(number);
}

Result<Value> filter_int(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("int", arguments, {"default", "base"}));
  HEARTH_ASSIGN(const int64_t base, bound.integer(1, 10));
  if (base < 2 || base > 36) return type_error("int() base must be >= 2 and <= 36");
  if (const auto* undefined = self.get<Undefined>()) return undefined_error(*undefined);
  std::optional<int64_t> integer = as_integer(self);
  if (const double* number = self.get<double>()) {
    integer = truncated(*number);
    if (!integer && std::isfinite(*number)) return type_error("an integer of more than 64 bits");
  }
  if (const Text* text = self.get<Text>()) {
    HEARTH_TRY(interpreter.budget().spend_bytes(text->view().size()));
    integer = parse_integer(text->view(), static_cast<int>(base));
    const std::optional<double> number = parse_float(text->view());
    if (!integer && number) integer = truncated(*number);
  }
  if (integer.has_value()) return Value{*integer};
  return bound.get(0) == nullptr ? Value{int64_t{0}} : bound[0];
}

Result<Value> filter_float(Interpreter& interpreter, const Value& self,
                           const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("float", arguments, {"default"}));
  if (const auto* undefined = self.get<Undefined>()) return undefined_error(*undefined);
  std::optional<double> number = as_number(self);
  if (const Text* text = self.get<Text>()) {
    HEARTH_TRY(interpreter.budget().spend_bytes(text->view().size()));
    number = parse_float(text->view());
  }
  if (number.has_value()) return Value{*number};
  return bound.get(0) == nullptr ? Value{0.0} : bound[0];
}

Result<Value> filter_abs(Interpreter&, const Value& self, const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("abs", arguments));
  if (const double* number = self.get<double>()) return Value{std::abs(*number)};
  const auto integer = as_integer(self);
  if (integer && *integer >= 0) return Value{*integer};
  if (!integer && !self.is<Undefined>()) {
    return type_error(concat("bad operand type for abs(): '", type_name(self), "'"));
  }
  return negate(self);
}

// round(number, digits) of Python: exact on the decimal form, halves to even.
double round_common(double number, int digits) {
  if (digits > 22 || !std::isfinite(number)) return number;
  if (digits < 0) {
    const double scale = std::pow(10.0, -digits);
    return std::nearbyint(number / scale) * scale;
  }
  char buffer[400];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::fixed, digits).ptr;
  double rounded = number;
  std::from_chars(buffer, end, rounded);
  return rounded;
}

Result<Value> filter_round(Interpreter&, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("round", arguments, {"precision", "method"}));
  HEARTH_ASSIGN(const int64_t precision, bound.integer(0, 0));
  HEARTH_ASSIGN(const std::string_view method, bound.text(1, "common"));
  if (const auto* undefined = self.get<Undefined>()) return undefined_error(*undefined);
  const std::optional<double> number = as_number(self);
  if (!number) return type_error(concat("cannot round a '", type_name(self), "'"));
  const int digits = static_cast<int>(std::clamp<int64_t>(precision, -300, 300));
  if (method == "common") {
    if (self.is<double>()) return Value{round_common(*number, digits)};
    if (precision < 0) return Error(ErrorCode::kUnsupported, "round() of an int to tens");
    return Value{*as_integer(self)};
  }
  if (method != "ceil" && method != "floor")
    return type_error("method must be common, ceil or floor");
  const double scale = std::pow(10.0, digits);
  const double scaled = *number * scale;
  return Value{(method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / scale};
}

Result<Value> filter_format(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  HEARTH_ASSIGN(const Text text, to_text(self, interpreter.budget()));
  if (!arguments.keyword.empty()) {
    return Error(ErrorCode::kUnsupported, "the filter 'format' with named arguments");
  }
  HEARTH_ASSIGN(const Value values,
                list_value(ListKind::kTuple, arguments.positional, interpreter.budget()));
  return percent_format(text, values, interpreter.budget());
}

Result<std::optional<std::string>> json_indent(const Bound& bound, std::size_t parameter) {
  constexpr int64_t kIndentMax = 1000;
  if (bound.get(parameter) == nullptr || bound[parameter].is<None>()) {
    return std::optional<std::string>();
  }
  if (const Text* text = bound[parameter].get<Text>())
    return std::optional(std::string(text->view()));
  HEARTH_ASSIGN(const int64_t width, bound.integer(parameter, 0));
  if (width > kIndentMax) return limit_error("the indent of tojson()", kIndentMax);
  return std::optional(std::string(static_cast<std::size_t>(std::max<int64_t>(width, 0)), ' '));
}

// transformers' filter: json.dumps as it is, without Jinja's escapes for HTML.
Result<Value> filter_tojson(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  HEARTH_ASSIGN(
      const Bound bound,
      Bound::create("tojson", arguments, {"ensure_ascii", "indent", "separators", "sort_keys"}));
  JsonStyle style;
  style.ascii_only = bound.truthy(0, false);
  style.sort_keys = bound.truthy(3, false);
  HEARTH_ASSIGN(style.indent, json_indent(bound, 1));
  if (style.indent.has_value()) style.item_separator = ",";
  if (bound.get(2) != nullptr && !bound[2].is<None>()) {
    HEARTH_ASSIGN(const List separators, iterate(bound[2], interpreter.budget()));
    if (separators.size() != 2 || !separators.at(0).is<Text>() || !separators.at(1).is<Text>()) {
      return type_error("tojson() needs two separators that are str");
    }
    style.item_separator = separators.at(0).get<Text>()->view();
    style.key_separator = separators.at(1).get<Text>()->view();
  }
  TextBuilder out;
  HEARTH_TRY(append_json(out, self, style, interpreter.budget()));
  HEARTH_ASSIGN(Text text, out.finish(interpreter.budget()));
  return Value{std::move(text)};
}

Result<Value> filter_indent(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("indent", arguments, {"width", "first", "blank"}));
  const Text* text = self.get<Text>();
  if (text == nullptr) {
    if (const auto* undefined = self.get<Undefined>()) return undefined_error(*undefined);
    return type_error(concat("cannot indent a '", type_name(self), "'"));
  }
  HEARTH_TRY(interpreter.budget().spend_bytes(text->view().size()));
  Text indent;
  if (bound.get(0) != nullptr && bound[0].is<Text>()) {
    indent = *bound[0].get<Text>();
  } else {
    HEARTH_ASSIGN(const int64_t width, bound.integer(0, 4));
    if (width > 1000) return limit_error("the width of indent()", 1000);
    indent = Text::own(std::string(static_cast<std::size_t>(std::max<int64_t>(width, 0)), ' '),
                       Origin::kTemplate);
  }
  const std::vector<TextRange> lines = split_lines(text->view());
  TextBuilder out;
  if (bound.truthy(1, false)) out.append(indent);
  for (std::size_t i = 0; i < lines.size() && !out.full(); ++i) {
    if (i > 0) {
      out.append("\n", text->origin());
      if (lines[i].begin != lines[i].end || bound.truthy(2, false)) out.append(indent);
    }
    out.append(text->slice(lines[i].begin, lines[i].end));
  }
  // splitlines() drops a last empty line; Jinja keeps it by adding a newline first.
  const std::string_view view = text->view();
  if (!lines.empty() && lines.back().end != view.size()) {
    out.append("\n", text->origin());
    if (bound.truthy(2, false)) out.append(indent);
  }
  HEARTH_ASSIGN(Text indented, out.finish(interpreter.budget()));
  return Value{std::move(indented)};
}

Result<Value> filter_wordcount(Interpreter& interpreter, const Value& self,
                               const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("wordcount", arguments));
  HEARTH_ASSIGN(const Text text, to_text(self, interpreter.budget()));
  HEARTH_TRY(interpreter.budget().spend_bytes(text.view().size()));
  int64_t count = 0;
  bool inside = false;
  for (std::string_view rest = text.view(); !rest.empty();) {
    const Utf8Char character = decode_utf8(rest);
    rest.remove_prefix(character.bytes);
    const bool part = character.valid &&
                      (character.code_point == '_' ||
                       (char_traits(character.code_point) & (kTraitLetter | kTraitNumber)) != 0);
    if (part && !inside) ++count;
    inside = part;
  }
  return Value{count};
}

Result<Value> filter_safe(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("safe", arguments));
  HEARTH_ASSIGN(const Text text, to_text(self, interpreter.budget()));
  return Value{text.as_markup()};
}

Result<Value> filter_escape(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("escape", arguments));
  HEARTH_ASSIGN(const Text text, to_text(self, interpreter.budget()));
  HEARTH_ASSIGN(const Text escaped, escaped_text(text, interpreter.budget()));
  return Value{escaped.as_markup()};
}

Result<Value> filter_attr(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("attr", arguments, {"name"}, 1));
  if (self.is<Dict>()) return Error(ErrorCode::kUnsupported, "the filter 'attr' on a dict");
  return get_item(self, bound[0], interpreter.budget());
}

constexpr Builtin kFilters[] = {
    {"trim", filter_trim},
    {"upper", filter_convert<upper>},
    {"lower", filter_convert<lower>},
    {"title", filter_convert<title_filter>},
    {"capitalize", filter_convert<capitalize>},
    {"e", filter_escape},
    {"escape", filter_escape},
    {"string", filter_string},
    {"safe", filter_safe},
    {"replace", filter_replace},
    {"default", filter_default},
    {"d", filter_default},
    {"int", filter_int},
    {"float", filter_float},
    {"abs", filter_abs},
    {"round", filter_round},
    {"format", filter_format},
    {"tojson", filter_tojson},
    {"indent", filter_indent},
    {"wordcount", filter_wordcount},
    {"attr", filter_attr},
};

}  // namespace

const Builtin* find_filter(std::string_view name) {
  for (const std::span<const Builtin> table :
       {std::span<const Builtin>(kFilters), sequence_filters()}) {
    for (const Builtin& builtin : table) {
      if (builtin.name == name) return &builtin;
    }
  }
  return nullptr;
}

}  // namespace hearth::jinja

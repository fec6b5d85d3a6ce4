// SPDX-License-Identifier: Apache-2.0
// str(), repr() and json.dumps() of template values.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/strings.h"
#include "base/utf8.h"
#include "template/values.h"

namespace hearth::jinja {
namespace {

constexpr std::size_t kStepsPerItem =
    4;  // dearer than a node: a value is copied out of its container

void append_plain(TextBuilder& out, std::string_view text) { out.append(text, Origin::kTemplate); }

Result<void> append_items(TextBuilder& out, const List& list, Budget& budget) {
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (i > 0) append_plain(out, ", ");
    HEARTH_TRY(append_repr(out, list.at(i), budget));
  }
  return {};
}

Result<void> append_list_repr(TextBuilder& out, const List& list, Budget& budget) {
  switch (list.kind()) {
    case ListKind::kTuple:
      append_plain(out, "(");
      HEARTH_TRY(append_items(out, list, budget));
      append_plain(out, list.size() == 1 ? ",)" : ")");
      return {};
    case ListKind::kIterator:
      return Error(ErrorCode::kUnsupported, "printing a generator: add the filter 'list'");
    case ListKind::kKeysView:
    case ListKind::kValuesView:
    case ListKind::kItemsView:
      append_plain(out, type_name({list}));
      append_plain(out, "([");
      HEARTH_TRY(append_items(out, list, budget));
      append_plain(out, "])");
      return {};
    case ListKind::kList:
      break;
  }
  append_plain(out, "[");
  HEARTH_TRY(append_items(out, list, budget));
  append_plain(out, "]");
  return {};
}

Result<void> append_dict_repr(TextBuilder& out, const Dict& dict, Budget& budget) {
  append_plain(out, "{");
  for (std::size_t i = 0; i < dict.size(); ++i) {
    if (i > 0) append_plain(out, ", ");
    HEARTH_TRY(append_repr(out, dict.key(i), budget));
    append_plain(out, ": ");
    HEARTH_TRY(append_repr(out, dict.value(i), budget));
  }
  append_plain(out, "}");
  return {};
}

void append_range_repr(TextBuilder& out, const Range& range) {
  append_plain(out, concat("range(", range.start, ", ", range.stop));
  if (range.step != 1) append_plain(out, concat(", ", range.step));
  append_plain(out, ")");
}

}  // namespace

std::string float_string(double number) {
  if (std::isnan(number)) return "nan";
  if (std::isinf(number)) return number < 0 ? "-inf" : "inf";
  char buffer[40];
  const auto end =
      std::to_chars(buffer, buffer + sizeof buffer, number, std::chars_format::scientific).ptr;
  std::string_view text(buffer, static_cast<std::size_t>(end - buffer));
  std::string out;
  if (text.front() == '-') {
    out = "-";
    text.remove_prefix(1);
  }
  const std::size_t e = text.find('e');
  std::string digits(text.substr(0, e));
  std::erase(digits, '.');
  int exponent = 0;
  const char* exponent_begin = text.data() + e + (text[e + 1] == '+' ? 2 : 1);
  std::from_chars(exponent_begin, text.data() + text.size(), exponent);
  const int count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    out += digits[0];
    if (count > 1) out.append(".").append(digits, 1);
    const int magnitude = std::abs(exponent);
    return concat(out, exponent < 0 ? "e-" : "e+", magnitude < 10 ? "0" : "", magnitude);
  }
  if (exponent < 0) return concat(out, "0.", std::string(-exponent - 1, '0'), digits);
  if (count <= exponent + 1)
    return concat(out, digits, std::string(exponent + 1 - count, '0'), ".0");
  return concat(out, digits.substr(0, exponent + 1), ".", digits.substr(exponent + 1));
}

Result<void> append_repr(TextBuilder& out, const Value& value, Budget& budget) {
  HEARTH_TRY(budget.spend(kStepsPerItem));
  if (const Text* text = value.get<Text>()) {
    HEARTH_TRY(budget.spend_bytes(text->view().size()));
    if (text->is_markup()) append_plain(out, "Markup(");
    out.append(python_quoted(text->view()), text->origin());
    if (text->is_markup()) append_plain(out, ")");
  } else if (const List* list = value.get<List>()) {
    return append_list_repr(out, *list, budget);
  } else if (const Dict* dict = value.get<Dict>()) {
    return append_dict_repr(out, *dict, budget);
  } else if (const bool* boolean = value.get<bool>()) {
    append_plain(out, *boolean ? "True" : "False");
  } else if (const auto* integer = value.get<int64_t>()) {
    append_plain(out, concat(*integer));
  } else if (const double* number = value.get<double>()) {
    append_plain(out, float_string(*number));
  } else if (const Range* range = value.get<Range>()) {
    append_range_repr(out, *range);
  } else if (value.is<None>()) {
    append_plain(out, "None");
  } else if (value.is<Undefined>()) {
    append_plain(out, "Undefined");
  } else {
    return Error(ErrorCode::kUnsupported, concat("printing a '", type_name(value), "'"));
  }
  return {};
}

Result<void> append_string(TextBuilder& out, const Value& value, Budget& budget) {
  if (const Text* text = value.get<Text>()) {
    HEARTH_TRY(budget.spend_bytes(text->view().size()));
    out.append(*text);
    return {};
  }
  if (value.is<Undefined>()) return {};
  return append_repr(out, value, budget);
}

Result<Text> to_text(const Value& value, Budget& budget) {
  if (const Text* text = value.get<Text>()) return *text;
  TextBuilder out;
  HEARTH_TRY(append_string(out, value, budget));
  return out.finish(budget);
}

namespace {

void append_unicode_escape(std::string& out, uint32_t unit) {
  constexpr char kHex[] = "0123456789abcdef";
  out += "\\u";
  for (int shift = 12; shift >= 0; shift -= 4) out += kHex[unit >> shift & 15];
}

std::string json_quoted(std::string_view text, bool ascii_only) {
  std::string out = "\"";
  while (!text.empty()) {
    const Utf8Char character = decode_utf8(text);
    const char32_t c = character.code_point;
    constexpr std::string_view kEscaped = "\"\\\n\r\t\f\b";
    constexpr std::string_view kLetters = "\"\\nrtfb";
    const std::size_t escape =
        c < 0x80 ? kEscaped.find(static_cast<char>(c)) : std::string_view::npos;
    if (escape != std::string_view::npos) {
      out += '\\';
      out += kLetters[escape];
    } else if (c < 0x20 || (ascii_only && c > 0x7e && c < 0x10000)) {
      append_unicode_escape(out, c);
    } else if (ascii_only && c >= 0x10000) {
      append_unicode_escape(out, 0xd800 + ((c - 0x10000) >> 10));
      append_unicode_escape(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
      out += text.substr(0, character.bytes);
    }
    text.remove_prefix(character.bytes);
  }
  return out + '"';
}

class JsonWriter {
 public:
  JsonWriter(TextBuilder& out, const JsonStyle& style, Budget& budget)
      : out_(out), style_(style), budget_(budget) {}

  Result<void> write(const Value& value) {
    HEARTH_TRY(budget_.spend(kStepsPerItem));
    if (const Text* text = value.get<Text>()) return write_text(*text);
    if (const Dict* dict = value.get<Dict>()) return write_dict(*dict);
    if (const List* list = value.get<List>();
        list != nullptr && (list->kind() == ListKind::kList || list->kind() == ListKind::kTuple)) {
      return write_list(*list);
    }
    const std::optional<std::string> scalar = scalar_json(value);
    if (!scalar.has_value()) {
      return type_error(concat("object of type ", type_name(value), " is not JSON serializable"));
    }
    append_plain(out_, *scalar);
    return {};
  }

 private:
  static std::optional<std::string> scalar_json(const Value& value) {
    if (value.is<None>()) return "null";
    if (const bool* boolean = value.get<bool>()) return *boolean ? "true" : "false";
    if (const auto* integer = value.get<int64_t>()) return concat(*integer);
    const double* number = value.get<double>();
    if (number == nullptr) return std::nullopt;
    if (std::isnan(*number)) return "NaN";
    if (std::isinf(*number)) return *number < 0 ? "-Infinity" : "Infinity";
    return float_string(*number);
  }

  Result<void> write_text(const Text& text) {
    HEARTH_TRY(budget_.spend_bytes(text.view().size()));
    out_.append(json_quoted(text.view(), style_.ascii_only), text.origin());
    return {};
  }

  Result<void> new_line() {
    if (!style_.indent.has_value()) return {};
    HEARTH_TRY(budget_.spend_bytes(level_ * style_.indent->size()));
    append_plain(out_, "\n");
    for (std::size_t i = 0; i < level_; ++i) append_plain(out_, *style_.indent);
    return {};
  }

  Result<void> write_list(const List& list) {
    append_plain(out_, "[");
    ++level_;
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (i > 0) append_plain(out_, style_.item_separator);
      HEARTH_TRY(new_line());
      HEARTH_TRY(write(list.at(i)));
    }
    --level_;
    if (list.size() > 0) HEARTH_TRY(new_line());
    append_plain(out_, "]");
    return {};
  }

  Result<void> write_dict(const Dict& dict) {
    append_plain(out_, "{");
    ++level_;
    HEARTH_ASSIGN(const std::vector<std::size_t> order, key_order(dict));
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i > 0) append_plain(out_, style_.item_separator);
      HEARTH_TRY(new_line());
      HEARTH_TRY(write_key(dict.key(order[i])));
      append_plain(out_, style_.key_separator);
      HEARTH_TRY(write(dict.value(order[i])));
    }
    --level_;
    if (dict.size() > 0) HEARTH_TRY(new_line());
    append_plain(out_, "}");
    return {};
  }

  Result<std::vector<std::size_t>> key_order(const Dict& dict) {
    HEARTH_TRY(budget_.spend(dict.size()));
    std::vector<std::size_t> order(dict.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    if (!style_.sort_keys) return order;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (!dict.key(i).is<Text>()) return type_error("sort_keys needs keys that are strings");
    }
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return dict.key(a).get<Text>()->view() < dict.key(b).get<Text>()->view();
    });
    return order;
  }

  Result<void> write_key(const Value& key) {
    if (const Text* text = key.get<Text>()) return write_text(*text);
    const std::optional<std::string> scalar = scalar_json(key);
    if (!scalar.has_value()) {
      return type_error(concat("keys must be str, int, float, bool or None, not ", type_name(key)));
    }
    append_plain(out_, concat("\"", *scalar, "\""));
    return {};
  }

  TextBuilder& out_;
  const JsonStyle& style_;
  Budget& budget_;
  std::size_t level_ = 0;
};

}  // namespace

Result<void> append_json(TextBuilder& out, const Value& value, const JsonStyle& style,
                         Budget& budget) {
  return JsonWriter(out, style, budget).write(value);
}

}  // namespace hearth::jinja

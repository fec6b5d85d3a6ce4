// SPDX-License-Identifier: Apache-2.0
#include "toml/toml_reader.h"

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

const toml::node& as_node(const void* node) { return *static_cast<const toml::node*>(node); }
const toml::table& as_table(const void* table) { return *static_cast<const toml::table*>(table); }

// Nothing where a value has no form in JSON: dates and times.
std::optional<Json> to_json(const toml::node& node) {
  if (const auto* text = node.as_string()) return Json(text->get());
  if (const auto* number = node.as_integer()) return Json(number->get());
  if (const auto* number = node.as_floating_point()) return Json(number->get());
  if (const auto* flag = node.as_boolean()) return Json(flag->get());
  if (const auto* array = node.as_array()) {
    Json list = Json::array();
    for (const auto& element : *array) {
      auto value = to_json(element);
      if (!value) return std::nullopt;
      list.push_back(std::move(*value));
    }
    return list;
  }
  if (const auto* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, member] : *table) {
      auto value = to_json(member);
      if (!value) return std::nullopt;
      object[std::string(key.str())] = std::move(*value);
    }
    return object;
  }
  return std::nullopt;
}

bool is_beyond_ascii(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// The place of a character beyond ASCII in the escape whose backslash is at `at`.
std::optional<std::size_t> find_in_escape(std::string_view text, std::size_t at) {
  const std::string_view escape = text.substr(at + 1, 9);
  const std::size_t digits = escape.starts_with('u') ? 4 : escape.starts_with('U') ? 8 : 0;
  for (std::size_t i = 0; i < std::min(escape.size(), digits + 1); ++i) {
    if (is_beyond_ascii(escape[i])) return at + 1 + i;
  }
  return std::nullopt;
}

// The end of a quoted text of several lines whose first three quotes end before `at`; `bad` is set
// where its place in `text` is one that find_bare_character() looks for.
std::size_t end_of_lines(std::string_view text, std::size_t at, char quote,
                         std::optional<std::size_t>& bad) {
  for (; at < text.size(); ++at) {
    if (text[at] == '\\' && quote == '"') {
      const std::size_t escape = at;
      bad = find_in_escape(text, at);
      do ++at;
      while (at < text.size() && std::string_view(" \t\r\n").find(text[at]) != text.npos);
      if (at < text.size() && is_beyond_ascii(text[at])) bad = at;
      if (bad) return at;
      if (at > escape + 1) --at;  // what follows white space is not escaped
    } else if (text[at] == quote && text.substr(at).starts_with(std::string(3, quote))) {
      at += 3;
      for (int extra = 0; extra < 2 && at < text.size() && text[at] == quote; ++extra) ++at;
      return at;
    }
  }
  return at;
}

// The place of a character beyond ASCII outside of quotes and comments, or in an escape. TOML has
// none there, and toml++ 3.3.0 takes them for unreachable code.
std::optional<std::size_t> find_bare_character(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::optional<std::size_t> bad;
  std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  while (at < text.size()) {
    const char c = text[at];
    if (is_beyond_ascii(c)) return at;
    if (c == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else if ((c == '"' || c == '\'') && text.substr(at).starts_with(std::string(3, c))) {
      at = end_of_lines(text, at + 3, c, bad);
      if (bad) return bad;
    } else if (c == '"' || c == '\'') {
      for (++at; at < text.size() && text[at] != c && text[at] != '\n'; ++at) {
        if (text[at] != '\\' || c != '"') continue;
        if (const auto place = find_in_escape(text, at)) return place;
        ++at;
      }
      ++at;
    } else {
      ++at;
    }
  }
  return std::nullopt;
}

}  // namespace

struct TomlReader::File {
  toml::table root;
  std::string name;
  std::optional<Error> error;  // the first

  void fail(const toml::node& at, std::string_view key, std::string_view why, ErrorCode code) {
    if (error) return;
    error = Error(code, concat(name, ":", at.source().begin.line, ": ", printable(key),
                               key.empty() ? "" : ": ", why));
  }
};

Result<TomlReader> TomlReader::parse(std::string_view text, std::string name) {
  if (const auto at = find_bare_character(text)) {
    const auto line =
        1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*at), '\n');
    return Error(ErrorCode::kCorrupt, concat(name, ":", line,
                                             ": a character beyond ASCII stands outside of quotes; "
                                             "put the text in quotes"));
  }
  toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const auto& error = parsed.error();
    return Error(ErrorCode::kCorrupt, concat(name, ":", error.source().begin.line, ": ",
                                             printable(error.description(), 200), "; correct it"));
  }
  auto file = std::make_shared<File>();
  file->root = std::move(parsed).table();
  file->name = std::move(name);
  const void* root = &file->root;
  return TomlReader(std::move(file), root);
}

TomlReader::TomlReader(std::shared_ptr<File> file, const void* table)
    : file_(std::move(file)), table_(table) {}

const void* TomlReader::find(std::string_view key) {
  known_.emplace(key);
  return as_table(table_).get(key);
}

bool TomlReader::has(std::string_view key) { return find(key) != nullptr; }

bool TomlReader::is_text(std::string_view key) {
  const void* node = find(key);
  return node != nullptr && as_node(node).is_string();
}

void TomlReader::fail(std::string_view key, std::string_view why, ErrorCode code) {
  const toml::node* node = as_table(table_).get(key);
  file_->fail(node != nullptr ? *node : as_table(table_), key, why, code);
}

std::optional<std::string> TomlReader::text_if(std::string_view key) {
  const void* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* text = as_node(node).as_string()) return text->get();
  fail(key, "is no text; put it in quotes");
  return std::nullopt;
}

std::string TomlReader::text(std::string_view key) {
  if (find(key) == nullptr) {
    fail(key, "is missing; add it");
    return {};
  }
  const std::string text = text_if(key).value_or("");
  if (text.empty()) fail(key, "is empty; give some text");
  return text;
}

std::vector<std::string> TomlReader::texts_if(std::string_view key) {
  const void* node = find(key);
  if (node == nullptr) return {};
  if (const auto* text = as_node(node).as_string()) return {text->get()};
  std::vector<std::string> texts;
  if (const auto* array = as_node(node).as_array()) {
    for (const auto& element : *array) {
      const auto* text = element.as_string();
      if (text == nullptr) break;
      texts.push_back(text->get());
    }
    if (texts.size() == array->size()) return texts;
  }
  fail(key, "is neither text nor a list of texts; write [\"one\", \"two\"]");
  return {};
}

std::vector<std::string> TomlReader::texts(std::string_view key) {
  if (find(key) == nullptr) {
    fail(key, "is missing; add it");
    return {};
  }
  std::vector<std::string> texts = texts_if(key);
  if (texts.empty()) fail(key, "is empty; give one text at least");
  return texts;
}

std::optional<double> TomlReader::number_if(std::string_view key, double min, double max) {
  const void* node = find(key);
  if (node == nullptr) return std::nullopt;
  std::optional<double> number;
  if (const auto* real = as_node(node).as_floating_point()) number = real->get();
  if (const auto* whole = as_node(node).as_integer()) number = static_cast<double>(whole->get());
  if (number && *number >= min && *number <= max) return number;  // NaN fails both
  fail(key, concat("is no number from ", min, " to ", max, "; give one"));
  return std::nullopt;
}

std::optional<int64_t> TomlReader::integer_if(std::string_view key, int64_t min, int64_t max) {
  const void* node = find(key);
  if (node == nullptr) return std::nullopt;
  const auto* number = as_node(node).as_integer();
  if (number != nullptr && number->get() >= min && number->get() <= max) return number->get();
  fail(key, concat("is no whole number from ", min, " to ", max, "; give one"));
  return std::nullopt;
}

std::vector<int64_t> TomlReader::integers_if(std::string_view key, int64_t min, int64_t max) {
  const void* node = find(key);
  if (node == nullptr) return {};
  std::vector<int64_t> numbers;
  if (const auto* array = as_node(node).as_array()) {
    for (const auto& element : *array) {
      const auto* number = element.as_integer();
      if (number == nullptr || number->get() < min || number->get() > max) break;
      numbers.push_back(number->get());
    }
    if (numbers.size() == array->size() && !numbers.empty()) return numbers;
  }
  fail(key, concat("is no list of whole numbers from ", min, " to ", max, "; write [1, 2]"));
  return {};
}

std::optional<bool> TomlReader::flag_if(std::string_view key) {
  const void* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* flag = as_node(node).as_boolean()) return flag->get();
  fail(key, "is neither true nor false; write one of them");
  return std::nullopt;
}

std::optional<std::string> TomlReader::scalar_if(std::string_view key) {
  const void* found = find(key);
  if (found == nullptr) return std::nullopt;
  const toml::node& node = as_node(found);
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return concat(number->get());
  if (const auto* number = node.as_floating_point()) return concat(number->get());
  if (const auto* flag = node.as_boolean()) return std::string(flag->get() ? "true" : "false");
  fail(key, "is neither text, a number nor a boolean; write key = value");
  return std::nullopt;
}

std::optional<std::size_t> TomlReader::choice_if(std::string_view key,
                                                 std::span<const std::string_view> names) {
  if (find(key) == nullptr) return std::nullopt;
  const auto text = text_if(key);
  if (!text) return std::nullopt;
  std::string known;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == *text) return i;
    known += concat(i == 0 ? "" : ", ", names[i]);
  }
  fail(key, concat("\"", printable(*text), "\" is not known; choose among ", known));
  return std::nullopt;
}

std::optional<Json> TomlReader::json_if(std::string_view key) {
  const void* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (as_node(node).is_table()) {
    if (auto value = to_json(as_node(node))) return value;
  }
  fail(key, "is neither a file's name nor a table without dates; write { type = \"object\" }");
  return std::nullopt;
}

std::optional<TomlReader> TomlReader::table_if(std::string_view key) {
  const void* node = find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* table = as_node(node).as_table()) return TomlReader(file_, table);
  fail(key, concat("is no table; begin it with [", printable(key), "]"));
  return std::nullopt;
}

std::vector<TomlReader> TomlReader::tables_if(std::string_view key) {
  const void* node = find(key);
  if (node == nullptr) return {};
  std::vector<TomlReader> tables;
  if (const auto* array = as_node(node).as_array()) {
    for (const auto& element : *array) {
      const auto* table = element.as_table();
      if (table == nullptr) break;
      tables.push_back(TomlReader(file_, table));
    }
    if (tables.size() == array->size()) return tables;
  }
  fail(key, concat("is no list of tables; begin each with [[", printable(key), "]]"));
  return {};
}

std::vector<std::string> TomlReader::keys() {
  std::vector<std::string> keys;
  for (const auto& [key, node] : as_table(table_)) {
    keys.emplace_back(key.str());
    known_.emplace(key.str());
  }
  return keys;
}

int32_t TomlReader::line(std::string_view key) const {
  const toml::node* node = as_table(table_).get(key);
  const toml::node& at = node != nullptr ? *node : as_table(table_);
  return static_cast<int32_t>(at.source().begin.line);
}

Result<void> TomlReader::finish() {
  for (const auto& [key, node] : as_table(table_)) {
    if (known_.contains(key.str())) continue;
    std::string known;
    for (const std::string& name : known_) known += concat(known.empty() ? "" : ", ", name);
    file_->fail(node, key.str(), concat("is not known here; known are ", known), ErrorCode::kUsage);
  }
  if (file_->error) return *file_->error;
  return {};
}

}  // namespace hearth

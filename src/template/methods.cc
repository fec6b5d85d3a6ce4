// SPDX-License-Identifier: Apache-2.0
// The methods of Python's str, list and dict, and loop.cycle().
#include <algorithm>
#include <limits>
#include <span>

#include "base/strings.h"
#include "base/utf8.h"
#include "template/builtins.h"
#include "template/format.h"
#include "template/interpreter.h"
#include "template/operators.h"
#include "text/unicode.h"

namespace hearth::jinja {
namespace {

const Text& text_of(const Value& self) { return *self.get<Text>(); }

template <StripSides sides>
Result<Value> text_strip(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const Text& text = text_of(self);
  HEARTH_ASSIGN(const Bound bound, Bound::create("strip", arguments, {"chars"}));
  HEARTH_TRY(interpreter.budget().spend_bytes(text.view().size()));
  const bool by_space = bound.get(0) == nullptr || bound[0].is<None>();
  HEARTH_ASSIGN(const std::string_view characters, bound.text(0, ""));
  HEARTH_TRY(interpreter.budget().spend_bytes(characters.size() * 8));
  const TextRange range = by_space ? strip_white_space(text.view(), sides)
                                   : strip_characters(text.view(), characters, sides);
  return Value{text.slice(range.begin, range.end)};
}

// The pieces between runs of white space, at most `splits` + 1 of them.
std::vector<Value> split_by_space(const Text& text, int64_t splits) {
  std::vector<Value> pieces;
  const std::string_view bytes = text.view();
  std::size_t at = strip_white_space(bytes, StripSides::kLeft).begin;
  while (at < bytes.size() && pieces.size() <= kItemsMax) {
    std::size_t end = at;
    if (splits >= 0 && static_cast<int64_t>(pieces.size()) == splits) {
      pieces.push_back({text.slice(at, bytes.size())});
      break;
    }
    while (end < bytes.size()) {
      const Utf8Char character = decode_utf8(bytes.substr(end));
      if (character.valid && is_space(character.code_point)) break;
      end += character.bytes;
    }
    pieces.push_back({text.slice(at, end)});
    at = end + strip_white_space(bytes.substr(end), StripSides::kLeft).begin;
  }
  return pieces;
}

// A list longer than kItemsMax is refused in any case.
bool splits_left(int64_t splits, const std::vector<Value>& pieces) {
  if (pieces.size() > kItemsMax) return false;
  return splits < 0 || static_cast<int64_t>(pieces.size()) < splits;
}

std::vector<Value> split_by_text(const Text& text, std::string_view separator, int64_t splits) {
  std::vector<Value> pieces;
  const std::string_view bytes = text.view();
  std::size_t at = 0;
  while (splits_left(splits, pieces)) {
    const std::size_t found = find_bytes(bytes, separator, at);
    if (found == std::string_view::npos) break;
    pieces.push_back({text.slice(at, found)});
    at = found + separator.size();
  }
  pieces.push_back({text.slice(at, bytes.size())});
  return pieces;
}

// From the right: at most `splits` + 1 pieces, the first of which is the longest.
std::vector<Value> split_from_right(const Text& text, std::string_view separator, int64_t splits) {
  std::vector<Value> pieces;
  const std::string_view bytes = text.view();
  std::size_t end = bytes.size();
  while (splits_left(splits, pieces)) {
    if (end < separator.size()) break;
    const std::size_t found = bytes.rfind(separator, end - separator.size());
    if (found == std::string_view::npos) break;
    pieces.push_back({text.slice(found + separator.size(), end)});
    end = found;
  }
  pieces.push_back({text.slice(0, end)});
  std::reverse(pieces.begin(), pieces.end());
  return pieces;
}

enum class Direction { kLeft, kRight };

template <Direction direction>
Result<Value> text_split(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const Text& text = text_of(self);
  HEARTH_ASSIGN(const Bound bound, Bound::create("split", arguments, {"sep", "maxsplit"}));
  HEARTH_ASSIGN(const int64_t splits, bound.integer(1, -1));
  const bool by_space = bound.get(0) == nullptr || bound[0].is<None>();
  HEARTH_ASSIGN(const std::string_view separator, bound.text(0, ""));
  // From the right the search is quadratic at worst.
  const std::size_t passes = direction == Direction::kLeft ? 1 : separator.size();
  HEARTH_TRY(interpreter.budget().spend_bytes(text.view().size() * passes));
  if (by_space && direction == Direction::kRight && splits >= 0) {
    return Error(ErrorCode::kUnsupported, "rsplit() with maxsplit and no separator");
  }
  if (!by_space && separator.empty()) return type_error("empty separator");
  return list_value(ListKind::kList,
                    by_space                        ? split_by_space(text, splits)
                    : direction == Direction::kLeft ? split_by_text(text, separator, splits)
                                                    : split_from_right(text, separator, splits),
                    interpreter.budget());
}

Result<Value> text_splitlines(Interpreter& interpreter, const Value& self,
                              const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("splitlines", arguments));
  const Text& text = text_of(self);
  HEARTH_TRY(interpreter.budget().spend_bytes(text.view().size()));
  std::vector<Value> lines;
  for (const TextRange& line : split_lines(text.view())) {
    lines.push_back({text.slice(line.begin, line.end)});
  }
  return list_value(ListKind::kList, std::move(lines), interpreter.budget());
}

// The part of `text` between the optional arguments `start` and `end`, positions in code points.
Result<Text> window(const Text& text, const Bound& bound, Budget& budget) {
  if (bound.get(1) == nullptr && bound.get(2) == nullptr) return text;
  HEARTH_ASSIGN(const Value part,
                get_slice(Value{text}, bound.get(1), bound.get(2), nullptr, budget));
  return *part.get<Text>();
}

// Whether the text begins or ends with the argument, or with one of a tuple of them.
template <Direction direction>
Result<Value> text_begins(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  const std::string_view name = direction == Direction::kLeft ? "startswith" : "endswith";
  HEARTH_ASSIGN(const Bound bound, Bound::create(name, arguments, {"prefix", "start", "end"}, 1));
  HEARTH_ASSIGN(const Text part, window(text_of(self), bound, interpreter.budget()));
  std::vector<Value> candidates{bound[0]};
  if (const List* list = bound[0].get<List>(); list && list->kind() == ListKind::kTuple) {
    candidates.clear();
    for (std::size_t i = 0; i < list->size(); ++i) candidates.push_back(list->at(i));
  }
  const std::string_view text = part.view();
  for (const Value& candidate : candidates) {
    const Text* affix = candidate.get<Text>();
    if (affix == nullptr) {
      if (const auto* undefined = candidate.get<Undefined>()) return undefined_error(*undefined);
      return type_error(
          concat(name, "() needs a str or a tuple of str, not ", type_name(candidate)));
    }
    HEARTH_TRY(interpreter.budget().spend_bytes(affix->view().size()));
    if (direction == Direction::kLeft ? text.starts_with(affix->view())
                                      : text.ends_with(affix->view())) {
      return Value{true};
    }
  }
  return Value{false};
}

template <std::string (*convert)(std::string_view)>
Result<Value> text_convert(Interpreter& interpreter, const Value& self,
                           const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("the method", arguments));
  const Text& text = text_of(self);
  HEARTH_TRY(interpreter.budget().spend_bytes(text.view().size()));
  return derived_text(text, convert(text.view()), interpreter.budget());
}

// Position in code points, -1 where there is none.
template <Direction direction>
Result<Value> text_find(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("find", arguments, {"sub", "start", "end"}, 1));
  HEARTH_ASSIGN(const std::string_view part, bound.text(0, ""));
  HEARTH_ASSIGN(const Text searched, window(text_of(self), bound, interpreter.budget()));
  const std::string_view text = searched.view();
  // From the right the search is quadratic at worst.
  const std::size_t passes = direction == Direction::kLeft ? 1 : part.size();
  HEARTH_TRY(interpreter.budget().spend_bytes(text.size() * (1 + passes)));
  const std::size_t at = direction == Direction::kLeft ? find_bytes(text, part) : text.rfind(part);
  if (at == std::string_view::npos) return Value{int64_t{-1}};
  // The window shares the bytes of the whole, so that the distance tells where it begins.
  const std::string_view whole = text_of(self).view();
  const auto before = static_cast<std::size_t>(text.data() - whole.data()) + at;
  return Value{static_cast<int64_t>(count_code_points(whole.substr(0, before)))};
}

Result<Value> text_index(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Value found, text_find<Direction::kLeft>(interpreter, self, arguments));
  if (*found.get<int64_t>() < 0) return type_error("substring not found");
  return found;
}

Result<Value> text_count(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("count", arguments, {"sub"}, 1));
  HEARTH_ASSIGN(const std::string_view part, bound.text(0, ""));
  const std::string_view text = text_of(self).view();
  HEARTH_TRY(interpreter.budget().spend_bytes(text.size()));
  if (part.empty()) return Value{static_cast<int64_t>(count_code_points(text)) + 1};
  int64_t count = 0;
  for (std::size_t at = find_bytes(text, part); at != std::string_view::npos;
       at = find_bytes(text, part, at + part.size())) {
    ++count;
  }
  return Value{count};
}

Result<Value> text_replace(Interpreter& interpreter, const Value& self,
                           const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("replace", arguments, {"old", "new", "count"}, 2));
  if (!bound[0].is<Text>() || !bound[1].is<Text>()) return type_error("replace() needs two str");
  HEARTH_ASSIGN(const int64_t count, bound.integer(2, -1));
  HEARTH_ASSIGN(Text replaced, replace_text(text_of(self), *bound[0].get<Text>(),
                                            *bound[1].get<Text>(), count, interpreter.budget()));
  return Value{std::move(replaced)};
}

Result<Value> text_join(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("join", arguments, {"iterable"}, 1));
  HEARTH_ASSIGN(const List items, iterate(bound[0], interpreter.budget()));
  TextBuilder out;
  for (std::size_t i = 0; i < items.size(); ++i) {
    HEARTH_TRY(interpreter.budget().spend(1));
    const Value item = items.at(i);
    const Text* text = item.get<Text>();
    if (text == nullptr) {
      return type_error(
          concat("sequence item ", i, ": expected str instance, ", type_name(item), " found"));
    }
    if (i > 0) out.append(text_of(self));
    out.append(*text);
    if (out.full()) break;  // reported by finish()
  }
  HEARTH_ASSIGN(Text joined, out.finish(interpreter.budget()));
  return Value{std::move(joined)};
}

Result<Value> text_format(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  return brace_format(text_of(self), arguments, interpreter.budget());
}

template <Direction direction>
Result<Value> text_remove(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("removeprefix", arguments, {"prefix"}, 1));
  HEARTH_ASSIGN(const std::string_view affix, bound.text(0, ""));
  const Text& text = text_of(self);
  HEARTH_TRY(interpreter.budget().spend_bytes(affix.size()));
  const std::size_t size = text.view().size();
  if (direction == Direction::kLeft) {
    return Value{text.view().starts_with(affix) ? text.slice(affix.size(), size) : text};
  }
  return Value{text.view().ends_with(affix) ? text.slice(0, size - affix.size()) : text};
}

// isdigit(), isalpha(), ...: at least one character, and all of the class. Digits are ASCII's only.
template <bool (*is_member)(char32_t)>
Result<Value> text_is(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("the method", arguments));
  std::string_view rest = text_of(self).view();
  HEARTH_TRY(interpreter.budget().spend_bytes(rest.size()));
  if (rest.empty()) return Value{false};
  while (!rest.empty()) {
    const Utf8Char character = decode_utf8(rest);
    if (!character.valid || !is_member(character.code_point)) return Value{false};
    rest.remove_prefix(character.bytes);
  }
  return Value{true};
}

bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }
bool is_numeric(char32_t c) { return (char_traits(c) & kTraitNumber) != 0; }
bool is_alpha(char32_t c) { return (char_traits(c) & kTraitLetter) != 0; }
bool is_alnum(char32_t c) { return (char_traits(c) & (kTraitLetter | kTraitNumber)) != 0; }

template <bool upper>
Result<Value> text_is_cased(Interpreter& interpreter, const Value& self,
                            const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("the method", arguments));
  return find_test(upper ? "upper" : "lower")->call(interpreter, self, arguments);
}

constexpr Builtin kTextMethods[] = {
    {"strip", text_strip<StripSides::kBoth>},
    {"lstrip", text_strip<StripSides::kLeft>},
    {"rstrip", text_strip<StripSides::kRight>},
    {"split", text_split<Direction::kLeft>},
    {"rsplit", text_split<Direction::kRight>},
    {"splitlines", text_splitlines},
    {"startswith", text_begins<Direction::kLeft>},
    {"endswith", text_begins<Direction::kRight>},
    {"upper", text_convert<upper>},
    {"lower", text_convert<lower>},
    {"title", text_convert<title_method>},
    {"capitalize", text_convert<capitalize>},
    {"find", text_find<Direction::kLeft>},
    {"rfind", text_find<Direction::kRight>},
    {"index", text_index},
    {"count", text_count},
    {"replace", text_replace},
    {"join", text_join},
    {"format", text_format},
    {"removeprefix", text_remove<Direction::kLeft>},
    {"removesuffix", text_remove<Direction::kRight>},
    {"isdigit", text_is<is_digit>},
    {"isnumeric", text_is<is_numeric>},
    {"isdecimal", text_is<is_digit>},
    {"isalpha", text_is<is_alpha>},
    {"isalnum", text_is<is_alnum>},
    {"isspace", text_is<is_space>},
    {"isupper", text_is_cased<true>},
    {"islower", text_is_cased<false>},
};

Result<Value> list_count(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("count", arguments, {"value"}, 1));
  const List& list = *self.get<List>();
  int64_t count = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_ASSIGN(const bool same, equal(list.at(i), bound[0], interpreter.budget()));
    count += same ? 1 : 0;
  }
  return Value{count};
}

Result<Value> list_index(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("index", arguments, {"value"}, 1));
  const List& list = *self.get<List>();
  for (std::size_t i = 0; i < list.size(); ++i) {
    HEARTH_ASSIGN(const bool same, equal(list.at(i), bound[0], interpreter.budget()));
    if (same) return Value{static_cast<int64_t>(i)};
  }
  return type_error("the value is not in the list");
}

constexpr Builtin kListMethods[] = {{"count", list_count}, {"index", list_index}};

Result<Value> dict_get(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_ASSIGN(const Bound bound, Bound::create("get", arguments, {"key", "default"}, 1));
  HEARTH_ASSIGN(std::optional<Value> found, self.get<Dict>()->find(bound[0], interpreter.budget()));
  if (found.has_value()) return *std::move(found);
  return bound.get(1) == nullptr ? Value{None{}} : bound[1];
}

template <ListKind kind>
Result<Value> dict_view(Interpreter& interpreter, const Value& self, const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("the method", arguments));
  return view_dict(*self.get<Dict>(), kind, interpreter.budget());
}

Result<Value> dict_copy(Interpreter&, const Value& self, const Arguments& arguments) {
  HEARTH_TRY(expect_no_arguments("copy", arguments));
  return self;  // dicts do not change
}

constexpr Builtin kDictMethods[] = {{"get", dict_get},
                                    {"items", dict_view<ListKind::kItemsView>},
                                    {"keys", dict_view<ListKind::kKeysView>},
                                    {"values", dict_view<ListKind::kValuesView>},
                                    {"copy", dict_copy}};

Result<Value> loop_cycle(Interpreter&, const Value& self, const Arguments& arguments) {
  if (arguments.positional.empty()) return type_error("no items for cycling given");
  const Loop& loop = **self.get<std::shared_ptr<Loop>>();
  return arguments.positional[loop.index0 % arguments.positional.size()];
}

constexpr Builtin kLoopMethods[] = {{"cycle", loop_cycle}};

const Builtin* find_in(std::span<const Builtin> table, std::string_view name) {
  for (const Builtin& builtin : table) {
    if (builtin.name == name) return &builtin;
  }
  return nullptr;
}

}  // namespace

Result<Value> view_dict(const Dict& dict, ListKind kind, Budget& budget) {
  HEARTH_TRY(budget.spend_bytes(dict.size() * sizeof(Value)));
  std::vector<Value> items;
  items.reserve(dict.size());
  for (std::size_t i = 0; i < dict.size(); ++i) {
    if (kind == ListKind::kKeysView) {
      items.push_back(dict.key(i));
    } else if (kind == ListKind::kValuesView) {
      items.push_back(dict.value(i));
    } else {
      HEARTH_ASSIGN(Value pair, list_value(ListKind::kTuple, {dict.key(i), dict.value(i)}, budget));
      items.push_back(std::move(pair));
    }
  }
  return list_value(kind, std::move(items), budget);
}

Result<Text> replace_text(const Text& text, const Text& old_part, const Text& new_part,
                          int64_t count, Budget& budget) {
  const std::string_view bytes = text.view();
  const std::string_view part = old_part.view();
  HEARTH_TRY(budget.spend_bytes(bytes.size()));
  if (count < 0) count = std::numeric_limits<int64_t>::max();
  TextBuilder out;
  std::size_t at = 0;
  std::size_t search = 0;
  for (; count > 0 && !out.full(); --count) {
    const std::size_t found = find_bytes(bytes, part, search);
    if (found == std::string_view::npos) break;
    out.append(text.slice(at, found));
    out.append(new_part);
    at = found + part.size();
    search = at;
    if (part.empty()) {  // Python puts the new part before every character and at the end
      if (at == bytes.size()) break;
      search = at + decode_utf8(bytes.substr(at)).bytes;
    }
  }
  out.append(text.slice(at, bytes.size()));
  return out.finish(budget);
}

const Builtin* find_method(const Value& object, std::string_view name) {
  if (object.is<Text>()) return find_in(kTextMethods, name);
  if (object.is<Dict>()) return find_in(kDictMethods, name);
  if (object.is<std::shared_ptr<Loop>>()) return find_in(kLoopMethods, name);
  const List* list = object.get<List>();
  const bool has_methods =
      list != nullptr && (list->kind() == ListKind::kList || list->kind() == ListKind::kTuple);
  return has_methods ? find_in(kListMethods, name) : nullptr;
}

namespace {

bool is_among(std::span<const std::string_view> names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

bool is_mutating_method(const Value& object, std::string_view name) {
  constexpr std::string_view kList[] = {"append", "clear",  "extend",  "insert",
                                        "pop",    "remove", "reverse", "sort"};
  constexpr std::string_view kDict[] = {"clear", "pop", "popitem", "setdefault", "update"};
  if (object.is<Dict>()) return is_among(kDict, name);
  const List* list = object.get<List>();
  return list != nullptr && list->kind() == ListKind::kList && is_among(kList, name);
}

bool is_missing_method(const Value& object, std::string_view name) {
  constexpr std::string_view kText[] = {
      "casefold", "center",       "encode",      "expandtabs", "format_map", "isascii",
      "istitle",  "isidentifier", "isprintable", "ljust",      "maketrans",  "partition",
      "rjust",    "rpartition",   "swapcase",    "translate",  "zfill"};
  return object.is<Text>() && is_among(kText, name);
}

}  // namespace hearth::jinja

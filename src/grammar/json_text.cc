// SPDX-License-Identifier: Apache-2.0
#include "grammar/json_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/utf8.h"
#include "grammar/number_text.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int32_t kIndentMax = 40;

struct Escape {
  char32_t of;
  char letter;
};
constexpr std::array<Escape, 7> kEscapes = {
    {{'"', '"'}, {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'}, {'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}}};

constexpr CharRange kControl = {0, 0x1F};  // what no string holds unescaped, beside " and backslash

bool is_in(char32_t c, std::span<const CharRange> ranges) {
  return std::ranges::any_of(
      ranges, [c](const CharRange& range) { return range.first <= c && c <= range.last; });
}

std::u32string code_points(std::string_view text) {
  std::u32string out;
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    out.push_back(next.code_point);
    text.remove_prefix(next.bytes);
  }
  return out;
}

}  // namespace

ExpressionId JsonText::spell(std::vector<CharRange> ranges) {
  std::vector<CharRange> plain;
  // What is in `ranges` but not among the others: the complement of what is outside or among them.
  std::vector<CharRange> outside = other_chars(ranges);
  outside.insert(outside.end(), {kControl, {'"', '"'}, {'\\', '\\'}});
  plain = other_chars(std::move(outside));
  std::vector<ExpressionId> choices;
  if (!plain.empty()) choices.push_back(rules_->chars(std::move(plain)));
  for (const Escape& escape : kEscapes) {
    if (!is_in(escape.of, ranges)) continue;
    const std::array<char, 2> text = {'\\', escape.letter};
    choices.push_back(rules_->literal({text.data(), text.size()}));
  }
  for (char32_t c = kControl.first; c <= kControl.last; ++c) {
    const bool has_letter =
        std::ranges::any_of(kEscapes, [c](const Escape& escape) { return escape.of == c; });
    if (has_letter || !is_in(c, ranges)) continue;
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string text = "\\u00";
    text += kHex[c >> 4];
    text += kHex[c & 15];
    choices.push_back(rules_->literal(text));
  }
  return choices.empty() ? rules_->bytes({}) : rules_->choice(std::move(choices));
}

ExpressionId JsonText::char_body() {
  const auto hex = [&] { return rules_->bytes({{'0', '9'}, {'A', 'F'}, {'a', 'f'}}); };
  const auto d = [&] { return rules_->bytes({{'D', 'D'}, {'d', 'd'}}); };
  const auto escaped = [&](std::vector<ExpressionId> digits) {
    digits.insert(digits.begin(), rules_->literal("\\u"));
    return rules_->sequence(std::move(digits));
  };
  const ExpressionId not_d =
      rules_->bytes({{'0', '9'}, {'A', 'C'}, {'E', 'F'}, {'a', 'c'}, {'e', 'f'}});
  const ExpressionId low = rules_->bytes({{'0', '7'}});  // behind a D: no surrogate
  const ExpressionId first_half = rules_->bytes({{'8', '9'}, {'A', 'B'}, {'a', 'b'}});
  const ExpressionId second_half = rules_->bytes({{'C', 'F'}, {'c', 'f'}});
  const std::string_view letters = "\"\\/bfnrt";
  std::vector<ByteRange> letter_bytes;
  for (const char letter : letters)
    letter_bytes.push_back({static_cast<uint8_t>(letter), static_cast<uint8_t>(letter)});
  return rules_->choice(
      {rules_->chars(other_chars({kControl, {'"', '"'}, {'\\', '\\'}})),
       rules_->sequence({rules_->literal("\\"), rules_->bytes(std::move(letter_bytes))}),
       escaped({not_d, hex(), hex(), hex()}), escaped({d(), low, hex(), hex()}),
       rules_->sequence(
           {escaped({d(), first_half, hex(), hex()}), escaped({d(), second_half, hex(), hex()})})});
}

ExpressionId JsonText::blank_body() {
  const ExpressionId indent =
      rules_->repeat(rules_->bytes({{'\t', '\t'}, {' ', ' '}}), 0, kIndentMax);
  return rules_->choice({rules_->literal(" "), rules_->sequence({rules_->literal("\n"), indent})});
}

// A rule of its own, made when it is asked for first.
ExpressionId JsonText::rule_once(std::optional<RuleId>& rule, std::string_view name,
                                 ExpressionId (JsonText::*body)()) {
  if (!rule) {
    rule = rules_->add_rule(std::string(name));
    rules_->define(*rule, (this->*body)());
  }
  return rules_->rule(*rule);
}

ExpressionId JsonText::any_char() { return rule_once(char_, "character", &JsonText::char_body); }

ExpressionId JsonText::blank() {
  return rules_->optional(rule_once(blank_, "space", &JsonText::blank_body));
}

ExpressionId JsonText::any_value() { return rule_once(value_, "value", &JsonText::value_body); }

ExpressionId JsonText::value_body() {
  const ExpressionId value = rules_->rule(*value_);
  const ExpressionId named = member(string(0, Rules::kNoLimit), value);
  return rules_->choice({rules_->literal("null"), rules_->literal("true"), rules_->literal("false"),
                         number_text(*rules_, {}), string(0, Rules::kNoLimit),
                         array({}, value, 0, Rules::kNoLimit),
                         object({}, named, 0, Rules::kNoLimit)});
}

ExpressionId JsonText::quoted(ExpressionId inside) {
  return rules_->sequence({rules_->literal("\""), inside, rules_->literal("\"")});
}

ExpressionId JsonText::string(int32_t min, int32_t max) {
  return quoted(rules_->repeat(any_char(), min, max));
}

// Of names that begin alike up to `from`: all that goes on otherwise than they do.
ExpressionId JsonText::not_one_of(std::span<const std::u32string> names, std::size_t from) {
  std::map<char32_t, std::vector<std::u32string>> next;
  bool may_end = true;
  for (const std::u32string& name : names) {
    if (name.size() == from) {
      may_end = false;
    } else {
      next[name[from]].push_back(name);
    }
  }
  std::vector<CharRange> known;
  std::vector<ExpressionId> choices;
  for (const auto& [c, same] : next) {
    known.push_back({c, c});
    choices.push_back(rules_->sequence({spell({{c, c}}), not_one_of(same, from + 1)}));
  }
  const ExpressionId anything = rules_->repeat(spell(other_chars({})), 0, Rules::kNoLimit);
  choices.push_back(rules_->sequence({spell(other_chars(std::move(known))), anything}));
  const ExpressionId longer = rules_->choice(std::move(choices));
  return may_end ? rules_->optional(longer) : longer;
}

ExpressionId JsonText::name_except(std::span<const std::string> names) {
  if (names.empty()) return string(0, Rules::kNoLimit);
  std::vector<std::u32string> spelled;
  for (const std::string& name : names) spelled.push_back(code_points(name));
  return quoted(not_one_of(spelled, 0));
}

ExpressionId JsonText::member(ExpressionId name, ExpressionId value) {
  return rules_->sequence(
      {name, rules_->literal(":"), rules_->optional(rules_->literal(" ")), value});
}
ExpressionId JsonText::member(std::string_view name, ExpressionId value) {
  return member(rules_->literal(Json(name).dump()), value);
}

ExpressionId JsonText::array(std::span<const ExpressionId> first, std::optional<ExpressionId> rest,
                             int32_t count_min, int32_t count_max) {
  const auto given = static_cast<int32_t>(first.size());
  const auto behind_comma = [&](ExpressionId item) {
    return rules_->sequence({rules_->literal(","), blank(), item});
  };
  // From the last item to the first: what can follow behind `count` items.
  const auto follows = [&](ExpressionId next, int32_t count) {
    return count < count_min ? next : rules_->optional(next);
  };
  const auto room = [&](int32_t count) {
    return count_max == Rules::kNoLimit || count < count_max;
  };
  ExpressionId tail = rules_->sequence({});
  const int32_t first_of_rest = std::max(given, 1);
  if (rest && room(first_of_rest)) {
    tail =
        rules_->repeat(behind_comma(*rest), std::max(0, count_min - first_of_rest),
                       count_max == Rules::kNoLimit ? Rules::kNoLimit : count_max - first_of_rest);
  }
  for (int32_t i = given - 1; i > 0; --i) {
    if (!room(i)) continue;
    const ExpressionId item = behind_comma(first[static_cast<std::size_t>(i)]);
    tail = follows(rules_->sequence({item, tail}), i);
  }
  std::vector<ExpressionId> parts = {rules_->literal("["), blank()};
  if (room(0) && (given > 0 || rest)) {
    const ExpressionId head = given > 0 ? first.front() : *rest;
    parts.push_back(follows(rules_->sequence({head, tail, blank()}), 0));
  }
  parts.push_back(rules_->literal("]"));
  return rules_->sequence(std::move(parts));
}

// Members stand behind commas, of which the first one's is left out: what follows a comma in a list
// of which each has one.
ExpressionId JsonText::object(std::span<const Member> members, std::optional<ExpressionId> others,
                              int32_t others_min, int32_t others_max) {
  const auto behind_comma = [&](ExpressionId member) {
    return rules_->sequence({rules_->literal(","), blank(), member});
  };
  std::vector<ExpressionId> list;
  bool may_be_empty = others_min == 0;
  for (const Member& member : members) {
    const ExpressionId one = behind_comma(member.expression);
    list.push_back(member.is_required ? one : rules_->optional(one));
    may_be_empty = may_be_empty && !member.is_required;
  }
  std::vector<ExpressionId> parts = {rules_->literal("{"), blank()};
  if (others && members.empty()) {
    // The first one apart, so that long lists can be made of rules.
    const ExpressionId more = rules_->repeat(
        behind_comma(*others), std::max(0, others_min - 1),
        others_max == Rules::kNoLimit ? Rules::kNoLimit : std::max(0, others_max - 1));
    const ExpressionId some = rules_->sequence({*others, more, blank()});
    if (others_max != 0) parts.push_back(may_be_empty ? rules_->optional(some) : some);
  } else if (!members.empty()) {
    if (others) list.push_back(rules_->repeat(behind_comma(*others), others_min, others_max));
    const ExpressionId some =
        rules_->sequence({rules_->after(rules_->sequence(std::move(list)), ','), blank()});
    parts.push_back(may_be_empty ? rules_->optional(some) : some);
  }
  parts.push_back(rules_->literal("}"));
  return rules_->sequence(std::move(parts));
}

ExpressionId JsonText::value(const Json& value) {
  if (value.is_array()) {
    std::vector<ExpressionId> items;
    for (const Json& item : value) items.push_back(this->value(item));
    const auto count = static_cast<int32_t>(items.size());
    return array(items, std::nullopt, count, count);
  }
  if (value.is_object()) {
    std::vector<Member> members;
    for (const auto& [name, of] : value.items())
      members.push_back({member(name, this->value(of)), true});
    return object(members, std::nullopt, 0, 0);
  }
  return rules_->literal(value.dump());
}

}  // namespace hearth

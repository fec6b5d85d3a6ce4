// SPDX-License-Identifier: Apache-2.0
// The parts of JSON texts as expressions: strings, names, values of any kind, white space.
//
// White space between the parts of a text is one space, or a line end with up to 40 spaces or tabs:
// so that what models were trained on fits, and no answer is all space.
//
// Ownership: borrows the rules. Threading: one builder at a time.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/expression.h"

namespace hearth {

class JsonText {
 public:
  explicit JsonText(Rules& rules) : rules_(&rules) {}

  // One character of the ranges, spelled as in a string: escaped only where it must be.
  ExpressionId spell(std::vector<CharRange> ranges);
  // One character, escaped or not, but no half of a surrogate pair.
  ExpressionId any_char();
  // A string of `min` to `max` characters, or Rules::kNoLimit.
  ExpressionId string(int32_t min, int32_t max);
  // A string whose inside fits.
  ExpressionId quoted(ExpressionId inside);
  // The name of an object's member that is none of these.
  ExpressionId name_except(std::span<const std::string> names);

  // White space, or none.
  ExpressionId blank();
  // `"name": ` and `value`.
  ExpressionId member(std::string_view name, ExpressionId value);
  ExpressionId member(ExpressionId name, ExpressionId value);
  // The value itself, its members in their order.
  ExpressionId value(const nlohmann::ordered_json& value);
  // Any value, with objects and arrays as deep as a Matcher goes.
  ExpressionId any_value();
  // A list in brackets of `count_min` items at least: the first ones as given, then `rest` up to
  // `count_max` in all.
  ExpressionId array(std::span<const ExpressionId> first, std::optional<ExpressionId> rest,
                     int32_t count_min, int32_t count_max);
  // An object with these members, in this order, of which some may be left out, and then others.
  struct Member {
    ExpressionId expression;
    bool is_required;
  };
  ExpressionId object(std::span<const Member> members, std::optional<ExpressionId> others,
                      int32_t others_min, int32_t others_max);

 private:
  ExpressionId rule_once(std::optional<RuleId>& rule, std::string_view name,
                         ExpressionId (JsonText::*body)());
  ExpressionId blank_body();
  ExpressionId char_body();
  ExpressionId value_body();
  ExpressionId not_one_of(std::span<const std::u32string> names, std::size_t from);

  Rules* rules_;
  std::optional<RuleId> blank_, char_, value_;
};

}  // namespace hearth

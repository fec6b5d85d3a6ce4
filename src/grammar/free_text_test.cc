// SPDX-License-Identifier: Apache-2.0
#include "grammar/free_text.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "grammar/matcher.h"

namespace hearth {
namespace {

// What fits `text` and then, perhaps, `behind`.
Automaton automaton_of(ExpressionId (*text)(std::string_view, Rules&), std::string_view marker,
                       std::string_view behind) {
  Rules rules;
  const RuleId root = rules.add_rule("root");
  rules.define(root, rules.sequence({text(marker, rules), rules.optional(rules.literal(behind))}));
  auto automaton = Automaton::compile(rules, root);
  EXPECT_TRUE(automaton.ok()) << automaton.error().message();
  return std::move(automaton).value();
}

TEST(FreeText, AMarkerStandsNowhereInItButMayFollowIt) {
  // "abac" overlaps with itself: behind "aba" a "b" is the second byte again.
  const Automaton automaton = automaton_of(text_without, "abac", "abac!");
  for (const auto* fits_it :
       {"", "aba", "abab", "ababab\xFF\n", "abac!", "ababac!", "aabac!", "x abac!"})
    EXPECT_TRUE(fits(automaton, fits_it)) << fits_it;
  for (const auto* other : {"abac", "ababac", "xabac ", "abac!x", "abac!abac!", "aabac"})
    EXPECT_FALSE(fits(automaton, other)) << other;
  EXPECT_TRUE(fits(automaton, std::string_view("\0\x80", 2)));
}

TEST(FreeText, ItMayHoldWhatItMustNotBeginWith) {
  const Automaton automaton = automaton_of(text_not_beginning_with, "{\"n", "");
  for (const auto* fits_it : {"", "{", "{\"", "{\"m", " {\"n", "x{\"n\"", "{{\"n"})
    EXPECT_TRUE(fits(automaton, fits_it)) << fits_it;
  for (const auto* other : {"{\"n", "{\"name\": 1}"}) EXPECT_FALSE(fits(automaton, other)) << other;
}

}  // namespace
}  // namespace hearth

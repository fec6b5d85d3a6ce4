// SPDX-License-Identifier: Apache-2.0
#include "grammar/number_text.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>

#include "grammar/matcher.h"

namespace hearth {
namespace {

Automaton compile(const NumberLimits& limits) {
  Rules rules;
  const RuleId root = rules.add_rule("number");
  rules.define(root, number_text(rules, limits));
  auto automaton = Automaton::compile(rules, root);
  EXPECT_TRUE(automaton.ok()) << automaton.error().message();
  return std::move(automaton).value();
}

// Every number with up to three digits and a point among them against every limit of some.
TEST(NumberText, LimitsAreThoseOfTheNumbers) {
  std::vector<std::string> texts;
  for (int number = -1100; number <= 1100; ++number) {
    texts.push_back(std::to_string(number));
    for (const char* fraction : {".0", ".00", ".5", ".05", ".049", ".051", ".050", ".9"})
      texts.push_back(std::to_string(number) + fraction);
  }
  for (const char* zero : {"-0", "-0.0", "-0.05", "-0.5"}) texts.emplace_back(zero);
  for (const double limit :
       {0.0, 5.0, -5.0, 0.05, -0.05, 99.05, -99.05, 100.0, 1000.0, -1000.5, 1e6}) {
    for (const bool is_excluded : {false, true}) {
      const NumberLimit bound = {decimal(limit), is_excluded};
      const Automaton least = compile({.minimum = bound, .maximum = {}, .multiple_of = {}});
      const Automaton most = compile({.minimum = {}, .maximum = bound, .multiple_of = {}});
      for (const std::string& text : texts) {
        const double value = std::strtod(text.c_str(), nullptr);
        const bool equals = value == limit && !is_excluded;
        ASSERT_EQ(fits(least, text), value > limit || equals) << text << " from " << limit;
        ASSERT_EQ(fits(most, text), value < limit || equals) << text << " to " << limit;
      }
    }
  }
}

TEST(NumberText, WholeNumbersAndMultiples) {
  const Automaton automaton = compile({.is_integer = true,
                                       .minimum = NumberLimit{decimal(int64_t{-100}), false},
                                       .maximum = NumberLimit{decimal(int64_t{12345}), true},
                                       .multiple_of = 7});
  for (int64_t number = -200; number < 13000; ++number) {
    ASSERT_EQ(fits(automaton, std::to_string(number)),
              number >= -100 && number < 12345 && number % 7 == 0)
        << number;
  }
  for (const auto* text : {"7.0", "07", "+7", "7e0", "", "-"}) EXPECT_FALSE(fits(automaton, text));
}

TEST(NumberText, WithoutLimitsJsonsOwn) {
  const Automaton automaton = compile({});
  for (const auto* text : {"0", "-0", "1", "-1.5", "0.001", "1e5", "1.5E-07", "123456789012345678"})
    EXPECT_TRUE(fits(automaton, text)) << text;
  for (const auto* text : {"", "-", "01", ".5", "1.", "1e", "1e999", "NaN", "0x1", "1,000"})
    EXPECT_FALSE(fits(automaton, text)) << text;
}

TEST(NumberText, DecimalsAreExact) {
  EXPECT_EQ(decimal(-0.0).negative, false);
  EXPECT_EQ(decimal(0.1).fraction, "1");
  EXPECT_EQ(decimal(-1234.5).whole, "1234");
  EXPECT_EQ(decimal(1e21).whole, "1000000000000000000000");
  EXPECT_EQ(decimal(INT64_MIN).whole, "9223372036854775808");
  EXPECT_EQ(decimal(5e-324).fraction.size(), 324u);
}

}  // namespace
}  // namespace hearth

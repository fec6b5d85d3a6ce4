// SPDX-License-Identifier: Apache-2.0
#include "grammar/regex.h"

#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <string_view>

#include "grammar/matcher.h"

namespace hearth {
namespace {

Automaton compile(std::string_view pattern) {
  auto automaton = compile_regex(pattern);
  EXPECT_TRUE(automaton.ok()) << automaton.error().message();
  return std::move(automaton).value();
}

std::string error_of(std::string_view pattern) {
  const auto automaton = compile_regex(pattern);
  return automaton.ok() ? "" : automaton.error().message();
}

// Against std::regex, on all texts of up to five of some characters.
TEST(Regex, FitsWhatStdRegexMatches) {
  for (const char* pattern : {"a*b+c?", "(ab|c){2}", "[^a]b*", "a{2,3}(?:b|)c{0,1}", "(a|b)*c",
                              "^ab$", "a.c", "\\w+-\\d?", "[a-c-]{1,4}", "[\\d-]+",
                              "(?:a|ab)(?:c|bcd)?", "", "a|", "\\D*", "[^\\w]+", "a*?b", "x\\.y"}) {
    const Automaton automaton = compile(pattern);
    const std::regex reference(pattern);
    const std::string_view letters = "abc-1.";
    std::size_t count = 1;
    for (int length = 0; length <= 5; ++length, count *= letters.size()) {
      for (std::size_t number = 0; number < count; ++number) {
        std::string text;
        for (std::size_t rest = number, i = 0; i < static_cast<std::size_t>(length);
             ++i, rest /= letters.size()) {
          text += letters[rest % letters.size()];
        }
        ASSERT_EQ(fits(automaton, text), std::regex_match(text, reference))
            << pattern << " on " << text;
      }
    }
  }
}

TEST(Regex, CharactersAreOfUnicode) {
  const Automaton automaton = compile("[\\u00e4-\\u00fc]x\\u{1F600}.\\x41");
  EXPECT_TRUE(fits(automaton, "öx😀€A"));
  EXPECT_FALSE(fits(automaton, "oxx€A"));
  EXPECT_FALSE(fits(automaton, "öx😀\nA"));
  EXPECT_TRUE(fits(compile("\\S\\s"), "€\u3000"));
}

TEST(Regex, LongRepetitionsAreCounted) {
  const Automaton automaton = compile("(?:.){130,9000}");
  EXPECT_FALSE(fits(automaton, std::string(129, 'x')));
  for (const std::size_t length : {130u, 193u, 194u, 1000u, 8999u, 9000u})
    EXPECT_TRUE(fits(automaton, std::string(length, 'x'))) << length;
  EXPECT_FALSE(fits(automaton, std::string(9001, 'x')));
  EXPECT_TRUE(fits(compile("a{300,}"), std::string(500, 'a')));
  EXPECT_FALSE(fits(compile("a{300,}"), std::string(299, 'a')));
}

TEST(Regex, ErrorsSayWhatAndWhere) {
  EXPECT_EQ(error_of("a(b"), "pattern \"a(b\": a ( without its ) at byte 3; correct it");
  EXPECT_EQ(error_of("a)b"), "pattern \"a)b\": a ) without its ( at byte 1; correct it");
  EXPECT_EQ(error_of("[a"), "pattern \"[a\": a [ without its ] at byte 2; correct it");
  EXPECT_EQ(error_of("*a"), "pattern \"*a\": a * with nothing to repeat at byte 0; correct it");
  EXPECT_EQ(error_of("a{2,1}"),
            "pattern \"a{2,1}\": a {m,n} whose n is less than its m at byte 5; correct it");
  EXPECT_EQ(
      error_of("(?=a)"),
      "pattern \"(?=a)\": (?=, which looks around, at byte 2: not supported; write it without");
  EXPECT_EQ(
      error_of("\\bword"),
      "pattern \"\\bword\": \\b, a border of words, at byte 2: not supported; write it without");
  EXPECT_EQ(
      error_of("(a)\\1"),
      "pattern \"(a)\\1\": a reference to a group at byte 5: not supported; write it without");
  EXPECT_EQ(error_of("a^b"),
            "pattern \"a^b\": ^ or $ elsewhere than at the ends of an alternative at byte 1: not "
            "supported; write it without");
  EXPECT_EQ(error_of("[z-a]"),
            "pattern \"[z-a]\": a range of a class that is none at byte 4; correct it");
  EXPECT_EQ(error_of("\\u12"),
            "pattern \"\\u12\": an escape that is no character at byte 2; correct it");
  EXPECT_EQ(error_of("a\\"), "pattern \"a\\\": a \\ with nothing behind it at byte 2; correct it");
  EXPECT_EQ(error_of("a**"), "pattern \"a**\": a repetition of a repetition at byte 2; correct it");
  for (const auto* bad : {"(?", "(?<", "(?<a", "[", "[a-", "[\\", "\\x", "\\u{", "\\u{}", "a{",
                          "a{1", "a{1,", "(", "\xff"}) {
    EXPECT_NE(error_of(bad), "") << bad;
  }
}

}  // namespace
}  // namespace hearth

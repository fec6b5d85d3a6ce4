// SPDX-License-Identifier: Apache-2.0
// Grammars from their text to which bytes can follow.
#include "grammar/gbnf.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "base/utf8.h"
#include "grammar/matcher.h"

namespace hearth {
namespace {

Automaton compile(std::string_view text) {
  auto automaton = compile_gbnf(text);
  EXPECT_TRUE(automaton.ok()) << automaton.error().message();
  return std::move(automaton).value();
}

std::string error_of(std::string_view text) {
  const auto automaton = compile_gbnf(text);
  return automaton.ok() ? "" : automaton.error().message();
}

TEST(Gbnf, LiteralsClassesAndRepetitions) {
  const Automaton automaton = compile(R"gbnf(
root  ::= "a" [b-d]+ other? ("x" | "yz"){2,3} # a comment
other ::= [^0-9a-z]
)gbnf");
  for (const auto* text : {"abxx", "adcbxyz", "aB_xx", "ab!yzyzyz", "ab€xx"})
    EXPECT_EQ(fits(automaton, text), std::string_view(text) != "aB_xx") << text;
  for (const auto* text : {"", "a", "ab", "abx", "abxxxx", "ab5xx", "abxxq", "Xabxx"})
    EXPECT_FALSE(fits(automaton, text)) << text;
}

// Every character of a class in UTF-8, at the places where the number of bytes changes, and no
// bytes that are no character.
TEST(Gbnf, ClassesAreOfCharacters) {
  const Automaton any = compile("root ::= .");
  const Automaton some = compile(R"gbnf(root ::= [\u00e9-\u20ac\U0001F600])gbnf");
  for (const char32_t c : {0x00u, 0x7fu, 0x80u, 0xe8u, 0xe9u, 0x7ffu, 0x800u, 0x20acu, 0x20adu,
                           0xd7ffu, 0xe000u, 0xffffu, 0x10000u, 0x1f600u, 0x1f601u, 0x10ffffu}) {
    std::string text;
    append_utf8(text, c);
    EXPECT_TRUE(fits(any, text)) << static_cast<uint32_t>(c);
    EXPECT_EQ(fits(some, text), (c >= 0xe9 && c <= 0x20ac) || c == 0x1f600)
        << static_cast<uint32_t>(c);
  }
  for (const auto* text : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"})
    EXPECT_FALSE(fits(any, text));
}

TEST(Gbnf, RulesNestAndListsDoNotGrow) {
  const Automaton automaton = compile(R"gbnf(
root ::= value
value ::= "[" (value ("," value)*)? "]" | "1"
)gbnf");
  for (const auto* text : {"1", "[]", "[1]", "[1,[1,[]],1]"})
    EXPECT_TRUE(fits(automaton, text)) << text;
  for (const auto* text : {"[", "[1,]", "]", "[1 1]", "[[1]"})
    EXPECT_FALSE(fits(automaton, text)) << text;
  const std::string deep(Matcher::kDepthMax + 10, '[');
  EXPECT_FALSE(Matcher(automaton).allows(deep));
  EXPECT_TRUE(Matcher(automaton).allows(deep.substr(0, 900)));

  const Automaton list = compile("root ::= \"x\" root | \"\"");
  EXPECT_TRUE(fits(list, std::string(100000, 'x')));
}

TEST(Gbnf, SaysWhatMustFollowAndHowFarTheEndIs) {
  const Automaton automaton =
      compile(R"gbnf(root ::= "{\"name\": \"" [a-z]{2,5} "\"}" | "none")gbnf");
  Matcher matcher(automaton);
  EXPECT_EQ(matcher.bytes_to_end(), 4);
  EXPECT_EQ(matcher.forced(100), "");
  ASSERT_TRUE(matcher.accept("{"));
  EXPECT_EQ(matcher.forced(100), "\"name\": \"");
  EXPECT_EQ(matcher.forced(3), "\"na");
  EXPECT_EQ(matcher.bytes_to_end(), 13);
  ASSERT_TRUE(matcher.accept("\"name\": \"abcde"));
  EXPECT_EQ(matcher.forced(100), "\"}");
  EXPECT_FALSE(matcher.can_end());
  ASSERT_TRUE(matcher.accept("\"}"));
  EXPECT_TRUE(matcher.can_end());
  EXPECT_TRUE(matcher.must_end());
  EXPECT_FALSE(matcher.accept("}"));
  EXPECT_TRUE(matcher.can_end());  // it stays where it was
}

TEST(Gbnf, TheEndOfNestedRulesIsAsFarAsAllOfThem) {
  const Automaton automaton = compile(R"gbnf(
root ::= "(" root ")" | pair
pair ::= "ab" tail
tail ::= "cde" | "fghijkl"
)gbnf");
  Matcher matcher(automaton);
  EXPECT_EQ(matcher.bytes_to_end(), 5);
  ASSERT_TRUE(matcher.accept("(((a"));
  EXPECT_EQ(matcher.bytes_to_end(), 1 + 3 + 3);
  ASSERT_TRUE(matcher.accept("bf"));
  EXPECT_EQ(matcher.bytes_to_end(), 6 + 3);
}

TEST(Gbnf, AmbiguityIsFollowedAllWays) {
  const Automaton automaton = compile(R"gbnf(
root ::= a | b
a ::= "x"* "1"
b ::= "x"* "x" "2"
)gbnf");
  EXPECT_TRUE(fits(automaton, "xxx1"));
  EXPECT_TRUE(fits(automaton, "xxx2"));
  EXPECT_TRUE(fits(automaton, "1"));
  EXPECT_FALSE(fits(automaton, "2"));
}

TEST(Gbnf, ErrorsNameTheLineAndWhatWasExpected) {
  EXPECT_EQ(error_of("root ::= \"a"),
            "grammar: line 1: expected a character, the text ends; correct it");
  EXPECT_EQ(error_of("a ::= \"b\""), "grammar: line 1: there is no rule root; correct it");
  EXPECT_EQ(error_of("root ::= \"a\"\nroot ::= \"b\""),
            "grammar: line 2: rule root is defined twice; correct it");
  EXPECT_EQ(error_of("root ::= other"),
            "grammar: rule \"other\" is used but not defined; define it");
  EXPECT_EQ(error_of("root ::= (\"a\""), "grammar: line 1: expected ), the text ends; correct it");
  EXPECT_EQ(
      error_of("root ::= \"a\" }"),
      "grammar: line 1: expected a literal, a class, a group or a rule, not \"}\"; correct it");
  EXPECT_EQ(error_of("root ::= \"a\"{3,2}"),
            "grammar: line 1: {3,2}: the second is less; correct it");
  EXPECT_EQ(error_of("root ::= [z-a]"),
            "grammar: line 1: a range of a class ends before it begins; correct it");
  EXPECT_EQ(error_of("root ::= \"\\q\""),
            "grammar: line 1: expected an escape: one of n r t x u U \\ \" [ ] - ^, not \"q\"; "
            "correct it");
  EXPECT_EQ(error_of("root ::= root \"a\" | \"b\""),
            "grammar: rule \"root\" begins with itself; let it end with itself");
  EXPECT_EQ(error_of("root ::= e a\ne ::= \"x\"?\na ::= e root"),
            "grammar: rule \"root\" can never end; give it an alternative that does");
  EXPECT_EQ(error_of("root ::= e a | \"b\"\ne ::= \"x\"?\na ::= e root"),
            "grammar: rule \"root\" begins with itself; let it end with itself");
  EXPECT_EQ(error_of("root ::= ((\"a\"{1,10000}){1,10000}){1,10000}"),
            "grammar: too large, through long repetitions or much that can be read in several "
            "ways; make it simpler");
  EXPECT_EQ(error_of("root ::= [ab]* \"a\" [ab]{30}"),
            "grammar: too large, through long repetitions or much that can be read in several "
            "ways; make it simpler");
  EXPECT_EQ(error_of("root ::= \"\xff\""), "grammar: line 1: this is not UTF-8; correct it");
}

}  // namespace
}  // namespace hearth

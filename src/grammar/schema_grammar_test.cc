// SPDX-License-Identifier: Apache-2.0
// What tests/schema_golden_test.cc does not see: what is refused and why, and what is written of
// what a schema leaves open.
#include "grammar/schema_grammar.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "grammar/matcher.h"

namespace hearth {
namespace {

Automaton compile(std::string_view schema) {
  auto automaton = compile_json_schema_text(schema);
  EXPECT_TRUE(automaton.ok()) << automaton.error().message();
  return std::move(automaton).value();
}

std::string error_of(std::string_view schema) {
  const auto automaton = compile_json_schema_text(schema);
  return automaton.ok() ? "" : automaton.error().message();
}

TEST(SchemaGrammar, MembersStandInOrderAndOthersOnlyWhereTheyAreAllowed) {
  const Automaton closed =
      compile(R"({"properties":{"a":{"type":"integer"},"b":{"type":"null"}}})");
  for (const auto* text : {"{}", "{ }", R"({"a":1})", R"({"b": null})", "{\"a\":1,\n  \"b\":null}"})
    EXPECT_TRUE(fits(closed, text)) << text;
  for (const auto* text : {R"({"b":null,"a":1})", R"({"a":1,})", R"({"c":1})", R"({,"a":1})", "[]"})
    EXPECT_FALSE(fits(closed, text)) << text;

  const Automaton open = compile(
      R"({"properties":{"a":{"type":"integer"}},"additionalProperties":{"type":"boolean"}})");
  for (const auto* text : {R"({"a":1,"ab":true})", R"({"b":true})", R"({"":true})", R"({"a":1})"})
    EXPECT_TRUE(fits(open, text)) << text;
  for (const auto* text :
       {R"({"a":true})", R"({"b":true,"a":true})", R"({"a":1,"a":true})", R"({"b":1})"})
    EXPECT_FALSE(fits(open, text)) << text;
}

TEST(SchemaGrammar, WhatItDoesNotSayOfTypesItInfers) {
  EXPECT_FALSE(fits(compile(R"({"minLength":2})"), "1"));
  EXPECT_TRUE(fits(compile(R"({"minimum":2})"), "2.5"));
  EXPECT_FALSE(fits(compile(R"({"multipleOf":2})"), "2.5"));
  EXPECT_TRUE(fits(compile("{}"), R"({"a":[1,null,{"b":"\u00e9\ud83d\ude00"}]})"));
  EXPECT_FALSE(fits(compile("{}"), R"("\ud83d")"));
  EXPECT_TRUE(fits(compile("true"), "[]"));
  EXPECT_TRUE(fits(compile_any_json_object().value(), R"({"a":{}})"));
  EXPECT_FALSE(fits(compile_any_json_object().value(), "[]"));
}

TEST(SchemaGrammar, ValuesAreThoseThatTheRestAllows) {
  const Automaton automaton =
      compile(R"({"type":"string","enum":["a","bb",3,null],"minLength":2})");
  EXPECT_TRUE(fits(automaton, R"("bb")"));
  EXPECT_FALSE(fits(automaton, R"("a")"));
  EXPECT_FALSE(fits(automaton, "3"));
  EXPECT_TRUE(fits(compile(R"({"type":"integer","enum":[1,2.0]})"), "2.0"));
}

TEST(SchemaGrammar, SchemasThatHoldTogether) {
  const Automaton automaton = compile(R"({"allOf":[
      {"type":"object","properties":{"a":{"type":"integer","minimum":3}},"required":["a"]},
      {"properties":{"a":{"maximum":5},"b":{"type":"null"}},"additionalProperties":false}]})");
  EXPECT_TRUE(fits(automaton, R"({"a":4,"b":null})"));
  EXPECT_FALSE(fits(automaton, R"({"a":6})"));
  EXPECT_FALSE(fits(automaton, R"({"b":null})"));
  const Automaton both = compile(R"({"pattern":"^a","allOf":[{"pattern":"z$"}],"maxLength":200})");
  EXPECT_TRUE(fits(both, R"("a-z")"));
  EXPECT_FALSE(fits(both, R"("a-y")"));
}

TEST(SchemaGrammar, ErrorsNamePlaceAndKeyword) {
  EXPECT_EQ(error_of(R"({"properties":{"x":{"not":{}}}})"),
            "schema: /properties/x: not is not supported; write the schema without it");
  EXPECT_EQ(error_of(R"({"items":{"uniqueItems":true}})"),
            "schema: /items: uniqueItems is not supported; write the schema without it");
  EXPECT_EQ(error_of(R"({"type":"text"})"),
            "schema: the whole: type names no JSON type; correct it");
  EXPECT_EQ(
      error_of(R"({"format":"colour"})"),
      "schema: the whole: format \"colour\" is not supported; known: date, date-time, duration, "
      "email, hostname, ipv4, ipv6, json-pointer, time, uri, uuid");
  EXPECT_EQ(error_of(R"({"$ref":"#/$defs/x"})"),
            "schema: /$ref: names no place, #/$defs/x; correct it");
  EXPECT_EQ(error_of(R"({"$ref":"https://example.org/x"})"),
            "schema: /$ref: does not begin with #; only places of the same document can be named");
  EXPECT_EQ(
      error_of(
          R"({"$defs":{"a":{"$ref":"#/$defs/b"},"b":{"anyOf":[{"$ref":"#/$defs/a"}]}},"$ref":"#/$defs/a"})"),
      "schema: /$defs/a: $ref leads to itself; let it lead to something else");
  EXPECT_EQ(
      error_of(R"({"oneOf":[{"type":"number"},{"type":"integer"}]})"),
      "schema: /oneOf: has branches that can fit at once, 0 and 1; write anyOf, or a property "
      "with a const in each");
  EXPECT_EQ(error_of(R"({"enum":[]})"),
            "schema: the whole: enum is no list with values; write one");
  EXPECT_EQ(error_of(R"({"type":"string","enum":[1]})"),
            "schema: the whole: no value is valid by it; correct it");
  EXPECT_EQ(error_of("false"), "schema: the whole: no value is valid by it; correct it");
  EXPECT_EQ(error_of(R"({"minimum":5,"maximum":4,"type":"integer"})"),
            "grammar: rule \"the whole\" can never end; give it an alternative that does");
  EXPECT_EQ(error_of("{"), "schema: is no JSON; correct it");
  EXPECT_EQ(error_of("3"), "schema: the whole: is no schema; write an object, true or false");
  EXPECT_EQ(error_of(std::string(200, '[') + std::string(200, ']')),
            "schema: nested more than 100 deep; make it flatter");
  for (const auto* bad :
       {R"({"properties":[]})", R"({"required":[1]})", R"({"items":[{}]})", R"({"prefixItems":[]})",
        R"({"minLength":-1})", R"({"maxItems":1.5})", R"({"minimum":"a"})", R"({"multipleOf":0.1})",
        R"({"pattern":5})", R"({"pattern":"("})", R"({"anyOf":{}})", R"({"allOf":[]})",
        R"({"$ref":1})", R"({"enum":[{}],"minProperties":1})",
        R"({"properties":{"a":{},"b":{}},"minProperties":1})",
        R"({"type":"object","minProperties":2})", R"({"required":["a"],"minProperties":3})",
        R"({"properties":{"a":false},"required":["a"]})", R"({"propertyNames":{}})"}) {
    EXPECT_NE(error_of(bad), "") << bad;
  }
}

}  // namespace
}  // namespace hearth

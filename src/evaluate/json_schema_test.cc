// SPDX-License-Identifier: Apache-2.0
#include "evaluate/json_schema.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

JsonSchema schema_of(std::string_view text) {
  auto schema = JsonSchema::parse(Json::parse(text));
  EXPECT_TRUE(schema.ok()) << schema.error().message();
  return std::move(schema).value();
}

void expect_fit(std::string_view schema, std::initializer_list<std::string_view> fitting,
                std::initializer_list<std::string_view> others) {
  const JsonSchema parsed = schema_of(schema);
  for (const std::string_view text : fitting) {
    EXPECT_EQ(parsed.mismatch_of_text(text), std::nullopt) << schema << " " << text;
  }
  for (const std::string_view text : others) {
    EXPECT_NE(parsed.mismatch_of_text(text), std::nullopt) << schema << " " << text;
  }
}

TEST(JsonSchema, Types) {
  expect_fit(R"({"type": "integer"})", {"1", "-3", "1.0", "1e2"}, {"1.5", "\"1\"", "true", "null"});
  expect_fit(R"({"type": "number"})", {"1", "1.5"}, {"\"1\"", "[]"});
  expect_fit(R"({"type": ["string", "null"]})", {"\"\"", "null"}, {"0", "{}"});
  expect_fit(R"({"type": "boolean"})", {"true", " false\n"}, {"1", ""});
  expect_fit("{}", {"1", "null", "[{}]"}, {"", "1 2", "{", "nul", "\"\xff\""});
  expect_fit("true", {"1"}, {"x"});
  expect_fit("false", {}, {"1", "null"});
}

TEST(JsonSchema, Objects) {
  expect_fit(R"({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]})",
             {R"({"a": "x"})", R"({"b": 1, "a": ""})"}, {"{}", R"({"a": 1})", "[]"});
  expect_fit(R"({"properties": {"a": {}}, "additionalProperties": false})",
             {"{}", R"({"a": [1]})", "3"}, {R"({"b": 1})", R"({"a": 1, "b": 1})"});
  expect_fit(R"({"additionalProperties": {"type": "integer"}})", {R"({"x": 1})"},
             {R"({"x": "1"})"});
}

TEST(JsonSchema, Arrays) {
  expect_fit(R"({"items": {"minimum": 2}, "minItems": 1, "maxItems": 2})",
             {"[2]", "[2, 3]", "[\"x\"]", "7"}, {"[]", "[1]", "[2, 2, 2]"});
}

TEST(JsonSchema, Values) {
  expect_fit(R"({"enum": [1, "a", [1, 2], {"x": 1, "y": 2}]})",
             {"1", "1.0", "\"a\"", "[1,2]", R"({"y": 2, "x": 1})"},
             {"2", "\"b\"", "[2,1]", R"({"x": 1})", "true"});
  expect_fit(R"({"const": null})", {"null"}, {"0", "false"});
  expect_fit(R"({"minimum": 1, "maximum": 2})", {"1", "1.5", "2", "\"0\""}, {"0.99", "2.01"});
  expect_fit(R"({"exclusiveMinimum": 1, "exclusiveMaximum": 2})", {"1.5"}, {"1", "2"});
  expect_fit(R"({"minLength": 2, "maxLength": 3})", {"\"ab\"", "\"äöü\"", "5"},
             {"\"a\"", "\"abcd\""});
  expect_fit(R"({"pattern": "^[A-Z]+$"})", {"\"AB\"", "1"}, {"\"Ab\"", "\"\""});
}

TEST(JsonSchema, SaysWhereAndWhy) {
  const JsonSchema schema =
      schema_of(R"({"properties": {"list": {"items": {"properties": {"n": {"maximum": 3}}}}}})");
  EXPECT_EQ(schema.mismatch_of_text(R"({"list": [{"n": 1}, {"n": 4}]})"), "/list/1/n: is above 3");
  EXPECT_EQ(schema_of(R"({"type": "object"})").mismatch_of_text("3"), "/: is number, not object");
}

TEST(JsonSchema, UnknownKeywordsAreRefusedByName) {
  for (const std::string_view keyword :
       {"anyOf", "allOf", "oneOf", "not", "$ref", "$defs", "patternProperties", "uniqueItems",
        "multipleOf", "format", "if", "prefixItems", "dependentRequired", "propertyNames",
        "contains", "typo"}) {
    const Json document = {{"items", {{std::string(keyword), Json::object()}}}};
    const auto schema = JsonSchema::parse(document);
    ASSERT_FALSE(schema.ok()) << keyword;
    EXPECT_EQ(schema.error().code(), ErrorCode::kUnsupported);
    EXPECT_NE(schema.error().message().find(keyword), std::string::npos);
  }
}

TEST(JsonSchema, ValuesThatMakeNoSense) {
  for (const std::string_view text :
       {"1", "null", "[]", R"({"type": 1})", R"({"type": "text"})", R"({"type": []})",
        R"({"properties": []})", R"({"required": [1]})", R"({"required": "a"})", R"({"enum": []})",
        R"({"enum": 1})", R"({"minimum": "1"})", R"({"pattern": "("})", R"({"pattern": 1})",
        R"({"items": [{}]})", R"({"additionalProperties": 1})", R"({"enum": [1], "const": 1})"}) {
    const auto schema = JsonSchema::parse(Json::parse(text));
    ASSERT_FALSE(schema.ok()) << text;
    EXPECT_EQ(schema.error().code(), ErrorCode::kUsage) << text;
  }
  Json deep = Json::object();
  for (int i = 0; i < 100; ++i) deep = {{"items", deep}};
  EXPECT_FALSE(JsonSchema::parse(deep).ok());
}

TEST(JsonSchema, HostileTextsAreNoJson) {
  const JsonSchema schema = schema_of("{}");
  EXPECT_NE(schema.mismatch_of_text(std::string(1000000, '[')), std::nullopt);
  EXPECT_NE(schema.mismatch_of_text(std::string(100, '[') + std::string(100, ']')), std::nullopt);
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "server/json_fields.h"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();

TEST(JsonFields, TypesAndRangesAreHeldTo) {
  const Json body = Json::parse(
      R"({"whole":3,"float":3.0,"half":0.5,"huge":1e300,"big":9223372036854775807,"text":"a","none":null,"list":[1]})");
  JsonFields fields(body);
  EXPECT_EQ(fields.integer("whole", 0, 10).value(), 3);
  EXPECT_EQ(fields.integer("float", 0, 10).value(), 3);
  EXPECT_EQ(fields.integer("big", 0, kInt64Max).value(), kInt64Max);
  EXPECT_FALSE(fields.integer("half", 0, 10).ok());
  EXPECT_FALSE(fields.integer("huge", std::numeric_limits<int64_t>::min(), kInt64Max).ok());
  EXPECT_FALSE(fields.integer("text", 0, 10).ok());
  EXPECT_EQ(fields.number("half", 0, 1).value(), 0.5);
  EXPECT_EQ(fields.number("whole", 4, 5).error().message(),
            "whole: 3 is outside 4 to 5; choose another");
  EXPECT_EQ(fields.text("text").value(), "a");
  EXPECT_FALSE(fields.text("whole").ok());
  EXPECT_FALSE(fields.text("none").value().has_value());
  EXPECT_FALSE(fields.text("absent").value().has_value());
  EXPECT_FALSE(fields.object("list").ok());
  EXPECT_EQ(fields.list("list").value()->size(), 1u);
  EXPECT_TRUE(fields.finish().ok());
}

TEST(JsonFields, WhatWasNotReadIsNamedWithItsPlace) {
  const Json body = {{"known", 1}, {"colour", 2}};
  JsonFields fields(body, "options");
  EXPECT_TRUE(fields.integer("known", 0, 5).ok());
  EXPECT_EQ(fields.finish().error().message(), "options.colour: is not supported; leave it out");
  fields.accept("colour");
  EXPECT_TRUE(fields.finish().ok());
}

TEST(JsonFields, BodiesAreObjectsAndNotTooDeep) {
  EXPECT_TRUE(parse_json_object(R"({"a":[1,{"b":2}]})").ok());
  for (const auto* wrong : {"", "{", "[]", "\"a\"", "{\"a\":NaN}", "{\"a\":\"\xFF\"}", "{} x"})
    EXPECT_EQ(parse_json_object(wrong).error().code(), ErrorCode::kUsage) << wrong;
  std::string deep;
  for (int i = 0; i < 1000; ++i) deep += "{\"a\":";
  EXPECT_FALSE(parse_json_object(deep).ok());
  std::string lists = "{\"a\":";
  for (int i = 0; i < 100'000; ++i) lists += "[";
  EXPECT_FALSE(parse_json_object(lists).ok());
}

}  // namespace
}  // namespace hearth

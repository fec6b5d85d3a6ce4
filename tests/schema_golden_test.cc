// SPDX-License-Identifier: Apache-2.0
// JSON Schemas as grammars, against what jsonschema says of texts: tools/golden/json_schemas.py.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "grammar/matcher.h"
#include "grammar/schema_grammar.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

TEST(SchemaGolden, WhatIsValidFitsAndWhatIsNotDoesNot) {
  std::ifstream file(HEARTH_SOURCE_DIR "/tests/golden/json_schemas.jsonl");
  int schemas = 0;
  for (std::string line; std::getline(file, line); ++schemas) {
    const Json golden = Json::parse(line);
    SCOPED_TRACE(golden["schema"].dump());
    const auto automaton = compile_json_schema(golden["schema"]);
    ASSERT_TRUE(automaton.ok()) << automaton.error().message();
    for (const std::string text : golden["valid"])
      EXPECT_TRUE(fits(automaton.value(), text)) << text;
    for (const std::string text : golden["invalid"])
      EXPECT_FALSE(fits(automaton.value(), text)) << text;
  }
  EXPECT_EQ(schemas, 200);
}

}  // namespace
}  // namespace hearth

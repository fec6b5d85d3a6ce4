// SPDX-License-Identifier: Apache-2.0
#include "toolcalls/tool_grammar.h"

#include <gtest/gtest.h>

#include <string>

#include "grammar/matcher.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

const std::vector<Tool> kTools = {
    {"weather", Json::parse(R"({"type":"object","properties":{"city":{"$ref":"#/$defs/city"}},
        "required":["city"],"$defs":{"city":{"enum":["Rome","Oslo"]}}})")},
    {"now", Json::parse(R"({"type":"object","properties":{},"additionalProperties":false})")}};

Automaton compile(const ToolSyntax& syntax, ToolUse use, int32_t calls_max = kToolCallsMax,
                  const std::optional<Json>& content = {}) {
  auto automaton = compile_tool_calls(syntax, kTools, use, calls_max, content);
  EXPECT_TRUE(automaton.ok()) << automaton.error().message();
  return std::move(automaton).value();
}

const std::string kRome = R"({"name": "weather", "arguments": {"city": "Rome"}})";
const std::string kNow = R"({"name": "now", "arguments": {}})";
const std::string kOpen = "<tool_call>\n";
const std::string kNext = "\n</tool_call>\n<tool_call>\n";
const std::string kClose = "\n</tool_call>";

TEST(ToolGrammar, WhatMustCallCalls) {
  const Automaton automaton = compile({}, ToolUse::kRequired, 2);
  EXPECT_TRUE(fits(automaton, kOpen + kRome + kClose));
  EXPECT_TRUE(fits(automaton, kOpen + kRome + kNext + kNow + kClose));
  for (const std::string& other :
       {std::string(), std::string("Hello"), kOpen + kClose, kOpen + kRome,
        "Hm. " + kOpen + kRome + kClose, kOpen + kNow + kNext + kNow + kNext + kNow + kClose,
        kOpen + R"({"name": "weather", "arguments": {"city": "Paris"}})" + kClose,
        kOpen + R"({"name": "weather", "arguments": {}})" + kClose,
        kOpen + R"({"name": "other", "arguments": {}})" + kClose})
    EXPECT_FALSE(fits(automaton, other)) << other;
}

TEST(ToolGrammar, WhatMayCallSaysWhatItLikesBefore) {
  const Automaton automaton = compile({}, ToolUse::kAllowed);
  for (const std::string& text : {std::string(), std::string("Hello <tool>\xC3\xA4"),
                                  "Hm.\n" + kOpen + kRome + kClose, kOpen + kNow + kClose})
    EXPECT_TRUE(fits(automaton, text)) << text;
  for (const std::string& other :
       {std::string("a <tool_call> b"), kOpen + kRome, kOpen + kRome + kClose + " and so on"})
    EXPECT_FALSE(fits(automaton, other)) << other;
}

TEST(ToolGrammar, WithoutMarksACallIsTheWholeAnswer) {
  ToolSyntax syntax;
  syntax.open = syntax.separator = syntax.close = "";
  syntax.calls_max = 1;
  const Automaton automaton = compile(syntax, ToolUse::kAllowed);
  EXPECT_TRUE(fits(automaton, kNow));
  EXPECT_TRUE(fits(automaton, "Like " + kNow));
  EXPECT_TRUE(fits(automaton, "{\"nam\": 1}"));
  EXPECT_FALSE(fits(automaton, kNow + kNow));
  EXPECT_FALSE(fits(automaton, R"({"name": "other"})"));
}

TEST(ToolGrammar, OtherAnswersMayHaveASchema) {
  const Automaton automaton =
      compile({}, ToolUse::kAllowed, kToolCallsMax, Json{{"type", "integer"}});
  EXPECT_TRUE(fits(automaton, "12"));
  EXPECT_TRUE(fits(automaton, kOpen + kNow + kClose));
  EXPECT_FALSE(fits(automaton, "twelve"));
}

TEST(ToolGrammar, SaysWhichFunctionsSchemaIsWrong) {
  const std::vector<Tool> tools = {{"f", Json{{"type", "object"}, {"uniqueThings", true}}}};
  const auto automaton = compile_tool_calls({}, tools, ToolUse::kRequired, 1, {});
  ASSERT_FALSE(automaton.ok());
  EXPECT_EQ(automaton.error().code(), ErrorCode::kUsage);
  EXPECT_NE(automaton.error().message().find("function f: "), std::string::npos);
  EXPECT_NE(automaton.error().message().find("uniqueThings"), std::string::npos);
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "toolcalls/answer_reader.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "toolcalls/test_pieces.h"

namespace hearth {
namespace {

using Kind = AnswerPart::Kind;

// The same however the text is cut.
void expect(const AnswerReader& reader, std::string_view text,
            const std::vector<AnswerPart>& parts) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2}, std::size_t{7}, text.size() + 1})
    EXPECT_EQ(read_in_pieces(reader, text, piece), parts) << text << ", pieces of " << piece;
}

ToolSyntax llama_syntax() {
  ToolSyntax syntax;
  syntax.open = syntax.separator = syntax.close = "";
  syntax.arguments_key = "parameters";
  syntax.calls_max = 1;
  return syntax;
}

TEST(AnswerReader, WithoutToolsAllIsContent) {
  const AnswerReader plain({}, Reasoning::kNone);
  expect(plain, "<think>no</think> <tool_call>\n{\"name\": \"f\"}\n",
         {{Kind::kContent, "<think>no</think> <tool_call>\n{\"name\": \"f\"}\n"}});
  expect(plain, "", {});
}

TEST(AnswerReader, CallsAreTakenOutOfTheText) {
  const AnswerReader reader(ToolSyntax{}, Reasoning::kNone);
  expect(reader,
         "Let me see.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": "
         "\"}\\\"\"}}\n</tool_call>",
         {{Kind::kContent, "Let me see."},
          {Kind::kCall, "f"},
          {Kind::kArguments, "{\"a\": \"}\\\"\"}"}});
  expect(reader,
         "<tool_call>\n{\"name\":\"f:1\",\"arguments\":{}}\n</tool_call>\n<tool_call>\n{ "
         "\"name\": \"g\",\n \"arguments\": {\"a\": [{}]} }\n</tool_call>",
         {{Kind::kCall, "f:1", 0},
          {Kind::kArguments, "{}", 0},
          {Kind::kCall, "g", 1},
          {Kind::kArguments, "{\"a\": [{}]}", 1}});
  expect(reader, "a < b <tool_cal", {{Kind::kContent, "a < b <tool_cal"}});
  expect(reader, "spaces at the end  \n", {{Kind::kContent, "spaces at the end  \n"}});
}

TEST(AnswerReader, ACallThatIsCutShortKeepsWhatItHas) {
  const AnswerReader reader(ToolSyntax{}, Reasoning::kNone);
  expect(reader, "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": \"b",
         {{Kind::kCall, "f"}, {Kind::kArguments, "{\"a\": \"b"}});
  expect(reader, "<tool_call>\n{\"name\": \"f", {});
}

TEST(AnswerReader, CallsWithoutMarksStandAtTheBeginningOrNowhere) {
  const AnswerReader reader(llama_syntax(), Reasoning::kNone);
  expect(reader, "{\"name\": \"f\", \"parameters\": {\"a\": 1}}",
         {{Kind::kCall, "f"}, {Kind::kArguments, "{\"a\": 1}"}});
  expect(reader, "{\"nam", {{Kind::kContent, "{\"nam"}});
  expect(reader, "As {\"name\": \"f\"}", {{Kind::kContent, "As {\"name\": \"f\"}"}});
}

TEST(AnswerReader, ThoughtsAreToldFromWhatIsSaid) {
  const AnswerReader may({}, Reasoning::kMayCome);
  expect(may, "<think>\nHm.\n</think>\n\nYes.",
         {{Kind::kReasoning, "Hm."}, {Kind::kContent, "Yes."}});
  expect(may, "\n<think>Hm", {{Kind::kReasoning, "Hm"}});
  expect(may, "<thi", {{Kind::kContent, "<thi"}});
  expect(may, "No <think>.", {{Kind::kContent, "No <think>."}});
  const AnswerReader begun(ToolSyntax{}, Reasoning::kHasBegun);
  expect(begun, "\nHm. </think>\n<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>",
         {{Kind::kReasoning, "Hm."}, {Kind::kCall, "f"}, {Kind::kArguments, "{}"}});
}

}  // namespace
}  // namespace hearth

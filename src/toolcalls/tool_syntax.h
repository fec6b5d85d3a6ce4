// SPDX-License-Identifier: Apache-2.0
// How a model writes that it wants functions called: JSON objects of a name and arguments, with
// marks around them. Learned from what the model's chat template makes of a conversation with such
// calls, as each family has its own marks; a template that knows of none is told in plain words.
//
// Threading: immutable values.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "template/chat_template.h"

namespace hearth {

inline constexpr int32_t kToolCallsMax = 16;  // of one answer

struct CalledTool {
  std::string id;  // empty: none
  std::string name;
  nlohmann::ordered_json arguments;  // an object
};

struct ToolSyntax {
  // Whether the template writes definitions, calls and results itself.
  bool is_native = false;
  // Calls: open {name_key: name, arguments_key: object} (separator {...})* close.
  std::string open = "<tool_call>\n";
  std::string separator = "\n</tool_call>\n<tool_call>\n";
  std::string close = "\n</tool_call>";
  std::string name_key = "name";
  std::string arguments_key = "arguments";
  int32_t calls_max = kToolCallsMax;

  // What tells calls from other text: it stands in no other text; where nothing opens calls, no
  // other text begins with it.
  std::string marker() const;
  bool has_opening() const { return !open.empty(); }
};

// A conversation as text. Errors: those of the template.
using RenderChat =
    FunctionRef<Result<std::string>(std::span<const ChatMessage>, const ChatOptions&)>;

// `ends`: texts of tokens that end an answer.
ToolSyntax learn_tool_syntax(RenderChat render, std::span<const std::string> ends);

// For templates that know nothing of tools, in ToolSyntax{}'s marks.
std::string describe_tools(std::span<const nlohmann::ordered_json> definitions);
std::string spell_calls(std::span<const CalledTool> calls);
std::string spell_result(std::string_view content);

}  // namespace hearth

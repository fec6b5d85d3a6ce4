// SPDX-License-Identifier: Apache-2.0
// A conversation as the APIs have it, made ready for a model: its template applied, and functions
// told to it in its own way or, where its template has none, in words.
//
// Threading: pure.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "server/model_host.h"
#include "toolcalls/answer_reader.h"
#include "toolcalls/tool_grammar.h"

namespace hearth {

struct ChatTurn {
  std::string role;  // system, user, assistant, tool
  std::string content;
  std::string reasoning = {};          // of an assistant
  std::vector<CalledTool> calls = {};  // of an assistant
  std::string tool_name = {};          // of a tool
  std::string tool_call_id = {};       // of a tool
};

// What an answer may do beside speaking.
struct ToolOffer {
  std::vector<nlohmann::ordered_json> definitions;  // that the model is told of
  std::vector<Tool> callable;                       // empty: none
  ToolUse use = ToolUse::kAllowed;
  int32_t calls_max = kToolCallsMax;
};

struct Conversation {
  std::vector<ChatTurn> turns;
  ToolOffer tools;
  TemplateObject variables = {};  // further ones of the template
  // Where the prompt takes more tokens, the oldest turns are left out; absent: none are.
  std::optional<int32_t> prompt_tokens_max = {};
};

struct ChatPrompt {
  std::vector<TokenId> tokens;
  AnswerReader reader;        // for each answer a copy
  int32_t dropped_turns = 0;  // the oldest, for lack of room
};

// What the model's settings say stands in front: its system text where the conversation has none,
// and its example messages. They are never left out, nor is what a system says, nor the last turn
// of the user and what follows it: what is still too long is refused when it is submitted. Errors:
// those of Engine::encode_chat().
Result<ChatPrompt> make_chat_prompt(const ServedModel& model, const Conversation& conversation);

// Tokens that a prompt may have so that its answer has room: as many as it may have, or a quarter
// of the context where nothing says how many that are.
int32_t prompt_room(const ServedModel& model, const GenerateOptions& options);

// What the model's template, or its settings' (null: none), does with calls and thoughts, for
// ServedModel.
ChatSyntax learn_chat_syntax(const Engine& engine, const ChatTemplate* own_template);

}  // namespace hearth

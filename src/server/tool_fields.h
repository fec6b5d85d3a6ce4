// SPDX-License-Identifier: Apache-2.0
// The functions that a request offers, and those that earlier answers called.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <vector>

#include "base/result.h"
#include "server/conversation.h"
#include "server/json_fields.h"

namespace hearth {

// tools, tool_choice ("none", "auto", "required", or one function) and parallel_tool_calls. With
// "none" no tool is told of. Errors: kUsage (types, a name that is used twice or malformed,
// tool_choice without tools or of none of them: named).
Result<ToolOffer> read_tools(JsonFields& fields);

// What an answer to that offer must be; as compile_tool_calls(). Errors: kUsage (its own, behind
// "tools").
Result<std::shared_ptr<const Automaton>> compile_tools(
    const JsonFields& fields, const ServedModel& model, const ToolOffer& offer,
    const std::optional<nlohmann::ordered_json>& content);

enum class ChatApi { kOpenAi, kOllama };

// The calls of an earlier answer, of the message `fields`; null: none. OpenAI's hold their
// arguments as JSON in a text, Ollama's as an object. Errors: kUsage (types, what is missing, an
// unknown field: named).
Result<std::vector<CalledTool>> read_tool_calls(const JsonFields& fields,
                                                const nlohmann::ordered_json* calls, ChatApi api);

}  // namespace hearth

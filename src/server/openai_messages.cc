// SPDX-License-Identifier: Apache-2.0
#include "server/openai_messages.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "server/json_fields.h"
#include "server/tool_fields.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 5> kRoles = {"system", "developer", "user", "assistant",
                                                    "tool"};

// Text, or parts of type text, joined.
Result<std::string> read_content(const JsonFields& fields, const Json* content) {
  if (content == nullptr) return std::string();
  if (content->is_string()) return content->get<std::string>();
  if (!content->is_array())
    return fields.wrong("content", "is neither text nor a list of parts; give text");
  std::string text;
  for (std::size_t i = 0; i < content->size(); ++i) {
    const Json& part = (*content)[i];
    HEARTH_ASSIGN(JsonFields of_part,
                  JsonFields::of_item(part, fields.path(concat("content[", i, "]")), "a part"));
    HEARTH_ASSIGN(const auto type, of_part.text("type"));
    if (type != "text")
      return of_part.wrong("type", "is not text, the only kind of part that is read; leave it out");
    HEARTH_ASSIGN(const auto piece, of_part.text("text"));
    if (!piece) return of_part.wrong("text", "is missing; give it");
    HEARTH_TRY(of_part.finish());
    text += *piece;
  }
  return text;
}

Result<ChatTurn> read_message(const Json& message, const std::string& place) {
  HEARTH_ASSIGN(JsonFields fields, JsonFields::of_item(message, place, "a message"));
  ChatTurn turn;
  HEARTH_ASSIGN(const auto role, fields.text("role"));
  if (!role) return fields.wrong("role", "is missing; give it");
  if (std::ranges::find(kRoles, *role) == kRoles.end()) {
    return fields.wrong("role",
                        concat("\"", printable(*role),
                               "\" is none of system, developer, user, assistant and tool"));
  }
  turn.role = *role == "developer" ? "system" : *role;
  HEARTH_ASSIGN(turn.content, read_content(fields, fields.any("content")));
  HEARTH_ASSIGN(const Json* calls, fields.list("tool_calls"));
  HEARTH_ASSIGN(const auto name, fields.text("name"));
  turn.tool_name = name.value_or("");
  HEARTH_ASSIGN(const auto call_id, fields.text("tool_call_id"));
  turn.tool_call_id = call_id.value_or("");
  HEARTH_ASSIGN(const auto reasoning, fields.text("reasoning_content"));
  turn.reasoning = reasoning.value_or("");
  for (const std::string_view without_meaning :
       {"refusal", "annotations", "audio", "function_call"}) {
    if (const Json* value = fields.any(without_meaning); value != nullptr && !value->empty())
      return fields.wrong(without_meaning, "is not supported; leave it out");
  }
  HEARTH_TRY(fields.finish());
  HEARTH_ASSIGN(turn.calls, read_tool_calls(fields, calls, ChatApi::kOpenAi));
  return turn;
}

}  // namespace

Result<std::vector<ChatTurn>> read_openai_messages(const Json& messages) {
  if (messages.empty()) return Error(ErrorCode::kUsage, "messages: is empty; give at least one");
  std::vector<ChatTurn> read;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    HEARTH_ASSIGN(ChatTurn turn, read_message(messages[i], concat("messages[", i, "]")));
    read.push_back(std::move(turn));
  }
  return read;
}

}  // namespace hearth

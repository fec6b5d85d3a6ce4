// SPDX-License-Identifier: Apache-2.0
#include "server/openai_messages.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "server/json_fields.h"

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
    const std::string place = fields.path(concat("content[", i, "]"));
    if (!part.is_object())
      return Error(ErrorCode::kUsage, concat(place, ": is no object; give a part"));
    JsonFields of_part(part, place);
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

// {"id", "type": "function", "function": {"name", "arguments": JSON in a text}}.
Result<CalledTool> read_call(const Json& call, const std::string& place) {
  if (!call.is_object())
    return Error(ErrorCode::kUsage, concat(place, ": is no object; give a call"));
  JsonFields fields(call, place);
  CalledTool read;
  HEARTH_ASSIGN(const auto id, fields.text("id"));
  read.id = id.value_or("");
  HEARTH_ASSIGN(const auto type, fields.text("type"));
  if (type && *type != "function") return fields.wrong("type", "is not function; use that");
  fields.accept("index");
  HEARTH_ASSIGN(const Json* function, fields.object("function"));
  if (function == nullptr) return fields.wrong("function", "is missing; give it");
  HEARTH_TRY(fields.finish());
  JsonFields of_function(*function, fields.path("function"));
  HEARTH_ASSIGN(const auto name, of_function.text("name"));
  if (!name) return of_function.wrong("name", "is missing; give it");
  read.name = *name;
  HEARTH_ASSIGN(const auto arguments, of_function.text("arguments"));
  const std::string text = arguments.value_or("");
  read.arguments = text.empty() ? Json::object() : Json::parse(text, nullptr, false);
  if (!read.arguments.is_object())
    return of_function.wrong("arguments", "is no JSON object in a text; give one");
  HEARTH_TRY(of_function.finish());
  return read;
}

Result<ChatTurn> read_message(const Json& message, const std::string& place) {
  if (!message.is_object())
    return Error(ErrorCode::kUsage, concat(place, ": is no object; give a message"));
  JsonFields fields(message, place);
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
  for (std::size_t i = 0; calls != nullptr && i < calls->size(); ++i) {
    HEARTH_ASSIGN(CalledTool call,
                  read_call((*calls)[i], fields.path(concat("tool_calls[", i, "]"))));
    turn.calls.push_back(std::move(call));
  }
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

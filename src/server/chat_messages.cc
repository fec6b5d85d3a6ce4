// SPDX-License-Identifier: Apache-2.0
#include "server/chat_messages.h"

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
Result<ToolCall> read_call(const Json& call, const std::string& place) {
  if (!call.is_object())
    return Error(ErrorCode::kUsage, concat(place, ": is no object; give a call"));
  JsonFields fields(call, place);
  ToolCall read;
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
  const Json parsed = Json::parse(arguments.value_or("{}"), nullptr, false);
  if (!parsed.is_object())
    return of_function.wrong("arguments", "is no JSON object in a text; give one");
  read.arguments = template_value(parsed);
  HEARTH_TRY(of_function.finish());
  return read;
}

Result<ChatMessage> read_message(const Json& message, const std::string& place) {
  if (!message.is_object())
    return Error(ErrorCode::kUsage, concat(place, ": is no object; give a message"));
  JsonFields fields(message, place);
  HEARTH_ASSIGN(const auto role, fields.text("role"));
  if (!role) return fields.wrong("role", "is missing; give it");
  if (std::ranges::find(kRoles, *role) == kRoles.end()) {
    return fields.wrong("role",
                        concat("\"", printable(*role),
                               "\" is none of system, developer, user, assistant and tool"));
  }
  HEARTH_ASSIGN(std::string content, read_content(fields, fields.any("content")));
  HEARTH_ASSIGN(const Json* calls, fields.list("tool_calls"));
  HEARTH_ASSIGN(const auto name, fields.text("name"));
  HEARTH_ASSIGN(const auto call_id, fields.text("tool_call_id"));
  HEARTH_ASSIGN(const auto reasoning, fields.text("reasoning_content"));
  for (const std::string_view without_meaning :
       {"refusal", "annotations", "audio", "function_call"}) {
    if (const Json* value = fields.any(without_meaning); value != nullptr && !value->empty())
      return fields.wrong(without_meaning, "is not supported; leave it out");
  }
  HEARTH_TRY(fields.finish());
  if (*role == "tool")
    return tool_result_message(std::move(content), name.value_or(""), call_id.value_or(""));
  ChatMessage read = {.role = *role == "developer" ? "system" : *role,
                      .content = std::move(content)};
  if (calls != nullptr) {
    std::vector<ToolCall> made;
    for (std::size_t i = 0; i < calls->size(); ++i) {
      HEARTH_ASSIGN(ToolCall call,
                    read_call((*calls)[i], fields.path(concat("tool_calls[", i, "]"))));
      made.push_back(std::move(call));
    }
    read = tool_call_message(made, std::move(read.content));
  }
  if (reasoning) read.members.push_back({"reasoning_content", {*reasoning}});
  return read;
}

}  // namespace

TemplateValue template_value(const Json& value) {
  switch (value.type()) {
    case Json::value_t::boolean:
      return {value.get<bool>()};
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return {value.get<int64_t>()};
    case Json::value_t::number_float:
      return {value.get<double>()};
    case Json::value_t::string:
      return {value.get<std::string>()};
    case Json::value_t::array: {
      TemplateArray items;
      for (const Json& item : value) items.push_back(template_value(item));
      return {std::move(items)};
    }
    case Json::value_t::object: {
      TemplateObject members;
      for (const auto& [name, of] : value.items()) members.push_back({name, template_value(of)});
      return {std::move(members)};
    }
    default:
      return {};
  }
}

Result<std::vector<ChatMessage>> read_messages(const Json& messages) {
  if (messages.empty()) return Error(ErrorCode::kUsage, "messages: is empty; give at least one");
  std::vector<ChatMessage> read;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    HEARTH_ASSIGN(ChatMessage message, read_message(messages[i], concat("messages[", i, "]")));
    read.push_back(std::move(message));
  }
  return read;
}

}  // namespace hearth

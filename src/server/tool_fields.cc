// SPDX-License-Identifier: Apache-2.0
#include "server/tool_fields.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/strings.h"
#include "server/generation_fields.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kToolsMax = 128;
constexpr std::size_t kNameBytesMax = 64;

bool is_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax && std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.';
  });
}

// {"name", "description", "parameters", "strict"}.
Result<Tool> read_function(const Json& function, const std::string& place) {
  JsonFields fields(function, place);
  HEARTH_ASSIGN(const auto name, fields.text("name"));
  if (!name) return fields.wrong("name", "is missing; give it");
  if (!is_name(*name)) {
    return fields.wrong("name", concat("\"", printable(*name),
                                       "\" is no name of up to 64 letters, digits, _, - and .; "
                                       "choose another"));
  }
  HEARTH_TRY(fields.text("description"));
  HEARTH_TRY(fields.boolean("strict"));  // arguments are always held to the schema
  HEARTH_ASSIGN(const Json* parameters, fields.object("parameters"));
  HEARTH_TRY(fields.finish());
  Tool tool{*name, parameters == nullptr ? Json::object() : *parameters};
  if (!tool.parameters.contains("type")) tool.parameters["type"] = "object";
  // A function without parameters takes none, rather than any.
  if (tool.parameters.value("properties", Json::object()).empty())
    tool.parameters.emplace("additionalProperties", false);
  if (tool.parameters["type"] != "object")
    return fields.wrong("parameters.type", "is not object; arguments are members of one");
  return tool;
}

Result<Tool> read_tool(const Json& tool, const std::string& place) {
  HEARTH_ASSIGN(JsonFields fields, JsonFields::of_item(tool, place, "a tool"));
  HEARTH_ASSIGN(const auto type, fields.text("type"));
  if (type != "function")
    return fields.wrong("type", "is not function, the only kind there is; use that");
  HEARTH_ASSIGN(const Json* function, fields.object("function"));
  if (function == nullptr) return fields.wrong("function", "is missing; give it");
  HEARTH_TRY(fields.finish());
  return read_function(*function, fields.path("function"));
}

// {"type": "function", "function": {"name"}}: the only one that may be called.
Result<void> choose_function(const Json& choice, ToolOffer& offer) {
  JsonFields fields(choice, "tool_choice");
  HEARTH_ASSIGN(const auto type, fields.text("type"));
  if (type != "function") return fields.wrong("type", "is not function; use that");
  HEARTH_ASSIGN(const Json* function, fields.object("function"));
  if (function == nullptr) return fields.wrong("function", "is missing; give it");
  HEARTH_TRY(fields.finish());
  JsonFields of_function(*function, "tool_choice.function");
  HEARTH_ASSIGN(const auto name, of_function.text("name"));
  HEARTH_TRY(of_function.finish());
  const auto chosen = std::ranges::find(offer.callable, name.value_or(""), &Tool::name);
  if (chosen == offer.callable.end())
    return of_function.wrong("name", "is none of the tools; choose one of those");
  offer.callable = {Tool(*chosen)};
  offer.use = ToolUse::kRequired;
  offer.calls_max = 1;
  return {};
}

Result<void> read_choice(JsonFields& fields, ToolOffer& offer) {
  const Json* choice = fields.any("tool_choice");
  if (choice == nullptr || *choice == "auto") return {};
  if (*choice == "none") {
    offer = {};
    return {};
  }
  if (offer.callable.empty()) return fields.wrong("tool_choice", "needs tools; give some");
  if (choice->is_object()) return choose_function(*choice, offer);
  if (*choice != "required")
    return fields.wrong("tool_choice",
                        "is none of none, auto, required and a function; choose one");
  offer.use = ToolUse::kRequired;
  return {};
}

// A text of JSON, or an object; absent: {}.
Result<Json> read_arguments(JsonFields& of_function, ChatApi api) {
  if (api == ChatApi::kOllama) {
    HEARTH_ASSIGN(const Json* arguments, of_function.object("arguments"));
    return arguments == nullptr ? Json::object() : *arguments;
  }
  HEARTH_ASSIGN(const auto arguments, of_function.text("arguments"));
  const std::string text = arguments.value_or("");
  Json parsed = text.empty() ? Json::object() : Json::parse(text, nullptr, false);
  if (!parsed.is_object())
    return of_function.wrong("arguments", "is no JSON object in a text; give one");
  return parsed;
}

// {"id", "type": "function", "function": {"name", "arguments"}}; "index" stands outside in
// OpenAI's.
Result<CalledTool> read_call(const Json& call, const std::string& place, ChatApi api) {
  HEARTH_ASSIGN(JsonFields fields, JsonFields::of_item(call, place, "a call"));
  CalledTool read;
  HEARTH_ASSIGN(const auto id, fields.text("id"));
  read.id = id.value_or("");
  if (api == ChatApi::kOllama) {
    fields.accept("type");
  } else {
    HEARTH_ASSIGN(const auto type, fields.text("type"));
    if (type && *type != "function") return fields.wrong("type", "is not function; use that");
    fields.accept("index");
  }
  HEARTH_ASSIGN(const Json* function, fields.object("function"));
  if (function == nullptr) return fields.wrong("function", "is missing; give it");
  HEARTH_TRY(fields.finish());
  JsonFields of_function(*function, fields.path("function"));
  if (api == ChatApi::kOllama) of_function.accept("index");
  HEARTH_ASSIGN(const auto name, of_function.text("name"));
  if (!name) return of_function.wrong("name", "is missing; give it");
  read.name = *name;
  HEARTH_ASSIGN(read.arguments, read_arguments(of_function, api));
  HEARTH_TRY(of_function.finish());
  return read;
}

}  // namespace

Result<std::shared_ptr<const Automaton>> compile_tools(const JsonFields& fields,
                                                       const ServedModel& model,
                                                       const ToolOffer& offer,
                                                       const std::optional<Json>& content) {
  return compiled(
      fields, "tools",
      compile_tool_calls(model.syntax.tools, offer.callable, offer.use, offer.calls_max, content));
}

Result<std::vector<CalledTool>> read_tool_calls(const JsonFields& fields, const Json* calls,
                                                ChatApi api) {
  std::vector<CalledTool> read;
  for (std::size_t i = 0; calls != nullptr && i < calls->size(); ++i) {
    HEARTH_ASSIGN(CalledTool call,
                  read_call((*calls)[i], fields.path(concat("tool_calls[", i, "]")), api));
    read.push_back(std::move(call));
  }
  return read;
}

Result<ToolOffer> read_tools(JsonFields& fields) {
  ToolOffer offer;
  HEARTH_ASSIGN(const Json* tools, fields.list("tools"));
  const std::size_t count = tools == nullptr ? 0 : tools->size();
  if (count > kToolsMax) {
    return fields.wrong("tools", concat(count, " are more than the ", kToolsMax,
                                        " that one request may have; give fewer"));
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::string place = fields.path(concat("tools[", i, "]"));
    HEARTH_ASSIGN(Tool tool, read_tool((*tools)[i], place));
    if (std::ranges::find(offer.callable, tool.name, &Tool::name) != offer.callable.end())
      return Error(ErrorCode::kUsage,
                   concat(place, ": ", tool.name, " is there already; name it otherwise"));
    offer.definitions.push_back((*tools)[i]);
    offer.callable.push_back(std::move(tool));
  }
  HEARTH_ASSIGN(const auto parallel, fields.boolean("parallel_tool_calls"));
  if (parallel == false) offer.calls_max = 1;
  HEARTH_TRY(read_choice(fields, offer));
  return offer;
}

}  // namespace hearth

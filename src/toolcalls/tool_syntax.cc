// SPDX-License-Identifier: Apache-2.0
#include "toolcalls/tool_syntax.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "template/json_value.h"
#include "toolcalls/json_scanner.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// Names that stand in no template.
constexpr std::string_view kFirst = "hearth_first_function";
constexpr std::string_view kSecond = "hearth_second_function";

Json probe_arguments() { return {{"hearth_argument", "hearth value"}}; }

Json probe_definition(std::string_view name) {
  return {{"type", "function"},
          {"function",
           {{"name", name},
            {"description", "Does something."},
            {"parameters",
             {{"type", "object"},
              {"properties", {{"hearth_argument", {{"type", "string"}}}}},
              {"required", {"hearth_argument"}}}}}}};
}

ChatMessage probe_calls(std::span<const std::string_view> names) {
  std::vector<ToolCall> calls;
  for (const std::string_view name : names)
    calls.push_back({"call00001", std::string(name), template_value(probe_arguments())});
  return tool_call_message(calls);
}

// Where a call's object stands in a text, and under which names it holds what.
struct WrittenCall {
  std::size_t begin;
  std::size_t end;
  std::string name_key;
  std::string arguments_key;
};

// The object whose own member is `name`.
std::optional<WrittenCall> find_call(std::string_view text, std::string_view name) {
  const std::size_t at = text.find(concat("\"", name, "\""));
  if (at == std::string_view::npos) return std::nullopt;
  const Json arguments = probe_arguments();
  for (std::size_t begin = text.rfind('{', at); begin != std::string_view::npos;
       begin = begin == 0 ? std::string_view::npos : text.rfind('{', begin - 1)) {
    const std::size_t length = json_object_bytes(text.substr(begin));
    const Json object = Json::parse(text.substr(begin, length), nullptr, false);
    if (!object.is_object()) continue;
    WrittenCall call{begin, begin + length, "", ""};
    for (const auto& [key, value] : object.items()) {
      if (value == name) call.name_key = key;
      if (value == arguments) call.arguments_key = key;
    }
    if (!call.name_key.empty() && !call.arguments_key.empty()) return call;
  }
  return std::nullopt;
}

std::size_t shared_prefix(std::string_view a, std::string_view b) {
  const auto ends = std::ranges::mismatch(a, b);
  return static_cast<std::size_t>(ends.in1 - a.begin());
}

constexpr std::string_view kBlanks = " \t\r\n";

std::string_view trim_left(std::string_view text) {
  return text.substr(std::min(text.find_first_not_of(kBlanks), text.size()));
}

std::string_view trim_right(std::string_view text) {
  return text.substr(0, text.find_last_not_of(kBlanks) + 1);
}

// What stands behind thoughts, which templates may put in though there were none.
std::string_view behind_thoughts(std::string_view text) {
  constexpr std::string_view kEnd = "</think>";
  const std::size_t at = text.rfind(kEnd);
  return at == std::string_view::npos ? text : text.substr(at + kEnd.size());
}

// Up to where the answer ends, without white space behind.
std::string_view before_end(std::string_view text, std::span<const std::string> ends) {
  for (const std::string& end : ends) {
    if (!end.empty()) text = text.substr(0, std::min(text.find(end), text.size()));
  }
  return trim_right(text);
}

}  // namespace

std::string ToolSyntax::marker() const {
  if (!has_opening()) return concat("{\"", name_key, "\": \"");
  return std::string(trim_right(open));
}

ToolSyntax learn_tool_syntax(RenderChat render, std::span<const std::string> ends) {
  const ToolSyntax in_words;
  const ChatMessage question{"user", "hearth asks"};
  ChatOptions options;
  options.tools = {template_value(probe_definition(kFirst)),
                   template_value(probe_definition(kSecond))};
  const auto prompt = render(std::span(&question, 1), options);
  if (!prompt.ok() || prompt->find(kFirst) == std::string::npos) return in_words;

  options.prompt = GenerationPrompt::kOmit;
  const auto answer_with = [&](std::span<const std::string_view> names) -> std::string {
    const std::vector<ChatMessage> messages = {question, probe_calls(names)};
    auto text = render(messages, options);
    return text.ok() ? text->substr(shared_prefix(*prompt, *text)) : std::string();
  };
  const std::string one = answer_with(std::array{kFirst});
  const auto call = find_call(one, kFirst);
  // A brace in front of the first call could not be told from the call's.
  if (!call || call->begin != one.find('{')) return in_words;

  ToolSyntax syntax;
  syntax.is_native = true;
  syntax.open = trim_left(behind_thoughts(std::string_view(one).substr(0, call->begin)));
  syntax.close = before_end(std::string_view(one).substr(call->end), ends);
  syntax.name_key = call->name_key;
  syntax.arguments_key = call->arguments_key;
  syntax.separator.clear();
  syntax.calls_max = 1;

  const std::string two = answer_with(std::array{kFirst, kSecond});
  const auto first = find_call(two, kFirst);
  const auto second = find_call(two, kSecond);
  if (first && second && first->end < second->begin) {
    syntax.separator = two.substr(first->end, second->begin - first->end);
    // Behind a call it is told by its first brace whether another one comes.
    if (syntax.separator.find('{') == std::string::npos) syntax.calls_max = kToolCallsMax;
  }
  return syntax;
}

std::string describe_tools(std::span<const Json> definitions) {
  std::string text =
      "You can call functions. Here they are, each with a JSON Schema of its arguments:\n";
  for (const Json& definition : definitions) text += definition.dump() + "\n";
  text +=
      "To call one, answer with nothing but\n<tool_call>\n{\"name\": its name, \"arguments\": "
      "{...}}\n</tool_call>\nIts result comes between <tool_response> and </tool_response>.";
  return text;
}

std::string spell_calls(std::span<const CalledTool> calls) {
  const ToolSyntax syntax;
  std::string text;
  for (const CalledTool& call : calls) {
    text += text.empty() ? syntax.open : syntax.separator;
    text += concat("{\"name\": ", Json(call.name).dump(),
                   ", \"arguments\": ", call.arguments.dump(), "}");
  }
  return text + syntax.close;
}

std::string spell_result(std::string_view content) {
  return concat("<tool_response>\n", content, "\n</tool_response>");
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "server/conversation.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "server/settings_use.h"
#include "template/json_value.h"

namespace hearth {
namespace {

ChatMessage native_message(const ChatTurn& turn) {
  if (turn.role == "tool")
    return tool_result_message(turn.content, turn.tool_name, turn.tool_call_id);
  ChatMessage message = {.role = turn.role, .content = turn.content};
  if (!turn.calls.empty()) {
    std::vector<ToolCall> calls;
    for (const CalledTool& call : turn.calls)
      calls.push_back({call.id, call.name, template_value(call.arguments)});
    message = tool_call_message(calls, turn.content);
  }
  if (!turn.reasoning.empty()) message.members.push_back({"reasoning_content", {turn.reasoning}});
  return message;
}

// For a template that knows nothing of tools.
ChatMessage worded_message(const ChatTurn& turn) {
  if (turn.role == "tool") return {"user", spell_result(turn.content)};
  if (turn.calls.empty()) return native_message(turn);
  const std::string calls = spell_calls(turn.calls);
  return {turn.role, turn.content.empty() ? calls : concat(turn.content, "\n", calls)};
}

// Tells of the tools at the end of what the system says.
void describe_in_words(const ToolOffer& tools, std::vector<ChatMessage>& messages) {
  if (tools.definitions.empty()) return;
  const std::string description = describe_tools(tools.definitions);
  if (messages.empty() || messages.front().role != "system") {
    messages.insert(messages.begin(), {"system", description});
  } else {
    messages.front().content += concat("\n\n", description);
  }
}

// Whether the answer goes on with thoughts that the template has begun.
Reasoning reasoning_behind(std::string_view prompt) {
  const std::size_t end = prompt.find_last_not_of(" \r\n\t");
  const bool has_begun = prompt.substr(0, end + 1).ends_with("<think>");
  return has_begun ? Reasoning::kHasBegun : Reasoning::kMayCome;
}

}  // namespace

ChatSyntax learn_chat_syntax(const Engine& engine, const ChatTemplate* own_template) {
  const Tokenizer& tokenizer = engine.tokenizer();
  std::vector<std::string> ends;
  for (const TokenId id : tokenizer.ends())
    ends.emplace_back(tokenizer.token_bytes(id, SpecialTokens::kParse));
  const auto render = [&](std::span<const ChatMessage> messages, ChatOptions options) {
    options.own_template = own_template;
    return engine.render_chat(messages, options);
  };
  return {.tools = learn_tool_syntax(render, ends),
          .thinks = tokenizer.encode("</think>", SpecialTokens::kParse).size() == 1};
}

Result<ChatPrompt> make_chat_prompt(const ServedModel& model, const Conversation& conversation) {
  const ChatSyntax& syntax = model.syntax;
  ChatOptions options;
  options.own_template = model.chat_template ? &*model.chat_template : nullptr;
  options.variables = conversation.variables;
  std::vector<ChatMessage> messages;
  for (const ChatTurn& turn : with_settings(model.settings, conversation.turns))
    messages.push_back(syntax.tools.is_native ? native_message(turn) : worded_message(turn));
  if (syntax.tools.is_native) {
    for (const nlohmann::ordered_json& definition : conversation.tools.definitions)
      options.tools.push_back(template_value(definition));
  } else {
    describe_in_words(conversation.tools, messages);
  }
  HEARTH_ASSIGN(std::vector<TokenId> tokens, model.engine->encode_chat(messages, options));
  const Reasoning reasoning =
      syntax.thinks
          ? reasoning_behind(model.engine->tokenizer().decode(tokens, SpecialTokens::kParse))
          : Reasoning::kNone;
  const bool may_call = !conversation.tools.callable.empty();
  return ChatPrompt{std::move(tokens),
                    AnswerReader(may_call ? std::optional(syntax.tools) : std::nullopt, reasoning)};
}

}  // namespace hearth

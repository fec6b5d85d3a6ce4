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

// The prompt of `turns`, which are those of the conversation or what is left of them.
Result<std::vector<TokenId>> encode_turns(const ServedModel& model,
                                          const Conversation& conversation,
                                          const std::vector<ChatTurn>& turns) {
  const ChatSyntax& syntax = model.syntax;
  ChatOptions options;
  options.own_template = model.chat_template ? &*model.chat_template : nullptr;
  options.variables = conversation.variables;
  std::vector<ChatMessage> messages;
  for (const ChatTurn& turn : with_settings(model.settings(), turns))
    messages.push_back(syntax.tools.is_native ? native_message(turn) : worded_message(turn));
  if (syntax.tools.is_native) {
    for (const nlohmann::ordered_json& definition : conversation.tools.definitions)
      options.tools.push_back(template_value(definition));
  } else {
    describe_in_words(conversation.tools, messages);
  }
  return model.engine->encode_chat(messages, options);
}

// Without the turns before `first` that are not the system's.
std::vector<ChatTurn> turns_from(const std::vector<ChatTurn>& turns, std::size_t first) {
  std::vector<ChatTurn> kept;
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (i >= first || turns[i].role == "system") kept.push_back(turns[i]);
  }
  return kept;
}

struct FittedPrompt {
  std::vector<TokenId> tokens;
  int32_t dropped_turns = 0;
};

// Leaves out the fewest exchanges, each of which begins with a turn of the user, so that no more
// tokens are left than the conversation may have; of those that are too long without, all but the
// last one.
Result<FittedPrompt> fit_turns(const ServedModel& model, const Conversation& conversation) {
  const std::vector<ChatTurn>& turns = conversation.turns;
  const auto is_longer = [&](std::span<const TokenId> tokens) {
    return conversation.prompt_tokens_max &&
           tokens.size() > static_cast<std::size_t>(*conversation.prompt_tokens_max);
  };
  FittedPrompt prompt;
  HEARTH_ASSIGN(prompt.tokens, encode_turns(model, conversation, turns));
  std::vector<std::size_t> begins;  // of exchanges
  for (std::size_t i = 0; i < turns.size(); ++i) {
    if (turns[i].role == "user") begins.push_back(i);
  }
  if (!is_longer(prompt.tokens) || begins.size() < 2) return prompt;
  std::size_t low = 1;
  std::size_t high = begins.size() - 1;
  while (low < high) {
    const std::size_t middle = (low + high) / 2;
    HEARTH_ASSIGN(const auto tokens,
                  encode_turns(model, conversation, turns_from(turns, begins[middle])));
    if (is_longer(tokens)) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  const std::vector<ChatTurn> kept = turns_from(turns, begins[low]);
  HEARTH_ASSIGN(prompt.tokens, encode_turns(model, conversation, kept));
  prompt.dropped_turns = static_cast<int32_t>(turns.size() - kept.size());
  return prompt;
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

int32_t prompt_room(const ServedModel& model, const GenerateOptions& options) {
  const int32_t context = model.scheduler->context();
  return std::max(context - (options.tokens_max > 0 ? options.tokens_max : context / 4), 1);
}

Result<ChatPrompt> make_chat_prompt(const ServedModel& model, const Conversation& conversation) {
  HEARTH_ASSIGN(FittedPrompt prompt, fit_turns(model, conversation));
  const ChatSyntax& syntax = model.syntax;
  const Reasoning reasoning =
      syntax.thinks
          ? reasoning_behind(model.engine->tokenizer().decode(prompt.tokens, SpecialTokens::kParse))
          : Reasoning::kNone;
  const bool may_call = !conversation.tools.callable.empty();
  return ChatPrompt{std::move(prompt.tokens),
                    AnswerReader(may_call ? std::optional(syntax.tools) : std::nullopt, reasoning),
                    prompt.dropped_turns};
}

}  // namespace hearth

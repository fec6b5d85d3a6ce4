// SPDX-License-Identifier: Apache-2.0
#include "server/openai_request.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "server/generation_fields.h"
#include "server/infill.h"
#include "server/json_fields.h"
#include "server/openai_messages.h"
#include "server/tool_fields.h"
#include "template/json_value.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kChoicesMax = 16;
constexpr std::size_t kAnswersMax = 64;  // of all prompts together

// What is published and cannot change an answer.
void accept_without_meaning(JsonFields& fields) {
  for (const std::string_view name : {"user", "metadata", "safety_identifier", "prompt_cache_key"})
    fields.accept(name);
}

// Fields with one value that changes nothing, and others that we cannot do.
Result<void> refuse_other_values(JsonFields& fields) {
  const auto only = [&](std::string_view name, const Json& allowed) -> Result<void> {
    const Json* value = fields.any(name);
    if (value == nullptr || *value == allowed) return {};
    return fields.wrong(name, concat(value->dump(), " is not supported; leave it out"));
  };
  HEARTH_TRY(only("store", false));
  HEARTH_TRY(only("service_tier", "auto"));
  HEARTH_TRY(only("modalities", Json::array({"text"})));
  HEARTH_TRY(only("echo", false));
  return only("best_of", 1);
}

Result<void> read_logprobs(JsonFields& fields, OpenAiRequest& asked) {
  if (asked.kind == OpenAiKind::kText) {
    HEARTH_ASSIGN(const auto count, fields.integer("logprobs", 0, kAlternativesMax));
    asked.has_logprobs = count.has_value();
    asked.options.alternatives = static_cast<int32_t>(count.value_or(0));
    return {};
  }
  HEARTH_ASSIGN(const auto wanted, fields.boolean("logprobs"));
  HEARTH_ASSIGN(const auto count, fields.integer("top_logprobs", 0, kAlternativesMax));
  asked.has_logprobs = wanted.value_or(false);
  if (count && !asked.has_logprobs)
    return fields.wrong("top_logprobs", "needs logprobs: true; give that too");
  asked.options.alternatives = static_cast<int32_t>(count.value_or(0));
  return {};
}

Result<void> read_stream(JsonFields& fields, OpenAiRequest& asked) {
  HEARTH_ASSIGN(const auto streamed, fields.boolean("stream"));
  asked.is_streamed = streamed.value_or(false);
  HEARTH_ASSIGN(const Json* options, fields.object("stream_options"));
  if (options == nullptr) return {};
  if (!asked.is_streamed)
    return fields.wrong("stream_options", "needs stream: true; give that too");
  JsonFields of_options(*options, "stream_options");
  HEARTH_ASSIGN(const auto usage, of_options.boolean("include_usage"));
  of_options.accept("include_obfuscation");
  asked.has_usage = usage.value_or(false);
  return of_options.finish();
}

// reasoning_effort, and what else the model's template may read.
Result<TemplateObject> read_template_variables(JsonFields& fields) {
  TemplateObject variables;
  HEARTH_ASSIGN(const Json* given, fields.object("chat_template_kwargs"));
  if (given != nullptr) {
    for (const auto& [name, value] : given->items())
      variables.push_back({name, template_value(value)});
  }
  HEARTH_ASSIGN(const auto effort, fields.text("reasoning_effort"));
  if (!effort) return variables;
  constexpr std::string_view kEfforts[] = {"none", "minimal", "low", "medium", "high"};
  if (std::ranges::find(kEfforts, *effort) == std::end(kEfforts))
    return fields.wrong("reasoning_effort",
                        "is none of none, minimal, low, medium and high; choose one");
  variables.push_back({"reasoning_effort", {*effort}});
  variables.push_back({"enable_thinking", {*effort != "none"}});
  return variables;
}

// What becomes of a chat that outgrows the context: "error", or "drop_oldest" of its messages.
Result<void> read_overflow(JsonFields& fields, const OpenAiRequest& asked,
                           Conversation& conversation) {
  HEARTH_ASSIGN(const auto overflow, fields.text("overflow"));
  if (!overflow || overflow == "error") return {};
  if (overflow != "drop_oldest")
    return fields.wrong("overflow", "is neither error nor drop_oldest; choose one");
  conversation.prompt_tokens_max = prompt_room(*asked.model, asked.options);
  return {};
}

Result<void> read_chat(JsonFields& fields, OpenAiRequest& asked) {
  Conversation conversation;
  HEARTH_TRY(read_overflow(fields, asked, conversation));
  HEARTH_ASSIGN(const AnswerFormat format, read_format(fields));
  HEARTH_ASSIGN(conversation.tools, read_tools(fields));
  asked.options.grammar = format.automaton;
  if (const ToolOffer& tools = conversation.tools; !tools.callable.empty()) {
    if (format.automaton != nullptr && !format.schema)
      return fields.wrong("tools", "and regex, grammar or choice exclude each other; choose one");
    HEARTH_ASSIGN(asked.options.grammar, compile_tools(fields, *asked.model, tools, format.schema));
  }
  HEARTH_ASSIGN(const Json* messages, fields.list("messages"));
  if (messages == nullptr) return fields.wrong("messages", "is missing; give at least one");
  HEARTH_ASSIGN(conversation.turns, read_openai_messages(*messages));
  HEARTH_ASSIGN(conversation.variables, read_template_variables(fields));
  HEARTH_ASSIGN(asked.routed, read_routed_chat(fields));
  take_turns(*asked.model, conversation, asked.routed);
  HEARTH_ASSIGN(ChatPrompt prompt, make_chat_prompt(*asked.model, conversation));
  asked.prompts.push_back(std::move(prompt.tokens));
  asked.reader = std::move(prompt.reader);
  asked.dropped_turns = prompt.dropped_turns;
  return {};
}

// One text, or the ids of its tokens.
Result<std::vector<TokenId>> read_prompt(const JsonFields& fields, const Engine& engine,
                                         const Json& prompt) {
  if (prompt.is_string()) return engine.encode_raw(prompt.get<std::string>());
  std::vector<TokenId> ids;
  for (const Json& id : prompt) {
    const auto read = whole_number(id);
    if (!read || *read < 0 || *read >= engine.tokenizer().vocab_size())
      return fields.wrong("prompt", concat(id.dump(), " is no token of the model; give its ids"));
    ids.push_back(static_cast<TokenId>(*read));
  }
  return ids;
}

Result<void> read_prompts(JsonFields& fields, OpenAiRequest& asked) {
  HEARTH_TRY(read_routed_chat(fields));  // it stays here, whatever they say
  HEARTH_ASSIGN(AnswerFormat format, read_format(fields));
  asked.options.grammar = std::move(format.automaton);
  const Json* prompt = fields.any("prompt");
  if (prompt == nullptr) return fields.wrong("prompt", "is missing; give some text");
  const bool is_list = prompt->is_array() && !prompt->empty() && !prompt->front().is_number();
  if (!prompt->is_string() && !prompt->is_array())
    return fields.wrong("prompt", "is neither text nor a list; give one");
  HEARTH_ASSIGN(const auto suffix, fields.text("suffix"));
  for (const Json& one : is_list ? *prompt : Json::array({*prompt})) {
    if (!one.is_string() && !one.is_array())
      return fields.wrong("prompt", "is no list of texts; give one");
    if (suffix && !one.is_string())
      return fields.wrong("suffix", "needs a prompt that is text; give one");
    auto ids = suffix ? encode_infill(*asked.model->engine, one.get<std::string>(), *suffix)
                      : read_prompt(fields, *asked.model->engine, one);
    if (!ids.ok()) return ids.error();
    asked.prompts.push_back(std::move(ids).value());
  }
  return {};
}

}  // namespace

Result<OpenAiRequest> read_openai_request(ModelHost& models, const std::string& default_model,
                                          const std::string& body, OpenAiKind kind) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  OpenAiRequest asked;
  asked.kind = kind;
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  HEARTH_ASSIGN(ModelUse use, models.use(name.value_or(default_model)));
  asked.model = std::move(use.model);
  asked.model_name = std::move(use.name);
  HEARTH_ASSIGN(asked.options, read_generation(fields, *asked.model));
  asked.options.adapters = std::move(use.adapters);
  HEARTH_ASSIGN(const auto choices, fields.integer("n", 1, kChoicesMax));
  asked.choices = static_cast<int32_t>(choices.value_or(1));
  HEARTH_TRY(read_logprobs(fields, asked));
  HEARTH_TRY(read_stream(fields, asked));
  accept_without_meaning(fields);
  HEARTH_TRY(refuse_other_values(fields));
  HEARTH_TRY(kind == OpenAiKind::kChat ? read_chat(fields, asked) : read_prompts(fields, asked));
  HEARTH_TRY(fields.finish());
  asked.routed.is_streamed = asked.is_streamed;
  if (asked.routed.stays.empty())
    asked.routed.stays = asked.choices > 1 ? "it asks for several answers"
                                           : why_it_stays(asked.options, asked.has_logprobs);
  if (asked.answers() > kAnswersMax) {
    return fields.wrong("prompt", concat(asked.answers(), " answers are more than the ",
                                         kAnswersMax, " of one request; ask for fewer"));
  }
  return asked;
}

}  // namespace hearth

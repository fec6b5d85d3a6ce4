// SPDX-License-Identifier: Apache-2.0
#include "server/ollama_request.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/clock.h"
#include "base/strings.h"
#include "grammar/schema_grammar.h"
#include "package/model_names.h"
#include "server/generation_fields.h"
#include "server/infill.h"
#include "server/json_fields.h"
#include "server/ollama_names.h"
#include "server/tool_fields.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::string_view, 4> kRoles = {"system", "user", "assistant", "tool"};

// ---- options ----

Result<void> read_options(JsonFields& fields, OllamaRequest& asked) {
  HEARTH_ASSIGN(const Json* object, fields.object("options"));
  const Json none = Json::object();
  JsonFields options(object == nullptr ? none : *object, "options");
  HEARTH_TRY(read_sampling(options, *asked.model, asked.options));
  const int32_t context = asked.model->scheduler->context();
  HEARTH_ASSIGN(const auto tokens, options.integer("num_predict", -2, context));
  if (tokens) asked.options.tokens_max = static_cast<int32_t>(std::max<int64_t>(*tokens, 0));
  if (asked.options.tokens_max == 0) asked.options.loop_limit = kLoopLimitDefault;
  // Ours is fixed when the model is loaded; what fits a longer one fits none that is shorter.
  HEARTH_ASSIGN(const auto wanted, options.integer("num_ctx", 1, 1 << 24));
  if (wanted && *wanted > context) {
    return options.wrong("num_ctx", concat(*wanted, " is more than the ", context,
                                           " tokens that this server has for the model; start it "
                                           "with a larger -c"));
  }
  HEARTH_TRY(accept_ollama_parameters(options));
  return options.finish();
}

// "json", or a JSON Schema.
Result<std::optional<Json>> read_format_schema(JsonFields& fields) {
  const Json* format = fields.any("format");
  if (format == nullptr || *format == "") return std::optional<Json>();
  if (*format == "json") return std::optional(Json{{"type", "object"}});
  if (!format->is_object())
    return fields.wrong("format", "is neither \"json\" nor a JSON Schema; give one of them");
  return std::optional(*format);
}

// true, false, or "low", "medium", "high".
Result<void> read_think(JsonFields& fields, OllamaRequest& asked, TemplateObject& variables) {
  const Json* think = fields.any("think");
  if (think == nullptr) return {};
  if (!think->is_boolean() && !think->is_string())
    return fields.wrong("think", "is neither true, false nor a level; give one of them");
  asked.shows_thoughts = *think != false;
  variables.push_back({"enable_thinking", {asked.shows_thoughts}});
  if (think->is_string()) variables.push_back({"reasoning_effort", {think->get<std::string>()}});
  return {};
}

// ---- chat ----

Result<ChatTurn> read_message(const Json& message, const std::string& place) {
  HEARTH_ASSIGN(JsonFields fields, JsonFields::of_item(message, place, "a message"));
  ChatTurn turn;
  HEARTH_ASSIGN(const auto role, fields.text("role"));
  if (!role) return fields.wrong("role", "is missing; give it");
  if (std::ranges::find(kRoles, *role) == kRoles.end()) {
    return fields.wrong(
        "role", concat("\"", printable(*role), "\" is none of system, user, assistant and tool"));
  }
  turn.role = *role;
  HEARTH_ASSIGN(const auto content, fields.text("content"));
  turn.content = content.value_or("");
  HEARTH_ASSIGN(const auto thinking, fields.text("thinking"));
  turn.reasoning = thinking.value_or("");
  HEARTH_ASSIGN(const auto tool, fields.text("tool_name"));
  turn.tool_name = tool.value_or("");
  HEARTH_ASSIGN(const auto call_id, fields.text("tool_call_id"));
  turn.tool_call_id = call_id.value_or("");
  HEARTH_ASSIGN(const Json* images, fields.list("images"));
  if (images != nullptr && !images->empty())
    return fields.wrong("images", "are not supported; leave them out");
  HEARTH_ASSIGN(const Json* calls, fields.list("tool_calls"));
  HEARTH_TRY(fields.finish());
  HEARTH_ASSIGN(turn.calls, read_tool_calls(fields, calls, ChatApi::kOllama));
  return turn;
}

Result<void> take_prompt(const Conversation& conversation, OllamaRequest& asked) {
  HEARTH_ASSIGN(ChatPrompt prompt, make_chat_prompt(*asked.model, conversation));
  asked.prompt = std::move(prompt.tokens);
  asked.reader = std::move(prompt.reader);
  asked.dropped_turns = prompt.dropped_turns;
  return {};
}

// Ollama's default is to cut a chat that outgrows the context; here that must be asked for.
Result<void> read_overflow(JsonFields& fields, const OllamaRequest& asked,
                           Conversation& conversation) {
  HEARTH_ASSIGN(const auto truncate, fields.boolean("truncate"));
  if (truncate == true) conversation.prompt_tokens_max = prompt_room(*asked.model, asked.options);
  HEARTH_ASSIGN(const auto shift, fields.boolean("shift"));
  if (shift == true)
    return fields.wrong("shift", "is not supported: an answer ends with the context; leave it out");
  return {};
}

Result<void> read_chat(JsonFields& fields, OllamaRequest& asked) {
  Conversation conversation;
  HEARTH_TRY(read_overflow(fields, asked, conversation));
  HEARTH_TRY(read_think(fields, asked, conversation.variables));
  HEARTH_ASSIGN(conversation.tools, read_tools(fields));
  HEARTH_ASSIGN(const auto schema, read_format_schema(fields));
  if (const ToolOffer& tools = conversation.tools; !tools.callable.empty()) {
    HEARTH_ASSIGN(asked.options.grammar, compile_tools(fields, *asked.model, tools, schema));
  } else if (schema) {
    HEARTH_ASSIGN(asked.options.grammar, compiled(fields, "format", compile_json_schema(*schema)));
  }
  HEARTH_ASSIGN(const Json* messages, fields.list("messages"));
  if (messages == nullptr || messages->empty()) return {};
  for (std::size_t i = 0; i < messages->size(); ++i) {
    HEARTH_ASSIGN(ChatTurn turn, read_message((*messages)[i], concat("messages[", i, "]")));
    conversation.turns.push_back(std::move(turn));
  }
  take_turns(*asked.model, conversation, asked.routed);
  return take_prompt(conversation, asked);
}

// ---- generate ----

Result<void> read_generate(JsonFields& fields, OllamaRequest& asked) {
  Conversation conversation;
  HEARTH_TRY(read_think(fields, asked, conversation.variables));
  HEARTH_ASSIGN(const auto schema, read_format_schema(fields));
  if (schema) {
    HEARTH_ASSIGN(asked.options.grammar, compiled(fields, "format", compile_json_schema(*schema)));
  }
  HEARTH_ASSIGN(const auto prompt, fields.text("prompt"));
  HEARTH_ASSIGN(const auto suffix, fields.text("suffix"));
  HEARTH_ASSIGN(const auto system, fields.text("system"));
  HEARTH_ASSIGN(const auto raw, fields.boolean("raw"));
  for (const std::string_view name : {"images", "context", "template"}) {
    if (const Json* value = fields.any(name); value != nullptr && !value->empty() && *value != "")
      return fields.wrong(name, "is not supported; leave it out");
  }
  if (!prompt || prompt->empty()) return {};
  const Engine& engine = *asked.model->engine;
  if (suffix && !suffix->empty()) {
    HEARTH_ASSIGN(asked.prompt, encode_infill(engine, *prompt, *suffix));
  } else if (raw == true || !asked.model->has_chat_template()) {
    asked.prompt = engine.encode_raw(*prompt);
  } else {
    if (system && !system->empty()) conversation.turns.push_back({"system", *system});
    conversation.turns.push_back({"user", *prompt});
    return take_prompt(conversation, asked);
  }
  return {};
}

}  // namespace

Result<OllamaRequest> read_ollama_request(ModelHost& models, const std::string& body,
                                          OllamaKind kind) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  OllamaRequest asked;
  asked.kind = kind;
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  if (!name) return fields.wrong("model", "is missing; name one that /api/tags lists");
  HEARTH_ASSIGN(asked.keep_alive_s, read_keep_alive(fields));
  const Stopwatch loading;
  HEARTH_ASSIGN(ModelUse use, models.use(requested_name(*name)));
  asked.model = std::move(use.model);
  asked.model_name = std::move(use.name);
  asked.options.adapters = std::move(use.adapters);
  asked.load_ms = loading.elapsed_ms();
  HEARTH_ASSIGN(const auto streamed, fields.boolean("stream"));
  asked.is_streamed = streamed.value_or(true);
  HEARTH_ASSIGN(const auto logprobs, fields.boolean("logprobs"));
  asked.has_logprobs = logprobs.value_or(false);
  HEARTH_ASSIGN(const auto alternatives, fields.integer("top_logprobs", 0, kAlternativesMax));
  asked.options.alternatives = static_cast<int32_t>(alternatives.value_or(0));
  HEARTH_TRY(read_options(fields, asked));
  HEARTH_ASSIGN(asked.routed, read_routed_chat(fields));
  HEARTH_TRY(kind == OllamaKind::kChat ? read_chat(fields, asked) : read_generate(fields, asked));
  HEARTH_TRY(fields.finish());
  asked.routed.is_streamed = asked.is_streamed;
  if (asked.routed.stays.empty())
    asked.routed.stays = why_it_stays(asked.options, asked.has_logprobs);
  return asked;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "server/openai_chat.h"

#include <ctime>
#include <mutex>
#include <utility>

#include "base/strings.h"
#include "server/api_error.h"
#include "server/chat_messages.h"
#include "server/generation_fields.h"
#include "server/json_reply.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kChoicesMax = 16;

enum class Kind { kChat, kText };

// What the fields of a request say beside how tokens are drawn.
struct Asked {
  Kind kind;
  std::shared_ptr<ServedModel> model;
  std::vector<TokenId> prompt;
  GenerateOptions options;
  int32_t choices = 1;
  bool is_streamed = false;
  bool has_usage = false;  // in a stream
  bool has_logprobs = false;
};

// What is published and cannot change an answer.
void accept_without_meaning(JsonFields& fields) {
  for (const std::string_view name :
       {"user", "metadata", "safety_identifier", "prompt_cache_key", "parallel_tool_calls"}) {
    fields.accept(name);
  }
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
  return only("best_of", 1);
}

Result<void> read_logprobs(JsonFields& fields, Asked& asked) {
  if (asked.kind == Kind::kText) {
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

Result<void> read_stream(JsonFields& fields, Asked& asked) {
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

Result<std::vector<TokenId>> read_prompt(JsonFields& fields, const Engine& engine, Kind kind) {
  if (kind == Kind::kText) {
    HEARTH_ASSIGN(const auto prompt, fields.text("prompt"));
    if (!prompt) return fields.wrong("prompt", "is missing; give some text");
    return engine.encode_raw(*prompt);
  }
  HEARTH_ASSIGN(const Json* messages, fields.list("messages"));
  if (messages == nullptr) return fields.wrong("messages", "is missing; give at least one");
  HEARTH_ASSIGN(const std::vector<ChatMessage> read, read_messages(*messages));
  return engine.encode_chat(read);
}

Result<Asked> read(ModelHost& models, const std::string& default_model, const std::string& body,
                   Kind kind) {
  HEARTH_ASSIGN(const Json document, parse_json_object(body));
  JsonFields fields(document);
  Asked asked = {.kind = kind, .model = nullptr, .prompt = {}, .options = {}};
  HEARTH_ASSIGN(const auto name, fields.text("model"));
  HEARTH_ASSIGN(asked.model, models.get(name.value_or(default_model)));
  HEARTH_ASSIGN(asked.options, read_generation(fields, asked.model->scheduler->context()));
  HEARTH_ASSIGN(asked.options.grammar, read_format(fields));
  HEARTH_ASSIGN(const auto choices, fields.integer("n", 1, kChoicesMax));
  asked.choices = static_cast<int32_t>(choices.value_or(1));
  HEARTH_TRY(read_logprobs(fields, asked));
  HEARTH_TRY(read_stream(fields, asked));
  accept_without_meaning(fields);
  HEARTH_TRY(refuse_other_values(fields));
  HEARTH_ASSIGN(asked.prompt, read_prompt(fields, *asked.model->engine, kind));
  HEARTH_TRY(fields.finish());
  return asked;
}

// ---- answers ----

Json usage_json(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

std::string_view openai_finish(FinishReason reason) {
  return reason == FinishReason::kStop ? "stop" : "length";
}

Json token_json(const Tokenizer& tokenizer, const SampledToken& token) {
  const std::string bytes(tokenizer.token_bytes(token.id, SpecialTokens::kAsText));
  Json numbers = Json::array();
  for (const char byte : bytes) numbers.push_back(static_cast<unsigned char>(byte));
  return {{"token", bytes}, {"logprob", token.logprob}, {"bytes", std::move(numbers)}};
}

// The answers to one request, as they are drawn: streamed, or put together.
class Reply : public std::enable_shared_from_this<Reply> {
 public:
  Reply(Asked asked, std::string id, std::shared_ptr<HttpReply> http)
      : asked_(std::move(asked)),
        id_(concat(asked_.kind == Kind::kChat ? "chatcmpl-" : "cmpl-", id)),
        created_(std::time(nullptr)),
        http_(std::move(http)),
        choices_(static_cast<std::size_t>(asked_.choices)) {}

  // Hands the request to the scheduler, once for each choice.
  void submit(std::string client) {
    left_ = asked_.choices;
    for (int32_t i = 0; i < asked_.choices; ++i) {
      const Result<void> taken = asked_.model->scheduler->submit(request(i, client));
      if (!taken.ok()) end(i, taken.error());
    }
  }

 private:
  struct Choice {
    Json tokens = Json::array();  // of logprobs
    std::optional<Answer> answer;
  };

  Request request(int32_t index, const std::string& client) {
    const auto self = shared_from_this();
    Request request;
    request.prompt = asked_.prompt;
    request.options = asked_.options;
    request.options.sampling.seed += static_cast<uint64_t>(index);
    request.options.interruption.cancelled = &http_->is_gone();
    request.client = client;
    if (asked_.has_logprobs) {
      request.options.on_token = [self, index](const DrawnToken& token) {
        self->add_token(index, token);
      };
    }
    request.on_text = [self, index](std::string_view piece) { self->add_text(index, piece); };
    request.on_end = [self, index](Result<Answer> answer) { self->end(index, std::move(answer)); };
    return request;
  }

  void add_token(int32_t index, const DrawnToken& drawn) {
    const Tokenizer& tokenizer = asked_.model->engine->tokenizer();
    Json token = token_json(tokenizer, drawn.token);
    token["top_logprobs"] = Json::array();
    for (const SampledToken& other : drawn.alternatives)
      token["top_logprobs"].push_back(token_json(tokenizer, other));
    choices_[static_cast<std::size_t>(index)].tokens.push_back(std::move(token));
  }

  void add_text(int32_t index, std::string_view piece) {
    if (!asked_.is_streamed || piece.empty()) return;
    const std::lock_guard lock(mutex_);
    begin_stream();
    write_event(chunk(index, text_delta(piece), nullptr));
  }

  void begin_stream() {
    if (has_begun_) return;
    has_begun_ = true;
    http_->begin(200, "text/event-stream", {{"cache-control", "no-store"}});
    if (asked_.kind == Kind::kText) return;
    for (int32_t i = 0; i < asked_.choices; ++i)
      write_event(chunk(i, {{"role", "assistant"}, {"content", ""}}, nullptr));
  }

  Json text_delta(std::string_view piece) const {
    return asked_.kind == Kind::kChat ? Json{{"content", piece}} : Json{{"text", piece}};
  }

  Json head(std::string_view chat, std::string_view text) const {
    return {{"id", id_},
            {"object", asked_.kind == Kind::kChat ? chat : text},
            {"created", created_},
            {"model", asked_.model->name}};
  }

  Json chunk(int32_t index, Json delta, Json finish_reason) {
    Json choice = {{"index", index}};
    if (asked_.kind == Kind::kChat) {
      choice["delta"] = std::move(delta);
    } else {
      choice["text"] = delta.value("text", "");
    }
    choice["logprobs"] = take_logprobs(index);
    choice["finish_reason"] = std::move(finish_reason);
    Json event = head("chat.completion.chunk", "text_completion");
    event["choices"] = Json::array({std::move(choice)});
    if (asked_.has_usage) event["usage"] = nullptr;
    return event;
  }

  // Of the tokens since the last time.
  Json take_logprobs(int32_t index) {
    if (!asked_.has_logprobs) return nullptr;
    Json tokens = std::exchange(choices_[static_cast<std::size_t>(index)].tokens, Json::array());
    return {{"content", std::move(tokens)}};
  }

  void write_event(const Json& event) { http_->write(concat("data: ", json_text(event), "\n\n")); }

  void end(int32_t index, Result<Answer> answer) {
    const std::lock_guard lock(mutex_);
    if (!answer.ok()) {
      if (!error_) error_ = answer.error();
    } else {
      if (asked_.is_streamed) {
        begin_stream();
        write_event(chunk(index, Json::object(), openai_finish(answer->finish_reason)));
      }
      choices_[static_cast<std::size_t>(index)].answer = std::move(answer).value();
    }
    if (--left_ == 0) finish();
  }

  void finish() {
    if (error_ && !has_begun_) return send_openai_error(*http_, *error_);
    if (!asked_.is_streamed) return send_whole();
    if (error_) {
      write_event(openai_error(*error_));
    } else if (asked_.has_usage) {
      Json event = head("chat.completion.chunk", "text_completion");
      event["choices"] = Json::array();
      event["usage"] = usage_json(total_usage());
      write_event(event);
    }
    http_->write("data: [DONE]\n\n");
    http_->end();
  }

  Usage total_usage() const {
    Usage total;
    for (const Choice& choice : choices_) {
      total.prompt_tokens = choice.answer->usage.prompt_tokens;
      total.cached_tokens = std::max(total.cached_tokens, choice.answer->usage.cached_tokens);
      total.completion_tokens += choice.answer->usage.completion_tokens;
    }
    return total;
  }

  void send_whole() {
    Json document = head("chat.completion", "text_completion");
    document["choices"] = Json::array();
    for (int32_t i = 0; i < asked_.choices; ++i) {
      const Answer& answer = *choices_[static_cast<std::size_t>(i)].answer;
      Json choice = {{"index", i}};
      if (asked_.kind == Kind::kChat) {
        choice["message"] = {{"role", "assistant"}, {"content", answer.text}, {"refusal", nullptr}};
      } else {
        choice["text"] = answer.text;
      }
      choice["logprobs"] = take_logprobs(i);
      choice["finish_reason"] = openai_finish(answer.finish_reason);
      document["choices"].push_back(std::move(choice));
    }
    document["usage"] = usage_json(total_usage());
    send_json(*http_, 200, document);
  }

  const Asked asked_;
  const std::string id_;
  const std::time_t created_;
  const std::shared_ptr<HttpReply> http_;
  std::mutex mutex_;
  std::vector<Choice> choices_;
  int32_t left_ = 0;
  bool has_begun_ = false;
  std::optional<Error> error_;
};

void answer(ModelHost& models, const std::string& default_model, const HttpRequest& request,
            std::shared_ptr<HttpReply> reply, Kind kind) {
  Result<Asked> asked = read(models, default_model, request.body, kind);
  if (!asked.ok()) return send_openai_error(*reply, asked.error());
  std::make_shared<Reply>(std::move(asked).value(), request.id, std::move(reply))
      ->submit(std::string(request.header("authorization")));
}

}  // namespace

void answer_chat(ModelHost& models, const std::string& default_model, const HttpRequest& request,
                 std::shared_ptr<HttpReply> reply) {
  answer(models, default_model, request, std::move(reply), Kind::kChat);
}

void answer_completion(ModelHost& models, const std::string& default_model,
                       const HttpRequest& request, std::shared_ptr<HttpReply> reply) {
  answer(models, default_model, request, std::move(reply), Kind::kText);
}

}  // namespace hearth

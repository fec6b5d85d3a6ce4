// SPDX-License-Identifier: Apache-2.0
#include "server/ollama_reply.h"

#include <utility>

#include "base/strings.h"
#include "package/model_names.h"
#include "server/api_error.h"
#include "server/json_reply.h"
#include "server/ollama_names.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

}  // namespace

OllamaReply::OllamaReply(OllamaRequest asked, Routing* routing, std::shared_ptr<HttpReply> http,
                         std::function<void()> ended)
    : asked_(std::move(asked)),
      routing_(routing),
      http_(std::move(http)),
      ended_(std::move(ended)) {
  http_->add_headers(dropped_turns_header(asked_.dropped_turns));
}

void OllamaReply::submit(const std::string& client, const std::string& id) {
  const auto self = shared_from_this();
  Request request;
  request.prompt = asked_.prompt;
  request.options = asked_.options;
  request.options.interruption.cancelled = &http_->is_gone();
  request.client = client;
  if (asked_.has_logprobs)
    request.options.on_token = [self](const DrawnToken& token) { self->add_token(token); };
  request.on_text = [self](std::string_view piece) {
    for (const AnswerPart& part : self->asked_.reader.push(piece)) self->add_part(part);
  };
  request.on_end = [self](Result<Answer> answer) { self->end(std::move(answer)); };
  if (routing_ != nullptr && !asked_.routed.messages.empty()) {
    report_ = std::make_shared<AnswerReport>();
    return routing_->submit(asked_.model, std::move(request), std::move(asked_.routed), id, http_,
                            report_);
  }
  const Result<void> taken = asked_.model->scheduler->submit(std::move(request));
  if (!taken.ok()) end(taken.error());
}

void OllamaReply::send_loaded() {
  const bool is_let_go = asked_.keep_alive_s == 0.0;
  Json line = document("", "", Json::array());
  line["done"] = true;
  line["done_reason"] = is_let_go ? "unload" : "load";
  ended_();
  send_json(*http_, 200, line);
}

// ---- as the answer comes ----

void OllamaReply::add_token(const DrawnToken& drawn) {
  const Tokenizer& tokenizer = asked_.model->engine->tokenizer();
  Json token = token_json(tokenizer, drawn.token);
  if (asked_.options.alternatives > 0) {
    token["top_logprobs"] = Json::array();
    for (const SampledToken& other : drawn.alternatives)
      token["top_logprobs"].push_back(token_json(tokenizer, other));
  }
  logprobs_.push_back(std::move(token));
}

void OllamaReply::add_part(const AnswerPart& part) {
  if (part.kind != AnswerPart::Kind::kArguments) end_call();
  switch (part.kind) {
    case AnswerPart::Kind::kReasoning:
      if (!asked_.shows_thoughts) return;
      thinking_ += part.text;
      if (asked_.is_streamed) write_line(document("", part.text, Json::array()));
      return;
    case AnswerPart::Kind::kContent:
      content_ += part.text;
      if (asked_.is_streamed) write_line(document(part.text, "", Json::array()));
      return;
    case AnswerPart::Kind::kCall:
      has_open_call_ = true;
      call_name_ = part.text;
      call_arguments_.clear();
      return;
    case AnswerPart::Kind::kArguments:
      call_arguments_ += part.text;
      return;
  }
}

// A call is told whole; one that was cut short is none.
void OllamaReply::end_call() {
  if (!std::exchange(has_open_call_, false)) return;
  Json arguments = Json::parse(call_arguments_, nullptr, false);
  if (!arguments.is_object()) return;
  Json call = {
      {"function",
       {{"index", calls_.size()}, {"name", call_name_}, {"arguments", std::move(arguments)}}}};
  calls_.push_back(call);
  if (asked_.is_streamed) write_line(document("", "", Json::array({std::move(call)})));
}

void OllamaReply::end(Result<Answer> answer) {
  if (!answer.ok()) {
    ended_();
    if (!has_begun_) return send_ollama_error(*http_, answer.error());
    write_line(ollama_error(answer.error()));
    return http_->end();
  }
  for (const AnswerPart& part : asked_.reader.finish()) add_part(part);
  end_call();
  Json line = asked_.is_streamed ? document("", "", Json::array())
                                 : document(content_, thinking_, std::move(calls_));
  const bool is_whole = answer->finish_reason == FinishReason::kStop;
  add_end(line, is_whole ? "stop" : "length", *answer);
  ended_();
  if (!asked_.is_streamed) return send_json(*http_, 200, line);
  write_line(line);
  http_->end();
}

// ---- documents ----

Json OllamaReply::head() const {
  return {{"model", ollama_name(asked_.model_name)}, {"created_at", utc_in(0)}};
}

Json OllamaReply::document(const std::string& content, const std::string& thinking, Json calls) {
  Json line = head();
  Json message = {{"role", "assistant"}, {"content", content}};
  if (is_chat()) {
    if (!thinking.empty()) message["thinking"] = thinking;
    if (!calls.empty()) message["tool_calls"] = std::move(calls);
    line["message"] = std::move(message);
  } else {
    line["response"] = content;
    if (!thinking.empty()) line["thinking"] = thinking;
  }
  if (!logprobs_.empty()) line["logprobs"] = std::exchange(logprobs_, Json::array());
  line["done"] = false;
  return line;
}

void OllamaReply::add_end(Json& document, std::string_view reason, const Answer& answer) const {
  document["done"] = true;
  document["done_reason"] = reason;
  document["total_duration"] = nanoseconds(asked_.load_ms + since_asked_.elapsed_ms());
  document["load_duration"] = nanoseconds(asked_.load_ms);
  document["prompt_eval_count"] = answer.usage.prompt_tokens;
  document["prompt_eval_duration"] = nanoseconds(answer.timings.prefill_ms);
  document["eval_count"] = answer.usage.completion_tokens;
  document["eval_duration"] = nanoseconds(answer.timings.decode_ms);
  if (asked_.dropped_turns > 0) document["dropped_messages"] = asked_.dropped_turns;
  if (report_ != nullptr) add_report(document["hearth"], *report_);
}

void OllamaReply::write_line(const Json& line) {
  if (!std::exchange(has_begun_, true)) http_->begin(200, "application/x-ndjson");
  http_->write(concat(json_text(line), "\n"));
}

}  // namespace hearth

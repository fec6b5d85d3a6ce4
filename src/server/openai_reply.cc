// SPDX-License-Identifier: Apache-2.0
#include "server/openai_reply.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "server/api_error.h"
#include "server/json_reply.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

Json usage_json(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

std::string token_text(const Tokenizer& tokenizer, TokenId id) {
  return std::string(tokenizer.token_bytes(id, SpecialTokens::kAsText));
}

// {"tokens", "token_logprobs", "top_logprobs", "text_offset"} of tokens with those members' values.
Json text_logprobs(const Json& tokens) {
  Json lists = {{"tokens", Json::array()},
                {"token_logprobs", Json::array()},
                {"top_logprobs", Json::array()},
                {"text_offset", Json::array()}};
  for (const Json& token : tokens) {
    lists["tokens"].push_back(token["token"]);
    lists["token_logprobs"].push_back(token["logprob"]);
    lists["top_logprobs"].push_back(token["top"]);
    lists["text_offset"].push_back(token["offset"]);
  }
  return lists;
}

}  // namespace

OpenAiReply::OpenAiReply(OpenAiRequest asked, Routing* routing, const std::string& id,
                         std::shared_ptr<HttpReply> http)
    : asked_(std::move(asked)),
      routing_(routing),
      request_id_(id),
      id_(concat(is_chat() ? "chatcmpl-" : "cmpl-", id)),
      created_(std::time(nullptr)),
      http_(std::move(http)),
      left_(asked_.answers()) {
  http_->add_headers(dropped_turns_header(asked_.dropped_turns));
  for (std::size_t i = 0; i < asked_.answers(); ++i) choices_.push_back({.reader = asked_.reader});
}

void OpenAiReply::submit(const std::string& client) {
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (is_routed()) {
      routing_->submit(asked_.model, request(i, client), asked_.routed, request_id_, http_,
                       choices_[i].report);
      continue;
    }
    const Result<void> taken = asked_.model->scheduler->submit(request(i, client));
    if (!taken.ok()) end(i, taken.error());
  }
}

Request OpenAiReply::request(std::size_t index, const std::string& client) {
  const auto self = shared_from_this();
  Request request;
  request.prompt = asked_.prompts[index / static_cast<std::size_t>(asked_.choices)];
  request.options = asked_.options;
  request.options.sampling.seed += index;
  request.options.interruption.cancelled = &http_->is_gone();
  request.client = client;
  if (asked_.has_logprobs) {
    request.options.on_token = [self, index](const DrawnToken& token) {
      self->add_token(self->choices_[index], token);
    };
  }
  request.on_text = [self, index](std::string_view piece) {
    self->add_parts(index, self->choices_[index].reader.push(piece));
  };
  request.on_end = [self, index](Result<Answer> answer) { self->end(index, std::move(answer)); };
  return request;
}

// ---- as the answers come ----

void OpenAiReply::add_token(Choice& choice, const DrawnToken& drawn) {
  const Tokenizer& tokenizer = asked_.model->engine->tokenizer();
  if (is_chat()) {
    Json token = token_json(tokenizer, drawn.token);
    token["top_logprobs"] = Json::array();
    for (const SampledToken& other : drawn.alternatives)
      token["top_logprobs"].push_back(token_json(tokenizer, other));
    choice.tokens.push_back(std::move(token));
    return;
  }
  const std::string text = token_text(tokenizer, drawn.token.id);
  Json top = Json::object();
  for (const SampledToken& other : drawn.alternatives)
    top[token_text(tokenizer, other.id)] = other.logprob;
  choice.tokens.push_back({{"token", text},
                           {"logprob", drawn.token.logprob},
                           {"top", std::move(top)},
                           {"offset", choice.token_offset}});
  choice.token_offset += text.size();
}

void OpenAiReply::add_parts(std::size_t index, const std::vector<AnswerPart>& parts) {
  if (parts.empty()) return;
  const std::lock_guard lock(mutex_);
  for (const AnswerPart& part : parts) add_part(index, part);
}

void OpenAiReply::add_part(std::size_t index, const AnswerPart& part) {
  if (asked_.is_streamed) {
    begin_stream();
    write_event(chunk(index, delta_of(index, part), nullptr));
    return;
  }
  Choice& choice = choices_[index];
  switch (part.kind) {
    case AnswerPart::Kind::kReasoning:
      choice.reasoning += part.text;
      break;
    case AnswerPart::Kind::kContent:
      choice.content += part.text;
      break;
    case AnswerPart::Kind::kCall:
      choice.calls.push_back({part.text, ""});
      break;
    case AnswerPart::Kind::kArguments:
      choice.calls.back().arguments += part.text;
      break;
  }
}

void OpenAiReply::end(std::size_t index, Result<Answer> answer) {
  const std::lock_guard lock(mutex_);
  Choice& choice = choices_[index];
  if (!answer.ok()) {
    if (!error_) error_ = answer.error();
  } else {
    for (const AnswerPart& part : choice.reader.finish()) add_part(index, part);
    choice.answer = std::move(answer).value();
    if (asked_.is_streamed) {
      begin_stream();
      write_event(chunk(index, Json::object(), finish_reason(choice)));
    }
  }
  if (--left_ == 0) finish();
}

void OpenAiReply::finish() {
  if (error_ && !has_begun_) return send_openai_error(*http_, *error_);
  if (!asked_.is_streamed) return send_whole();
  if (error_) {
    write_event(openai_error(*error_));
  } else if (asked_.has_usage) {
    Json event = head("chat.completion.chunk", "text_completion");
    event["choices"] = Json::array();
    event["usage"] = usage();
    event["hearth"] = hearth_json();
    write_event(event);
  }
  http_->write("data: [DONE]\n\n");
  http_->end();
}

// ---- documents ----

std::string OpenAiReply::call_id(std::size_t index, int32_t call) const {
  return concat("call_", id_, "_", index, "_", call);
}

Json OpenAiReply::head(std::string_view chat, std::string_view text) const {
  return {{"id", id_},
          {"object", is_chat() ? chat : text},
          {"created", created_},
          {"model", asked_.model_name}};
}

Json OpenAiReply::delta_of(std::size_t index, const AnswerPart& part) const {
  switch (part.kind) {
    case AnswerPart::Kind::kReasoning:
      return {{"reasoning_content", part.text}};
    case AnswerPart::Kind::kContent:
      return {{is_chat() ? "content" : "text", part.text}};
    case AnswerPart::Kind::kCall:
      return {
          {"tool_calls", Json::array({{{"index", part.call},
                                       {"id", call_id(index, part.call)},
                                       {"type", "function"},
                                       {"function", {{"name", part.text}, {"arguments", ""}}}}})}};
    case AnswerPart::Kind::kArguments:
      return {{"tool_calls",
               Json::array({{{"index", part.call}, {"function", {{"arguments", part.text}}}}})}};
  }
  return Json::object();
}

Json OpenAiReply::chunk(std::size_t index, Json delta, Json finish_reason) {
  Json choice = {{"index", index}};
  if (is_chat()) {
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
Json OpenAiReply::take_logprobs(std::size_t index) {
  if (!asked_.has_logprobs) return nullptr;
  Json tokens = std::exchange(choices_[index].tokens, Json::array());
  if (is_chat()) return {{"content", std::move(tokens)}};
  return text_logprobs(tokens);
}

// Of all answers; each prompt counts once.
Json OpenAiReply::usage() const {
  Usage total;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const Usage& of_one = choices_[i].answer->usage;
    if (i % static_cast<std::size_t>(asked_.choices) == 0) {
      total.prompt_tokens += of_one.prompt_tokens;
      total.cached_tokens += of_one.cached_tokens;
    }
    total.completion_tokens += of_one.completion_tokens;
  }
  return usage_json(total);
}

// Where the answer was computed, and what it took.
Json OpenAiReply::hearth_json() const {
  const Timings& timings = choices_.front().answer->timings;
  Json json;
  if (is_routed()) {
    add_report(json, *choices_.front().report);
  } else {
    json["route"] = local_route_json();
  }
  json["timings"] = {{"prefill_ms", timings.prefill_ms},
                     {"first_token_ms", timings.first_token_ms},
                     {"decode_ms", timings.decode_ms}};
  if (asked_.dropped_turns > 0) json["dropped_messages"] = asked_.dropped_turns;
  return json;
}

std::string_view OpenAiReply::finish_reason(const Choice& choice) const {
  if (choice.answer->finish_reason != FinishReason::kStop) return "length";
  return choice.reader.calls() > 0 ? "tool_calls" : "stop";
}

Json OpenAiReply::message(std::size_t index) const {
  const Choice& choice = choices_[index];
  Json message = {{"role", "assistant"}, {"content", choice.content}, {"refusal", nullptr}};
  if (!choice.reasoning.empty()) message["reasoning_content"] = choice.reasoning;
  if (choice.calls.empty()) return message;
  if (choice.content.empty()) message["content"] = nullptr;
  message["tool_calls"] = Json::array();
  for (std::size_t i = 0; i < choice.calls.size(); ++i) {
    const Call& call = choice.calls[i];
    message["tool_calls"].push_back(
        {{"id", call_id(index, static_cast<int32_t>(i))},
         {"type", "function"},
         {"function", {{"name", call.name}, {"arguments", call.arguments}}}});
  }
  return message;
}

void OpenAiReply::begin_stream() {
  if (has_begun_) return;
  has_begun_ = true;
  http_->begin(200, "text/event-stream", {{"cache-control", "no-store"}});
  if (!is_chat()) return;
  for (std::size_t i = 0; i < choices_.size(); ++i)
    write_event(chunk(i, {{"role", "assistant"}, {"content", ""}}, nullptr));
}

void OpenAiReply::write_event(const Json& event) {
  http_->write(concat("data: ", json_text(event), "\n\n"));
}

void OpenAiReply::send_whole() {
  Json document = head("chat.completion", "text_completion");
  document["choices"] = Json::array();
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    Json choice = {{"index", i}};
    if (is_chat()) {
      choice["message"] = message(i);
    } else {
      choice["text"] = choices_[i].content;
    }
    choice["logprobs"] = take_logprobs(i);
    choice["finish_reason"] = finish_reason(choices_[i]);
    document["choices"].push_back(std::move(choice));
  }
  document["usage"] = usage();
  document["hearth"] = hearth_json();
  send_json(*http_, 200, document);
}

}  // namespace hearth

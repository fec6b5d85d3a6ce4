// SPDX-License-Identifier: Apache-2.0
// The answers to one request in OpenAI's shapes: streamed as they are drawn, or put together.
//
// Ownership: kept alive by what the scheduler holds of it. Threading: submit() on one thread; then
// it is the scheduler's.
#pragma once

#include <ctime>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "http/message.h"
#include "server/openai_request.h"

namespace hearth {

class OpenAiReply : public std::enable_shared_from_this<OpenAiReply> {
 public:
  // `routing`: as of answer_openai(); outlives it.
  OpenAiReply(OpenAiRequest asked, Routing* routing, const std::string& id,
              std::shared_ptr<HttpReply> http);

  // Hands the request to the scheduler or to routing, once for each answer. `client`: who asks.
  void submit(const std::string& client);

 private:
  using Json = nlohmann::ordered_json;

  // A call of a function, as it is put together.
  struct Call {
    std::string name;
    std::string arguments;
  };
  struct Choice {
    AnswerReader reader;
    std::string content = {};
    std::string reasoning = {};
    std::vector<Call> calls = {};
    Json tokens = Json::array();   // of logprobs, since the last time they were told
    std::size_t token_offset = 0;  // of text, where the next token begins
    std::optional<Answer> answer = {};
    // Of one that was routed.
    std::shared_ptr<AnswerReport> report = std::make_shared<AnswerReport>();
  };

  bool is_chat() const { return asked_.kind == OpenAiKind::kChat; }
  bool is_routed() const { return routing_ != nullptr && !asked_.routed.messages.empty(); }
  Request request(std::size_t index, const std::string& client);
  void add_token(Choice& choice, const DrawnToken& drawn);
  void add_parts(std::size_t index, const std::vector<AnswerPart>& parts);
  void add_part(std::size_t index, const AnswerPart& part);
  void end(std::size_t index, Result<Answer> answer);
  void finish();

  std::string call_id(std::size_t index, int32_t call) const;
  Json head(std::string_view chat, std::string_view text) const;
  Json delta_of(std::size_t index, const AnswerPart& part) const;
  Json chunk(std::size_t index, Json delta, Json finish_reason);
  Json take_logprobs(std::size_t index);
  Json usage() const;
  Json hearth_json() const;
  std::string_view finish_reason(const Choice& choice) const;
  Json message(std::size_t index) const;
  void begin_stream();
  void write_event(const Json& event);
  void send_whole();

  const OpenAiRequest asked_;
  Routing* const routing_;
  const std::string request_id_;
  const std::string id_;
  const std::time_t created_;  // seconds since 1970
  const std::shared_ptr<HttpReply> http_;
  std::mutex mutex_;
  std::vector<Choice> choices_;
  std::size_t left_ = 0;
  bool has_begun_ = false;
  std::optional<Error> error_;
};

}  // namespace hearth

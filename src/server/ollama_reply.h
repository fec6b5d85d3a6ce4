// SPDX-License-Identifier: Apache-2.0
// The answer to one request in Ollama's shapes: a document a line as it is drawn, or one at the
// end.
//
// Ownership: kept alive by what the scheduler holds of it. Threading: submit() on one thread; then
// it is the scheduler's.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "http/message.h"
#include "server/ollama_request.h"

namespace hearth {

class OllamaReply : public std::enable_shared_from_this<OllamaReply> {
 public:
  // `routing`: as of answer_ollama(); outlives it. `ended`: called once, after the answer.
  OllamaReply(OllamaRequest asked, Routing* routing, std::shared_ptr<HttpReply> http,
              std::function<void()> ended);

  // `id`: of the request.
  void submit(const std::string& client, const std::string& id);
  // The answer of a request without a prompt.
  void send_loaded();

 private:
  using Json = nlohmann::ordered_json;

  bool is_chat() const { return asked_.kind == OllamaKind::kChat; }
  void add_token(const DrawnToken& drawn);
  void add_part(const AnswerPart& part);
  void end_call();
  void end(Result<Answer> answer);
  Json head() const;
  // Of a piece, or of all that was said.
  Json document(const std::string& content, const std::string& thinking, Json calls);
  void add_end(Json& document, std::string_view reason, const Answer& answer) const;
  void write_line(const Json& line);

  OllamaRequest asked_;
  Routing* const routing_;
  const std::shared_ptr<HttpReply> http_;
  const std::function<void()> ended_;
  const Stopwatch since_asked_;
  bool has_begun_ = false;
  std::string content_;
  std::string thinking_;
  Json calls_ = Json::array();
  std::string call_name_;  // of a call that is being put together
  std::string call_arguments_;
  bool has_open_call_ = false;
  std::shared_ptr<AnswerReport> report_;  // of one that was routed
  Json logprobs_ = Json::array();         // since the last time they were told
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Chats of the server that go by way of the controller: answered by the scheduler, or by another
// machine while a thread of its own waits.
//
// Ownership: shares the controller; outlives the models, whose schedulers tell it of their answers.
// Threading: submit() on any thread; callbacks of requests come on the scheduler's thread or on one
// of this, one at a time.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "controller/controller.h"
#include "http/message.h"
#include "server/conversation.h"
#include "server/json_fields.h"
#include "server/model_host.h"
#include "server/task_queue.h"

namespace hearth {

// What a chat says of where it may be answered.
struct RoutedChat {
  std::vector<PromptMessage> messages;  // empty: it is not routed
  Consent consent = Consent::kNone;
  std::string stays = {};    // why this machine alone can answer; empty: the policy decides
  bool is_streamed = false;  // else text of others is handed out whole
};

// consent and privacy. Errors: kUsage (another value: named).
Result<RoutedChat> read_routed_chat(JsonFields& fields);
// The conversation as other machines would see it. What asks for more than text stays.
void take_turns(const ServedModel& model, const Conversation& conversation, RoutedChat& chat);
// What of the options others do not do; empty: nothing.
std::string why_it_stays(const GenerateOptions& options, bool has_logprobs);

// {"target", "reason", "code", "outcome"}.
nlohmann::ordered_json route_json(const AnswerReport& report);
// Adds route, confidence, ledger_id, checks and unknown_placeholders, as far as there are any.
void add_report(nlohmann::ordered_json& document, const AnswerReport& report);

class Routing {
 public:
  explicit Routing(std::shared_ptr<Controller> controller);
  ~Routing();  // stop(), and waits for what is under way

  // Requests on their way end soon: others are no longer waited for.
  void stop();

  // Tells `request` as the scheduler would; `report` is filled before on_end() is called.
  void submit(std::shared_ptr<ServedModel> model, Request request, RoutedChat chat,
              const std::string& id, std::shared_ptr<HttpReply> http,
              std::shared_ptr<AnswerReport> report);

 private:
  struct Way;

  void step(const std::shared_ptr<Way>& way);
  void answer_here(const std::shared_ptr<Way>& way);
  void take_answer(Way& way, Result<Answer> answer);
  void ask_others(const std::shared_ptr<Way>& way);
  void finish(Way& way);

  const std::shared_ptr<Controller> controller_;
  std::stop_source stop_;
  TaskQueue steps_;  // what takes no time
  TaskQueue asks_;   // what waits for other machines
};

}  // namespace hearth

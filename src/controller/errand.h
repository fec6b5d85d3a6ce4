// SPDX-License-Identifier: Apache-2.0
// One request on its way: whoever runs it does the step that is next until none is. There is no
// thread in it, so that a server can let its scheduler answer here and a thread wait for others.
//
//   auto errand = controller.begin(request);
//   while (errand->step() != Errand::Step::kDone)
//     if (errand->step() == Errand::Step::kRemote) errand->ask_remote(on_text, shown, stop);
//     else errand->take_local(answer_here());
//   const auto report = errand->finish();
//
// Ownership: borrows the controller. Threading: one thread at a time.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "controller/guarded_prompt.h"
#include "controller/placeholder_stream.h"
#include "controller/route_desk.h"
#include "controller/routed_request.h"
#include "observe/decision_log.h"

namespace hearth {

class Controller;

class Errand {
 public:
  enum class Step { kLocal, kRemote, kDone };

  Errand(Controller& controller, RoutedRequest request);
  Errand(const Errand&) = delete;
  Errand& operator=(const Errand&) = delete;

  Step step() const { return step_; }
  const RoutedRequest& request() const { return request_; }

  // ---- Step::kLocal ----
  // Whether local text may be shown as it comes, as nobody can be asked after it. Where not, it is
  // shown once step() is kDone and the report says that it is the answer.
  bool shows_local() const;
  // Whether take_local() has a use for log-probabilities and margins.
  bool wants_logprobs() const;
  // What stands before text of `who`, where part of another's answer was shown already; mostly
  // empty.
  std::string prelude(std::string_view who = "this machine") const;
  void take_local(Result<LocalAnswer> answer);

  // ---- Step::kRemote: blocks ----
  // Asks the next target. `on_text` gets its text, with originals put back (it may be empty).
  void ask_remote(const OnText& on_text, Shown shown, std::stop_token stop);

  // ---- Step::kDone ----
  // Checks the answer and writes the decision down; once. Errors: the local model's, where nobody
  // answered.
  Result<AnswerReport> finish();
  // The local answer that is there, if one is.
  const std::optional<LocalAnswer>& local_answer() const { return local_; }
  // Nobody wants it any more.
  void cancel();

 private:
  void decide_first();
  void go_on(const RouteVerdict& verdict);
  RemoteResult send(const ChosenTarget& chosen, const OutgoingBody& body, const OnText& on_text,
                    Shown shown, std::stop_token stop);
  void take_remote(const ChosenTarget& chosen, RemoteResult result);
  void note_try(std::string_view target, std::string_view how, std::string_view text);
  void take_times(double first_token_ms, double total_ms);
  void check_answer(std::string_view answer);
  void write_log();

  Controller* controller_;
  RoutedRequest request_;
  const Stopwatch since_asked_;
  const int64_t time_ms_;
  std::optional<GuardedPrompt> prompt_;
  RouteQuestion question_;
  Step step_ = Step::kDone;
  std::optional<Decision> first_;  // decision
  std::string first_target_;
  std::optional<LocalAnswer> local_;
  std::optional<Error> error_;
  std::string tries_;          // for the log
  std::string tries_text_;     // for people
  std::string half_answerer_;  // who broke off after part of its answer was shown
  std::optional<LatencyPrediction> predicted_;
  double first_token_ms_ = 0.0;  // of who answered, since it was asked
  double total_ms_ = 0.0;
  double decide_ms_ = 0.0;
  double guard_ms_ = 0.0;
  AnswerReport report_;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "controller/errand.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/strings.h"
#include "controller/controller.h"
#include "route/confidence.h"

namespace hearth {
namespace {

constexpr int32_t kAnswerTokensExpected = 128;
constexpr int32_t kAnswerTokensMax = 1024;  // of a remote answer, where nobody says how long
constexpr std::size_t kTokenBytesMax = 32;  // of an answer's token, generously
constexpr std::size_t kAnswerBytesMin = 64 << 10;

int32_t answer_tokens_max(const RoutedRequest& request) {
  return request.answer_tokens_max > 0 ? request.answer_tokens_max : kAnswerTokensMax;
}

RouteRequest route_request(const RoutedRequest& request, const GuardedPrompt& prompt,
                           const MachineState& machine) {
  RouteRequest asked;
  asked.sensitivity = prompt.sensitivity();
  asked.task = prompt.task();
  asked.consent = request.consent;
  asked.network = machine.network;
  asked.power = machine.power;
  asked.prompt_tokens = request.prompt_tokens;
  asked.answer_tokens_max = answer_tokens_max(request);
  asked.answer_tokens = std::min(kAnswerTokensExpected, asked.answer_tokens_max);
  return asked;
}

std::string joined(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += concat(text.empty() ? "" : ", ", name);
  return text;
}

}  // namespace

Errand::Errand(Controller& controller, RoutedRequest request)
    : controller_(&controller),
      request_(std::move(request)),
      time_ms_(controller.options_.now_ms()) {
  const Stopwatch guarding;
  prompt_.emplace(request_.messages);
  guard_ms_ = guarding.elapsed_ms();
  decide_first();
}

void Errand::decide_first() {
  question_.request = route_request(request_, *prompt_, controller_->options_.machine());
  question_.deadline = request_.deadline;
  question_.local_costs = request_.local_costs;
  question_.stays = request_.stays;
  controller_->desk_->begin_request();
  const Stopwatch deciding;
  const RouteVerdict verdict = controller_->desk_->look(question_);
  decide_ms_ = deciding.elapsed_ms();
  first_ = verdict.decision;
  first_target_ = verdict.next ? verdict.next->target.name : std::string(kLocalTarget);
  report_.reason = first_->reason;
  controller_->metrics_.count(*first_);
  controller_->metrics_.decide.add(decide_ms_ / 1e3);
  controller_->metrics_.guard.add(guard_ms_ / 1e3);
  step_ = verdict.next ? Step::kRemote : Step::kLocal;
}

// Of an answer that has just come, since it was asked for.
void Errand::take_times(double first_token_ms, double total_ms) {
  first_token_ms_ = first_token_ms;
  total_ms_ = total_ms;
  report_.total_ms = since_asked_.elapsed_ms();
  report_.first_token_ms = std::max(0.0, report_.total_ms - total_ms + first_token_ms);
}

// ---- here ----

bool Errand::wants_logprobs() const { return controller_->desk_->has_calibration(); }

// Whether the most doubtful answer would go on.
bool Errand::shows_local() const {
  if (!wants_logprobs() || !question_.stays.empty()) return true;
  RouteQuestion doubtful = question_;
  doubtful.p_error = 1.0;
  return !controller_->desk_->look(doubtful).next;
}

std::string Errand::prelude(std::string_view who) const {
  if (half_answerer_.empty()) return {};
  return concat("\n\n[", half_answerer_, " broke off; ", who, " answers:]\n\n");
}

void Errand::take_local(Result<LocalAnswer> answer) {
  HEARTH_CHECK(step_ == Step::kLocal);
  step_ = Step::kDone;
  if (!answer.ok()) {
    error_ = answer.error();
    return;
  }
  local_ = std::move(answer).value();
  report_.target = std::string(kLocalTarget);
  report_.prompt_tokens = local_->prompt_tokens;
  report_.answer_tokens = local_->answer_tokens;
  take_times(local_->first_token_ms, local_->total_ms);
  RouteDesk& desk = *controller_->desk_;
  predicted_ = desk.predict(kLocalTarget, question_, local_->answer_tokens);
  if (request_.local_costs)
    desk.observe_local(*request_.local_costs, local_->answer_tokens, local_->total_ms);
  if (local_->logprobs.empty()) return;
  report_.p_error =
      desk.p_error(question_.request.task, confidence_features({.question = prompt_->question(),
                                                                .answer = local_->text,
                                                                .logprobs = local_->logprobs,
                                                                .margins = local_->margins}));
  if (!report_.p_error || !question_.stays.empty()) return;
  question_.p_error = report_.p_error;
  const RouteVerdict verdict = desk.look(question_);
  // Only where local was the first choice is this what decides.
  if (first_target_ == kLocalTarget && half_answerer_.empty() && tries_.empty()) {
    first_ = verdict.decision;
    report_.reason = first_->reason;
    if (verdict.next) first_target_ = verdict.next->target.name;
  }
  if (verdict.next) step_ = Step::kRemote;
}

// ---- elsewhere ----

void Errand::note_try(std::string_view target, std::string_view how, std::string_view text) {
  tries_ += concat(tries_.empty() ? "" : ", ", target, ": ", how);
  if (!text.empty()) tries_text_ += concat("; ", target, ": ", text);
  question_.tried.emplace_back(target);
}

void Errand::ask_remote(const OnText& on_text, Shown shown, std::stop_token stop) {
  HEARTH_CHECK(step_ == Step::kRemote);
  RouteDesk& desk = *controller_->desk_;
  step_ = local_ ? Step::kDone : Step::kLocal;  // unless another comes of it
  const RouteVerdict verdict = desk.take_next(question_);
  if (!verdict.next) return;
  const ChosenTarget& chosen = *verdict.next;
  const std::string& name = chosen.target.name;
  const Stopwatch guarding;
  auto body = prompt_->body_for(chosen.target, chosen.hop.redaction,
                                {question_.request.answer_tokens_max, request_.temperature});
  guard_ms_ += guarding.elapsed_ms();
  const auto stay = [&](std::string_view how, std::string_view why) {
    desk.give_up(chosen);
    note_try(name, how, why);
    step_ = Step::kRemote;
  };
  if (!body.ok()) return stay("refused", body.error().message());
  if (controller_->asks_.fetch_add(1) >= kRemoteAsksMax) {
    --controller_->asks_;
    return stay("busy", "too many are asked at once");
  }
  const auto entry = desk.write_down(chosen, *body, request_.id, question_.request.sensitivity);
  if (!entry.ok()) {
    --controller_->asks_;
    return stay("not_written", concat("nothing was sent: ", entry.error().message()));
  }
  report_.ledger_entry = *entry;
  RemoteResult result = send(chosen, *body, on_text, shown, stop);
  --controller_->asks_;
  predicted_ = desk.predict(name, question_, static_cast<int32_t>(result.answer_tokens));
  report_.cost_usd += desk.settle(chosen, result, request_.prompt_tokens);
  ++controller_->metrics_.asks[static_cast<std::size_t>(result.fault)];
  take_remote(chosen, std::move(result));
}

// With originals put back. What was shown and then broke off is remembered.
RemoteResult Errand::send(const ChosenTarget& chosen, const OutgoingBody& body,
                          const OnText& on_text, Shown shown, std::stop_token stop) {
  const bool restores = chosen.hop.redaction == Redaction::kOn && prompt_->pseudonyms() != nullptr;
  std::optional<PlaceholderStream> placeholders;
  if (restores) placeholders.emplace(*prompt_->pseudonyms());
  std::string answer;
  bool is_wanted = true;
  const auto show = [&](const std::string& text) {
    if (on_text && !text.empty() && is_wanted)
      is_wanted = on_text(answer.empty() ? concat(prelude(chosen.target.name), text) : text);
    answer += text;
  };
  const RemoteAsk ask{
      chosen.target.name, body.bytes, chosen.hop.timeout_ms,
      std::max(kAnswerBytesMin,
               kTokenBytesMax * static_cast<std::size_t>(question_.request.answer_tokens_max))};
  std::size_t received = 0;
  RemoteResult result = controller_->options_.remote->ask(
      ask,
      [&](std::string_view piece) {
        received += piece.size();
        show(placeholders ? placeholders->push(piece) : std::string(piece));
        return is_wanted && !stop.stop_requested();
      },
      stop);
  // A caller that does not tell of pieces tells of the whole.
  if (received < result.answer.size()) {
    const std::string_view rest = std::string_view(result.answer).substr(received);
    show(placeholders ? placeholders->push(rest) : std::string(rest));
  }
  if (placeholders) show(placeholders->finish());
  if (result.fault == RemoteFault::kNone && answer.empty()) {
    result.fault = RemoteFault::kInvalid;
    result.text = "its answer is empty";
  }
  if (result.fault == RemoteFault::kNone && placeholders) report_.unknown = placeholders->unknown();
  if (result.fault != RemoteFault::kNone && shown == Shown::kAsItComes && !answer.empty())
    half_answerer_ = chosen.target.name;
  result.answer = std::move(answer);
  return result;
}

void Errand::take_remote(const ChosenTarget& chosen, RemoteResult result) {
  const std::string& name = chosen.target.name;
  note_try(name, remote_fault_name(result.fault), result.text);
  if (result.fault == RemoteFault::kCancelled) return cancel();
  if (result.fault != RemoteFault::kNone) {
    step_ = Step::kRemote;  // the next one, if there is any; else local
    report_.ledger_entry.reset();
    return;
  }
  step_ = Step::kDone;
  error_.reset();
  report_.target = name;
  report_.answer = std::move(result.answer);
  report_.is_cut = result.finish_reason == "length";
  report_.prompt_tokens = result.prompt_tokens;
  report_.answer_tokens = result.answer_tokens;
  take_times(result.first_token_ms, result.total_ms);
  report_.p_error.reset();
}

// ---- the end ----

void Errand::cancel() {
  step_ = Step::kDone;
  report_.outcome = RouteOutcome::kCancelled;
}

void Errand::check_answer(std::string_view answer) {
  OutputLimits limits;
  limits.bytes_max =
      std::max(kAnswerBytesMin,
               kTokenBytesMax * static_cast<std::size_t>(question_.request.answer_tokens_max));
  // Without a secret in the conversation there is none to know again.
  const std::string known =
      prompt_->sensitivity() == Sensitivity::kSecret ? prompt_->user_text() : std::string();
  for (const OutputFinding& found : check_output(controller_->guard_, answer, limits, known)) {
    if (std::ranges::find(report_.faults, found.fault) == report_.faults.end())
      report_.faults.push_back(found.fault);
  }
}

Result<AnswerReport> Errand::finish() {
  HEARTH_CHECK(step_ == Step::kDone);
  const bool is_cancelled = report_.outcome == RouteOutcome::kCancelled ||
                            (error_ && error_->code() == ErrorCode::kCancelled);
  if (is_cancelled) {
    report_.outcome = RouteOutcome::kCancelled;
  } else if (error_) {
    report_.outcome = RouteOutcome::kFailed;
  } else if (report_.target != first_target_) {
    report_.outcome = RouteOutcome::kFallback;
  }
  report_.text = concat(first_->text, tries_text_);
  if (report_.outcome == RouteOutcome::kFallback)
    report_.text +=
        report_.is_local() ? "; this machine answered" : concat("; ", report_.target, " answered");
  if (!error_) {
    const Stopwatch guarding;
    check_answer(report_.is_local() && local_ ? std::string_view(local_->text)
                                              : std::string_view(report_.answer));
    guard_ms_ += guarding.elapsed_ms();
  }
  controller_->metrics_.count(report_);
  write_log();
  if (error_) return *error_;
  return report_;
}

void Errand::write_log() {
  const RouteRequest& asked = question_.request;
  DecisionRecord record;
  record.time_ms = time_ms_;
  record.request = request_.id;
  record.task = std::string(request_task_name(asked.task));
  record.sensitivity = std::string(sensitivity_name(asked.sensitivity));
  record.consent = std::string(kConsentNames[static_cast<std::size_t>(asked.consent)]);
  record.network = std::string(kNetworkNames[static_cast<std::size_t>(asked.network)]);
  record.power = std::string(kPowerNames[static_cast<std::size_t>(asked.power)]);
  if (const auto left = request_.deadline.remaining_ms())
    record.deadline_ms = std::max(0.0, *left + since_asked_.elapsed_ms());
  record.prompt_tokens = request_.prompt_tokens;
  record.answer_tokens = report_.answer_tokens;
  record.target = report_.target;
  record.reason = std::string(kRouteReasonNames[static_cast<std::size_t>(report_.reason)]);
  record.outcome = std::string(kRouteOutcomeNames[static_cast<std::size_t>(report_.outcome)]);
  record.rules = joined(first_->rules);
  record.tries = tries_;
  for (const OutputFault fault : report_.faults)
    record.faults += concat(record.faults.empty() ? "" : ", ",
                            kOutputFaultNames[static_cast<std::size_t>(fault)]);
  record.p_error = report_.p_error;
  record.p_error_max = first_->p_error_max;
  if (predicted_ && !error_) {
    record.predicted_first_ms = predicted_->first_token_ms;
    record.predicted_total_ms = predicted_->total_ms;
  }
  record.first_token_ms = first_token_ms_;
  record.total_ms = total_ms_;
  record.decide_ms = decide_ms_;
  record.guard_ms = guard_ms_;
  record.cost_usd = report_.cost_usd;
  controller_->write_log(record);
}

}  // namespace hearth

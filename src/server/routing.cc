// SPDX-License-Identifier: Apache-2.0
#include "server/routing.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "engine/token_certainty.h"
#include "server/local_costs.h"
#include "server/settings_use.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kStepThreads = 2;

// The value that the field names; nothing where it is absent. Errors: kUsage.
Result<std::optional<Consent>> read_consent(JsonFields& fields) {
  HEARTH_ASSIGN(const auto text, fields.text("consent"));
  if (!text) return std::optional<Consent>();
  const auto found = std::ranges::find(kConsentNames, *text);
  if (found == kConsentNames.end())
    return fields.wrong("consent", "is none of none, once and always; choose one");
  return std::optional(static_cast<Consent>(found - kConsentNames.begin()));
}

// Whatever stands in a document is not the user's word; this API cannot tell one from a message.
Trust trust_of(const ChatTurn& turn) {
  return turn.role == "user" || turn.role == "system" ? Trust::kUser : Trust::kUntrusted;
}

Answer remote_answer(const AnswerReport& report) {
  Answer answer;
  answer.text = report.answer;
  answer.finish_reason = report.is_cut ? FinishReason::kLength : FinishReason::kStop;
  answer.usage.prompt_tokens = static_cast<int32_t>(report.prompt_tokens);
  answer.usage.completion_tokens = static_cast<int32_t>(report.answer_tokens);
  answer.timings.first_token_ms = report.first_token_ms;
  answer.timings.prefill_ms = report.first_token_ms;
  answer.timings.decode_ms = report.total_ms - report.first_token_ms;
  return answer;
}

}  // namespace

// ---- fields and documents ----

Result<RoutedChat> read_routed_chat(JsonFields& fields) {
  RoutedChat chat;
  HEARTH_ASSIGN(const auto consent, read_consent(fields));
  chat.consent = consent.value_or(Consent::kNone);
  HEARTH_ASSIGN(const auto privacy, fields.text("privacy"));
  if (!privacy) return chat;
  if (*privacy != "local_only")
    return fields.wrong("privacy", "is not local_only; say that, or leave it out");
  chat.stays = "the request says so";
  return chat;
}

void take_turns(const ServedModel& model, const Conversation& conversation, RoutedChat& chat) {
  bool has_tools = !conversation.tools.definitions.empty();
  for (const ChatTurn& turn : with_settings(model.settings(), conversation.turns)) {
    has_tools = has_tools || turn.role == "tool" || !turn.calls.empty();
    chat.messages.push_back({turn.role, MarkedText(turn.content, trust_of(turn))});
  }
  if (has_tools && chat.stays.empty()) chat.stays = "it has tools, which others must not call";
}

std::string why_it_stays(const GenerateOptions& options, bool has_logprobs) {
  if (options.grammar != nullptr) return "the answer must have a form";
  if (!options.adapters.empty()) return "it is for adapters, which are here";
  if (has_logprobs) return "it asks for log-probabilities";
  if (!options.sampling.logit_bias.empty() || !options.stop.empty())
    return "it asks for what others may do otherwise";
  return {};
}

Json route_json(const AnswerReport& report) {
  return {{"target", report.target},
          {"reason", report.text},
          {"code", kRouteReasonNames[static_cast<std::size_t>(report.reason)]},
          {"outcome", kRouteOutcomeNames[static_cast<std::size_t>(report.outcome)]}};
}

void add_report(Json& document, const AnswerReport& report) {
  document["route"] = route_json(report);
  const auto confidence = report.confidence();
  document["confidence"] = confidence ? Json(*confidence) : Json();
  document["ledger_id"] = report.ledger_entry ? Json(*report.ledger_entry) : Json();
  if (!report.faults.empty()) {
    document["checks"] = Json::array();
    for (const OutputFault fault : report.faults)
      document["checks"].push_back(kOutputFaultNames[static_cast<std::size_t>(fault)]);
  }
  if (!report.unknown.empty()) document["unknown_placeholders"] = report.unknown;
}

// ---- requests ----

// One request on its way; whoever does a step holds it.
struct Routing::Way {
  std::unique_ptr<Errand> errand;
  std::shared_ptr<ServedModel> model;
  Request request;
  bool is_streamed = false;
  std::shared_ptr<HttpReply> http;
  std::shared_ptr<AnswerReport> report;
  TokenCertainty certainty;
  bool is_shown = false;  // the local answer, as it came
  Stopwatch since_local = {};
  std::optional<Answer> local = {};
};

Routing::Routing(std::shared_ptr<Controller> controller)
    : controller_(std::move(controller)), steps_(kStepThreads), asks_(kRemoteAsksMax) {}

Routing::~Routing() { stop(); }

void Routing::stop() { stop_.request_stop(); }

void Routing::submit(std::shared_ptr<ServedModel> model, Request request, RoutedChat chat,
                     const std::string& id, std::shared_ptr<HttpReply> http,
                     std::shared_ptr<AnswerReport> report) {
  RoutedRequest routed;
  routed.id = id;
  routed.messages = std::move(chat.messages);
  routed.consent = chat.consent;
  routed.stays = std::move(chat.stays);
  routed.deadline = request.options.interruption.deadline;
  routed.prompt_tokens = static_cast<int32_t>(request.prompt.size());
  routed.answer_tokens_max = request.options.tokens_max;
  routed.temperature = request.options.sampling.temperature;
  if (const auto& costs = model->engine->costs())
    routed.local_costs = local_costs(*costs, 0, routed.prompt_tokens);
  const auto way = std::make_shared<Way>();
  way->errand = controller_->begin(std::move(routed));
  way->model = std::move(model);
  way->request = std::move(request);
  way->is_streamed = chat.is_streamed;
  way->http = std::move(http);
  way->report = std::move(report);
  step(way);
}

void Routing::step(const std::shared_ptr<Way>& way) {
  switch (way->errand->step()) {
    case Errand::Step::kLocal:
      return answer_here(way);
    case Errand::Step::kRemote:
      return asks_.push([this, way] { ask_others(way); });
    case Errand::Step::kDone:
      return finish(*way);
  }
}

void Routing::answer_here(const std::shared_ptr<Way>& way) {
  Request local = way->request;
  way->is_shown = way->errand->shows_local();
  if (way->errand->wants_logprobs()) way->certainty.watch(local.options);
  if (!way->is_shown) local.on_text = [](std::string_view) {};
  if (const std::string prelude = way->errand->prelude(); way->is_shown && !prelude.empty())
    way->request.on_text(prelude);
  // Off the scheduler's thread, which must not wait for a disk.
  local.on_end = [this, way](Result<Answer> answer) {
    steps_.push([this, way, answer = std::move(answer)]() mutable {
      take_answer(*way, std::move(answer));
      step(way);
    });
  };
  way->since_local = Stopwatch();
  const Result<void> taken = way->model->scheduler->submit(std::move(local));
  if (taken.ok()) return;
  take_answer(*way, taken.error());
  step(way);
}

void Routing::take_answer(Way& way, Result<Answer> answer) {
  if (!answer.ok()) return way.errand->take_local(answer.error());
  LocalAnswer local;
  local.text = answer->text;
  local.logprobs = way.certainty.take_logprobs();
  local.margins = way.certainty.take_margins();
  local.prompt_tokens = answer->usage.prompt_tokens;
  local.answer_tokens = answer->usage.completion_tokens;
  local.first_token_ms = answer->timings.first_token_ms;
  local.total_ms = way.since_local.elapsed_ms();
  way.local = std::move(answer).value();
  way.errand->take_local(std::move(local));
}

void Routing::ask_others(const std::shared_ptr<Way>& way) {
  const OnText on_text = [&](std::string_view piece) {
    if (way->is_streamed) way->request.on_text(piece);
    return !way->http->is_gone();
  };
  way->errand->ask_remote(on_text, way->is_streamed ? Shown::kAsItComes : Shown::kLater,
                          stop_.get_token());
  step(way);
}

void Routing::finish(Way& way) {
  const std::string prelude = way.errand->prelude();
  Result<AnswerReport> report = way.errand->finish();
  if (!report.ok()) return way.request.on_end(report.error());
  *way.report = *report;
  if (report->outcome == RouteOutcome::kCancelled)
    return way.request.on_end(Interruption::error(ErrorCode::kCancelled));
  if (!report->is_local()) {
    if (!way.is_streamed) way.request.on_text(report->answer);
    return way.request.on_end(remote_answer(*report));
  }
  if (!way.is_shown) way.request.on_text(concat(prelude, way.local->text));
  way.request.on_end(std::move(*way.local));
}

}  // namespace hearth

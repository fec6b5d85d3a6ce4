// SPDX-License-Identifier: Apache-2.0
#include "cli/routed_run.h"

#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <thread>
#include <utility>

#include "base/strings.h"
#include "cli/interrupt.h"
#include "engine/token_certainty.h"
#include "server/local_costs.h"
#include "server/routing.h"
#include "server/settings_use.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

std::string why_here(const GenerationFlags& flags, const RoutedPrompt& prompt) {
  if (prompt.is_raw) return "raw text is continued here only";
  GenerateOptions options = flags.make();
  if (!flags.model.adapters.empty()) return "it is for adapters, which are here";
  return why_it_stays(options, false);
}

RoutedRequest routed_request(const GenerationFlags& flags, const RoutedPrompt& prompt,
                             const Engine& engine, const GenerateOptions& options,
                             int32_t prompt_tokens) {
  RoutedRequest request;
  request.id = concat("run-", wall_clock_ms(), "-", ::getpid());
  for (const ChatMessage& message : with_settings(
           flags.settings, std::vector<ChatMessage>{{.role = "user", .content = prompt.text}}))
    request.messages.push_back({message.role, MarkedText(message.content, Trust::kUser)});
  request.consent = prompt.consent;
  request.stays = why_here(flags, prompt);
  request.deadline = options.interruption.deadline;
  request.prompt_tokens = prompt_tokens;
  request.answer_tokens_max = flags.tokens;
  request.temperature = flags.sampling.temperature;
  if (const auto& costs = engine.costs())
    request.local_costs = local_costs(*costs, 0, prompt_tokens);
  return request;
}

// What is worth a line on stderr.
void note_report(const AnswerReport& report) {
  if (report.outcome == RouteOutcome::kFallback) print_note(report.text);
  for (const OutputFault fault : report.faults) {
    print_note(concat("answer: fails the check for ",
                      kOutputFaultNames[static_cast<std::size_t>(fault)], "; read it with care"));
  }
  if (!report.unknown.empty()) {
    print_note(concat("answer: has ", report.unknown.size(),
                      " placeholders that nothing stands behind; they were left as they are"));
  }
}

Json remote_json(const AnswerReport& report) {
  return {{"model", report.target},
          {"text", report.answer},
          {"finish_reason", report.is_cut ? "length" : "stop"},
          {"usage",
           {{"prompt_tokens", report.prompt_tokens}, {"completion_tokens", report.answer_tokens}}},
          {"timings",
           {{"first_token_ms", report.first_token_ms},
            {"decode_ms", report.total_ms - report.first_token_ms}}},
          {"cost_usd", report.cost_usd}};
}

// Asks for an end when Ctrl-C was pressed, for as long as it lives.
class StopOnInterrupt {
 public:
  StopOnInterrupt()
      : thread_([this](std::stop_token ending) {
          while (!ending.stop_requested() && !InterruptScope::interrupted())
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
          if (InterruptScope::interrupted()) stop_.request_stop();
        }) {}
  std::stop_token token() const { return stop_.get_token(); }

 private:
  std::stop_source stop_;
  std::jthread thread_;  // last: it uses the other
};

}  // namespace

Result<int> run_routed(const CommandContext& context, const GenerationFlags& flags,
                       RoutingStart& start, const RoutedPrompt& prompt) {
  GenerateOptions options = flags.make();  // the deadline counts from here: loading too
  const bool has_calibration = start.has_calibration();
  HEARTH_ASSIGN(const auto controller, start.open());
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags.model));
  options.adapters = model.adapters;
  HEARTH_ASSIGN(const auto tokens, prompt.is_raw
                                       ? Result(model.engine->encode_raw(prompt.text))
                                       : flags.encode(*model.engine, {{"user", prompt.text}}));
  HEARTH_ASSIGN(Session session, model.engine->create_session(flags.model.context));
  TokenCertainty certainty;
  if (has_calibration) certainty.watch(options);

  const InterruptScope interrupt;
  const StopOnInterrupt stop;
  AnswerWriter writer(context);
  std::optional<Answer> local;
  const auto answer_locally = [&](const OnText& on_text) -> Result<LocalAnswer> {
    const Stopwatch taken;
    HEARTH_ASSIGN(local, session.generate(tokens, options, [&](std::string_view piece) {
      if (on_text) on_text(piece);
    }));
    LocalAnswer answer{.text = local->text,
                       .logprobs = certainty.take_logprobs(),
                       .margins = certainty.take_margins(),
                       .prompt_tokens = local->usage.prompt_tokens,
                       .answer_tokens = local->usage.completion_tokens,
                       .first_token_ms = local->timings.first_token_ms,
                       .total_ms = taken.elapsed_ms()};
    return answer;
  };
  const auto show = [&](std::string_view piece) {
    writer.push(piece);
    return !InterruptScope::interrupted();
  };
  HEARTH_ASSIGN(
      const AnswerReport report,
      controller->answer(routed_request(flags, prompt, *model.engine, options,
                                        static_cast<int32_t>(tokens.size())),
                         answer_locally, context.json ? OnText() : OnText(show), stop.token()));
  const bool is_here = report.is_local() && local.has_value();
  if (context.json) {
    Json document = is_here ? answer_json(model, flags, *local) : remote_json(report);
    add_report(document, report);
    context.out.write_json(document);
  } else {
    writer.finish();
    note_report(report);
    if (is_here) note_cut(flags, session, *local);
  }
  const bool stopped = report.outcome == RouteOutcome::kCancelled ||
                       (is_here && local->finish_reason == FinishReason::kCancelled);
  return stopped && context.out.ok() ? kExitInterrupted : 0;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// hearth route explain: who would answer a prompt under a policy, and why. Nothing is sent.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"
#include "cli/policy_file.h"
#include "cli/table.h"
#include "guard/guard.h"
#include "route/calibration.h"
#include "route/decision.h"
#include "route/request_features.h"
#include "server/local_costs.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kPromptBytesMax = 64 << 20;
constexpr std::size_t kCalibrationBytesMax = 8 << 20;
constexpr double kNotGiven = -1.0;

class RouteExplainCommand : public Command {
 public:
  std::string name() const override { return "route explain"; }
  std::string summary() const override { return "Who would answer a prompt, and why"; }
  void declare(Options& options) override;
  Result<int> run(const CommandContext& context) override;

 private:
  Result<std::string> read_prompt(const CommandContext& context) const;
  Result<RouteRequest> read_request(const std::string& prompt) const;
  Result<void> read_state(const CommandContext& context, const Policy& policy,
                          const std::string& prompt, RouteRequest& request,
                          RouteState& state) const;

  std::vector<std::string> words_;
  std::string policy_;
  std::string model_;
  std::string calibration_;
  std::string sensitivity_;
  std::string task_;
  std::string consent_ = "none";
  std::string network_ = "online";
  std::string power_ = "mains";
  int32_t answer_tokens_ = 128;
  double deadline_ms_ = kNotGiven;
  double spent_usd_ = 0.0;
  double p_error_ = kNotGiven;
};

void RouteExplainCommand::declare(Options& options) {
  options.words({"PROMPT", "PROMPT", "The prompt; - or a pipe reads stdin"}, words_);
  options.text({"--policy", "FILE", "The policy (TOML)"}, policy_, Presence::kRequired);
  options.text({"--sensitivity", "CLASS",
                "public, personal, sensitive or secret (default: by what the guard finds)"},
               sensitivity_);
  options.text({"--task", "TASK", "What is asked (default: guessed from the prompt)"}, task_);
  options.text({"--consent", "CONSENT", "none, once or always (default none)"}, consent_);
  options.text({"--network", "STATE", "online, metered or offline (default online)"}, network_);
  options.text({"--power", "STATE", "mains, battery or low (default mains)"}, power_);
  options.number({"--deadline-ms", "MS", "Time until the answer must be there"}, deadline_ms_);
  options.number({"--spent-usd", "USD", "What was spent today (default 0)"}, spent_usd_);
  options.number({"--answer-tokens", "N", "Expected length of the answer (default 128)"},
                 answer_tokens_, 1, 1 << 20);
  options.text({"--calibration", "FILE", "What `hearth route calibrate` wrote"}, calibration_);
  options.number(
      {"--p-error", "P", "Of a local answer that is there: probability that it is wrong"},
      p_error_);
  options.text({"-m,--model", "MODEL", "Predict times with what `hearth bench` measured of MODEL"},
               model_);
}

Result<std::string> RouteExplainCommand::read_prompt(const CommandContext& context) const {
  std::string prompt;
  const bool is_dash = words_.size() == 1 && words_.front() == "-";
  if (is_dash || (words_.empty() && !context.environment.stdin_is_terminal())) {
    HEARTH_ASSIGN(prompt, read_stdin(kPromptBytesMax));
    if (prompt.ends_with('\n')) prompt.pop_back();
  } else {
    for (const std::string& word : words_) prompt += (&word == &words_.front() ? "" : " ") + word;
  }
  HEARTH_TRY(check_prompt(prompt));
  return prompt;
}

// A number that was given and makes no sense is an error; NaN too.
Result<void> check_range(std::string_view flag, double value, double min, double max) {
  if (value == kNotGiven || (value >= min && value <= max)) return {};
  return Error(ErrorCode::kUsage, concat(flag, ": ", value, " is not from ", min, " to ", max,
                                         "; give such a number"));
}

Result<RouteRequest> RouteExplainCommand::read_request(const std::string& prompt) const {
  HEARTH_TRY(check_range("--deadline-ms", deadline_ms_, 0.0, 1e9));
  HEARTH_TRY(check_range("--p-error", p_error_, 0.0, 1.0));
  if (!(spent_usd_ >= 0.0 && spent_usd_ <= 1e9)) {
    return Error(ErrorCode::kUsage, "--spent-usd: is not from 0 to 1e9; give such a number");
  }
  RouteRequest request;
  request.sensitivity = Guard().sensitivity(prompt);
  if (!sensitivity_.empty()) {
    HEARTH_ASSIGN(request.sensitivity,
                  choose_value<Sensitivity>("--sensitivity", sensitivity_, kSensitivityNames));
  }
  HEARTH_ASSIGN(request.consent, choose_value<Consent>("--consent", consent_, kConsentNames));
  HEARTH_ASSIGN(request.network, choose_value<Network>("--network", network_, kNetworkNames));
  HEARTH_ASSIGN(request.power, choose_value<Power>("--power", power_, kPowerNames));
  request.task = classify_task(prompt);
  if (!task_.empty()) {
    HEARTH_ASSIGN(request.task, choose_value<RequestTask>("--task", task_, kRequestTaskNames));
  }
  if (deadline_ms_ != kNotGiven) request.deadline_ms = deadline_ms_;
  request.prompt_tokens = estimate_tokens(prompt);
  request.answer_tokens = answer_tokens_;
  request.answer_tokens_max = answer_tokens_;
  return request;
}

Result<void> RouteExplainCommand::read_state(const CommandContext& context, const Policy& policy,
                                             const std::string& prompt, RouteRequest& request,
                                             RouteState& state) const {
  state.spending.spent_usd = spent_usd_;
  state.remotes.resize(policy.targets.size());
  if (!calibration_.empty()) {
    HEARTH_ASSIGN(const std::string text, read_file(calibration_, kCalibrationBytesMax));
    HEARTH_ASSIGN(const ConfidenceCalibration calibration,
                  calibration_from_json(text, printable(calibration_, 300)));
    const auto task = static_cast<std::size_t>(request.task);
    state.local_p_error = calibration.local_p_error[task];
    state.local_stay_share = calibration.stay_share[task];
    state.p_error_max = calibration.threshold_of(request.task);
    for (RemoteState& remote : state.remotes) remote.p_error = calibration.remote_p_error[task];
  }
  if (model_.empty()) return {};
  ModelFlags flags;
  flags.model = model_;
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags));
  request.prompt_tokens =
      static_cast<int32_t>(model.engine->tokenizer().encode(prompt, SpecialTokens::kAsText).size());
  if (const auto& costs = model.engine->costs())
    state.local_costs = local_costs(*costs, 0, request.prompt_tokens);
  return {};
}

template <typename Number>
Json or_null(const std::optional<Number>& value) {
  return value ? Json(*value) : Json();
}

struct Expected {
  std::optional<double> latency_ms;
  double cost_usd = 0.0;
  std::optional<double> p_error;
};

Expected expected_of(const Decision& decision, const RouteState& state,
                     std::optional<double> answered) {
  const RouteHop& hop = decision.first();
  const auto& latency =
      hop.is_local() ? decision.local_latency : decision.remotes[*hop.target].latency;
  Expected expected;
  if (latency) expected.latency_ms = latency->total_ms;
  if (hop.is_local()) {
    expected.p_error = answered ? answered : state.local_p_error;
  } else {
    expected.cost_usd = decision.remotes[*hop.target].cost_usd;
    expected.p_error = decision.remotes[*hop.target].p_error;
  }
  return expected;
}

Json decision_json(const Policy& policy, const RouteRequest& request, const Decision& decision,
                   const Expected& expected) {
  Json chain = Json::array();
  for (const RouteHop& hop : decision.chain) {
    Json one = {{"target", target_name(policy, hop)}};
    if (!hop.is_local()) {
      one["timeout_ms"] = hop.timeout_ms;
      one["redacted"] = hop.redaction == Redaction::kOn;
      one["reserve_usd"] = hop.reserve_usd;
    }
    chain.push_back(std::move(one));
  }
  Json excluded = Json::array();
  for (const ExcludedTarget& one : decision.excluded) {
    const std::string_view why = one.denial
                                     ? kDenialNames[static_cast<std::size_t>(one.denial->denial)]
                                     : kExclusionNames[static_cast<std::size_t>(one.why)];
    excluded.push_back(
        {{"target", policy.targets[one.target].name}, {"why", why}, {"text", one.text}});
  }
  return {{"target", target_name(policy, decision.first())},
          {"reason", kRouteReasonNames[static_cast<std::size_t>(decision.reason)]},
          {"text", decision.text},
          {"rules", decision.rules},
          {"predicted",
           {{"latency_ms", or_null(expected.latency_ms)},
            {"cost", expected.cost_usd},
            {"p_error", or_null(expected.p_error)}}},
          {"sensitivity", sensitivity_name(request.sensitivity)},
          {"task", request_task_name(request.task)},
          {"prefer", kPreferNames[static_cast<std::size_t>(decision.prefer)]},
          {"p_error_max", or_null(decision.p_error_max)},
          {"chain", std::move(chain)},
          {"excluded", std::move(excluded)}};
}

std::string number_text(const std::optional<double>& value, double scale, std::string_view unit) {
  return value ? concat(std::round(*value * scale) / scale, unit) : "unknown";
}

std::string decision_text(const Policy& policy, const RouteRequest& request,
                          const Decision& decision, const Expected& expected) {
  std::string chain;
  for (const RouteHop& hop : decision.chain) {
    chain += concat(chain.empty() ? "" : ", then ", target_name(policy, hop),
                    !hop.is_local() && hop.redaction == Redaction::kOn ? " (redacted)" : "");
  }
  std::string rules;
  for (const std::string& rule : decision.rules) rules += concat(rules.empty() ? "" : ", ", rule);
  std::string text = concat(decision.text, "\n\n");
  Table table({"what", "value"});
  table.add({"asked", chain});
  table.add({"sensitivity", std::string(sensitivity_name(request.sensitivity))});
  table.add({"task", std::string(request_task_name(request.task))});
  table.add({"rules", rules.empty() ? "none" : rules});
  table.add({"time", number_text(expected.latency_ms, 1.0, " ms")});
  table.add({"cost", number_text(expected.cost_usd, 1e6, " USD")});
  table.add({"P(error)", number_text(expected.p_error, 1e3, "")});
  text += table.text();
  if (!decision.excluded.empty()) text += "\nnot asked\n";
  for (const ExcludedTarget& one : decision.excluded) text += concat("  ", one.text, "\n");
  return text;
}

Result<int> RouteExplainCommand::run(const CommandContext& context) {
  HEARTH_TRY(lock_in({}));
  HEARTH_ASSIGN(const Policy policy, read_policy_file(policy_));
  HEARTH_ASSIGN(const std::string prompt, read_prompt(context));
  HEARTH_ASSIGN(RouteRequest request, read_request(prompt));
  RouteState state;
  HEARTH_TRY(read_state(context, policy, prompt, request, state));
  std::optional<double> answered;
  if (p_error_ != kNotGiven) answered = p_error_;
  const Decision decision = answered ? decide_after_answer(policy, request, state, *answered)
                                     : decide(policy, request, state);
  const Expected expected = expected_of(decision, state, answered);
  if (context.json) {
    context.out.write_json(decision_json(policy, request, decision, expected));
  } else {
    context.out.write(terminal_text(decision_text(policy, request, decision, expected)));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_route_explain_command() {
  return std::make_unique<RouteExplainCommand>();
}

}  // namespace hearth

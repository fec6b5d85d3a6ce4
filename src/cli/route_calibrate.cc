// SPDX-License-Identifier: Apache-2.0
// hearth route calibrate and hearth route evaluate: when a local answer is too doubtful, learnt
// from graded answers, and how good that is.
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/graded_answers.h"
#include "cli/lock_in.h"
#include "cli/table.h"
#include "route/calibration.h"
#include "route/router_metrics.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// What both commands take.
struct GradedFlags {
  std::string file;
  ErrorPromise promise;

  void declare(Options& options) {
    options.text({"FILE", "FILE", "The graded answers (JSON Lines)"}, file, Presence::kRequired);
    options.number(
        {"--max-error", "SHARE", "Of the answers that stay, how many may be wrong (default 0.1)"},
        promise.error_max);
    options.number({"--confidence", "P", "How sure that must be (default 0.99)"},
                   promise.confidence);
  }
  // Before any file is read: files may be long. Errors: kUsage.
  Result<void> check() const {
    const auto is_share = [](double value) { return value > 0.0 && value < 1.0; };
    if (!is_share(promise.error_max)) {
      return Error(ErrorCode::kUsage, "--max-error: is not between 0 and 1; give such a share");
    }
    if (is_share(promise.confidence)) return {};
    return Error(ErrorCode::kUsage, "--confidence: is not between 0 and 1; give such a number");
  }
};

// What concerns all graded answers, with the file in front.
Error with_file(Error error, const std::string& file) {
  return std::move(error).with_context(printable(file, 300));
}

std::string decimals(double value) { return concat(std::round(value * 1000.0) / 1000.0); }
std::string decimals(const std::optional<double>& value) { return value ? decimals(*value) : "-"; }

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

class RouteCalibrateCommand : public Command {
 public:
  std::string name() const override { return "route calibrate"; }
  std::string summary() const override {
    return "Learn from graded answers when a local one is too doubtful";
  }
  void declare(Options& options) override {
    flags_.declare(options);
    options.text({"-o,--out", "FILE", "Where the calibration goes (default: stdout)"}, out_);
  }
  Result<int> run(const CommandContext& context) override;

 private:
  GradedFlags flags_;
  std::string out_;
};

Json thresholds_json(const ConfidenceCalibration& calibration) {
  Json thresholds = Json::object();
  for (std::size_t i = 0; i < kRequestTaskNames.size(); ++i) {
    if (!calibration.local_p_error[i]) continue;
    thresholds[std::string(kRequestTaskNames[i])] =
        calibration.threshold_of(static_cast<RequestTask>(i));
  }
  return thresholds;
}

std::string calibration_text(const ConfidenceCalibration& calibration, const std::string& out) {
  std::string text = concat(printable(out, 300), ": learnt from ", calibration.answers,
                            " graded answers; of local answers that stay, at most ",
                            decimals(calibration.promise.error_max), " wrong with confidence ",
                            decimals(calibration.promise.confidence), "\n\n");
  Table table({"task", "stays up to P(error)", "stay", "wrong here", "wrong there"});
  for (std::size_t i = 0; i < kRequestTaskNames.size(); ++i) {
    if (!calibration.local_p_error[i]) continue;
    const double threshold = calibration.threshold_of(static_cast<RequestTask>(i));
    table.add({std::string(kRequestTaskNames[i]), threshold > 0.0 ? decimals(threshold) : "nothing",
               decimals(calibration.stay_share[i]), decimals(calibration.local_p_error[i]),
               decimals(calibration.remote_p_error[i])});
  }
  return text + table.text();
}

Result<int> RouteCalibrateCommand::run(const CommandContext& context) {
  HEARTH_TRY(flags_.check());
  HEARTH_ASSIGN(auto writable, folder_to_write(out_));
  HEARTH_TRY(lock_in({.writable = std::move(writable)}));
  HEARTH_ASSIGN(const std::vector<GradedAnswer> answers, read_graded_answers(flags_.file));
  const auto calibration = calibrate(answers, flags_.promise);
  if (!calibration.ok()) return with_file(calibration.error(), flags_.file);
  const std::string document = calibration_to_json(*calibration);
  if (out_.empty()) {
    context.out.write(document);
    return 0;
  }
  HEARTH_TRY(write_file(out_, document));
  if (context.json) {
    context.out.write_json({{"file", out_},
                            {"answers", calibration->answers},
                            {"max_error", flags_.promise.error_max},
                            {"confidence", flags_.promise.confidence},
                            {"thresholds", thresholds_json(*calibration)}});
  } else {
    context.out.write(calibration_text(*calibration, out_));
  }
  return 0;
}

class RouteEvaluateCommand : public Command {
 public:
  std::string name() const override { return "route evaluate"; }
  std::string summary() const override { return "How good a router would be, by graded answers"; }
  void declare(Options& options) override {
    flags_.declare(options);
    options.number({"--trials", "N", "Random halves to try the promise on (default 100)"}, trials_,
                   0, 10000);
    options.number({"--seed", "N", "Divides the answers (default 1)"}, seed_);
  }
  Result<int> run(const CommandContext& context) override;

 private:
  GradedFlags flags_;
  int32_t trials_ = 100;
  uint64_t seed_ = 1;
};

Json metrics_json(const RouterMetrics& metrics) {
  Json at_shares = Json::array();
  for (std::size_t i = 0; i < kEscalationShares.size(); ++i) {
    at_shares.push_back({{"share", kEscalationShares[i]},
                         {"quality", metrics.quality[i]},
                         {"random", metrics.random_quality[i]},
                         {"oracle", metrics.oracle_quality[i]}});
  }
  return {{"answers", metrics.answers},
          {"auroc", or_null(metrics.auroc)},
          {"ece", metrics.calibration_error},
          {"local_quality", metrics.local_quality},
          {"remote_quality", metrics.remote_quality},
          {"apgr", or_null(metrics.apgr)},
          {"apgr_oracle", or_null(metrics.oracle_apgr)},
          {"apgr_random", metrics.apgr ? Json(0.5) : Json()},
          {"cpt50", or_null(metrics.cpt50)},
          {"cpt80", or_null(metrics.cpt80)},
          {"escalation", std::move(at_shares)}};
}

Json report_json(const RouterReport& report, const ErrorPromise& promise) {
  Json domains = Json::object();
  for (const auto& [domain, metrics] : report.by_domain) domains[domain] = metrics_json(metrics);
  const PromiseTrials& trials = report.promise;
  return {{"in_domain", metrics_json(report.in_domain)},
          {"out_of_domain", report.out_of_domain ? metrics_json(*report.out_of_domain) : Json()},
          {"domains", std::move(domains)},
          {"promise",
           {{"max_error", promise.error_max},
            {"confidence", promise.confidence},
            {"trials", trials.trials},
            {"held", trials.held},
            {"violations", trials.trials - trials.held},
            {"silent", trials.silent},
            {"kept_share", trials.kept_share},
            {"kept_errors", trials.kept_errors}}}};
}

std::string report_text(const RouterReport& report, const ErrorPromise& promise) {
  Table table({"answers of", "count", "AUROC", "ECE", "APGR", "oracle", "CPT50", "CPT80"});
  const auto add = [&](const std::string& name, const RouterMetrics& metrics) {
    table.add({printable(name, 40), concat(metrics.answers), decimals(metrics.auroc),
               decimals(metrics.calibration_error), decimals(metrics.apgr),
               decimals(metrics.oracle_apgr), decimals(metrics.cpt50), decimals(metrics.cpt80)});
  };
  add("in domain", report.in_domain);
  if (report.out_of_domain) add("out of domain", *report.out_of_domain);
  for (const auto& [domain, metrics] : report.by_domain) add("  " + domain, metrics);
  Table shares({"sent on", "quality", "random", "oracle"});
  const RouterMetrics& metrics = report.in_domain;
  for (std::size_t i = 0; i < kEscalationShares.size(); ++i) {
    shares.add({concat(100.0 * kEscalationShares[i], " %"), decimals(metrics.quality[i]),
                decimals(metrics.random_quality[i]), decimals(metrics.oracle_quality[i])});
  }
  const PromiseTrials& trials = report.promise;
  return concat(table.text(), "\nlocal is right in ", decimals(metrics.local_quality),
                ", remote in ", decimals(metrics.remote_quality), "; in domain:\n", shares.text(),
                "\nat most ", decimals(promise.error_max), " wrong of what stays: held in ",
                trials.held, " of ", trials.trials, " random halves (", trials.silent,
                " kept nothing); kept ", decimals(trials.kept_share), ", of which wrong ",
                decimals(trials.kept_errors), "\n");
}

Result<int> RouteEvaluateCommand::run(const CommandContext& context) {
  HEARTH_TRY(flags_.check());
  HEARTH_TRY(lock_in({}));
  HEARTH_ASSIGN(const std::vector<GradedAnswer> answers, read_graded_answers(flags_.file));
  const auto report = evaluate_router(answers, flags_.promise, trials_, seed_);
  if (!report.ok()) return with_file(report.error(), flags_.file);
  if (context.json) {
    context.out.write_json(report_json(*report, flags_.promise));
  } else {
    context.out.write(terminal_text(report_text(*report, flags_.promise)));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_route_calibrate_command() {
  return std::make_unique<RouteCalibrateCommand>();
}

std::unique_ptr<Command> make_route_evaluate_command() {
  return std::make_unique<RouteEvaluateCommand>();
}

}  // namespace hearth

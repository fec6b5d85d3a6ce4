// SPDX-License-Identifier: Apache-2.0
// hearth telemetry status, on, off, preview: what would be counted and sent, to whom, and the
// user's word on it. docs/guide/privacy.md.
#include <ctime>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/telemetry_use.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

class TelemetryStatusCommand : public Command {
 public:
  std::string name() const override { return "telemetry status"; }
  std::string summary() const override {
    return "Whether anything is counted and sent, and who says so";
  }
  void declare(Options& /*options*/) override {}

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const auto folder, context.environment.state_folder());
    const ConsentState state = consent_state(context.environment, folder);
    int waiting = 0;
    if (state.endpoint) {
      HEARTH_ASSIGN(waiting, telemetry_in(folder).waiting(std::time(nullptr)));
    }
    if (!state.problem.empty()) print_note(concat("telemetry: ", printable(state.problem, 500)));
    if (context.json) {
      context.out.write_json({{"on", state.consent.is_given},
                              {"decided_by", consent_by_name(state.consent.by)},
                              {"endpoint", state.endpoint ? Json(*state.endpoint) : Json(nullptr)},
                              {"reports_waiting", waiting},
                              {"epsilon_per_answer", kEpsilonPerAnswer},
                              {"epsilon_per_week", kEpsilonPerWeek}});
      return 0;
    }
    if (!state.consent.is_given) {
      context.out.write(
          concat(why_not(state.consent.by), "; nothing is counted, nothing is sent\n"));
      return 0;
    }
    context.out.write(
        concat("on: you agreed to one report a week to ", printable(*state.endpoint, 200), "; ",
               waiting, " wait to be sent\neach of its ", kSeries, " answers is noisy (epsilon ",
               kEpsilonPerAnswer, ", ", kEpsilonPerWeek,
               " a week); hearth telemetry preview prints the bytes, off ends it\n"));
    return 0;
  }
};

class TelemetryOnCommand : public Command {
 public:
  std::string name() const override { return "telemetry on"; }
  std::string summary() const override {
    return "Agree to one noisy report a week, to an address of your choice";
  }
  void declare(Options& options) override {
    options.text(
        {"--endpoint", "URL",
         "Where an OpenTelemetry collector listens (default: OTEL_EXPORTER_OTLP_ENDPOINT)"},
        endpoint_);
  }

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const auto folder, context.environment.state_folder());
    HEARTH_TRY(agree_to_telemetry(context.environment, folder, endpoint_));
    HEARTH_ASSIGN(const auto agreed, telemetry_in(folder).endpoint());
    const std::string endpoint = agreed.value_or("");
    if (context.json) {
      context.out.write_json({{"on", true}, {"endpoint", endpoint}});
    } else {
      context.out.write(concat("on: one noisy report a week, to ", printable(endpoint, 200),
                               "; hearth telemetry preview prints it, off ends it\n"));
    }
    return 0;
  }

 private:
  std::string endpoint_;
};

class TelemetryOffCommand : public Command {
 public:
  std::string name() const override { return "telemetry off"; }
  std::string summary() const override { return "Withdraw, and delete what was counted"; }
  void declare(Options& /*options*/) override {}

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const auto folder, context.environment.state_folder());
    HEARTH_ASSIGN(const int reports, telemetry_in(folder).withdraw());
    if (context.json) {
      context.out.write_json({{"on", false}, {"reports_deleted", reports}});
    } else {
      context.out.write(concat("off: ", reports,
                               " reports that waited and the running week's counts "
                               "are deleted\n"));
    }
    return 0;
  }
};

class TelemetryPreviewCommand : public Command {
 public:
  std::string name() const override { return "telemetry preview"; }
  std::string summary() const override {
    return "The exact bytes of the reports that wait, and of this week's so far, one a line";
  }
  void declare(Options& /*options*/) override {}

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(const auto folder, context.environment.state_folder());
    const ConsentState state = consent_state(context.environment, folder);
    HEARTH_ASSIGN(const auto reports, telemetry_in(folder).preview(std::time(nullptr)));
    if (!state.consent.is_given) {
      print_note(concat("telemetry: ", why_not(state.consent.by),
                        "; a report would look like this, and is not sent"));
    }
    if (context.json) {
      context.out.write_json({{"reports", reports}});
      return 0;
    }
    for (const std::string& report : reports) context.out.write(report + "\n");
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_telemetry_status_command() {
  return std::make_unique<TelemetryStatusCommand>();
}
std::unique_ptr<Command> make_telemetry_on_command() {
  return std::make_unique<TelemetryOnCommand>();
}
std::unique_ptr<Command> make_telemetry_off_command() {
  return std::make_unique<TelemetryOffCommand>();
}
std::unique_ptr<Command> make_telemetry_preview_command() {
  return std::make_unique<TelemetryPreviewCommand>();
}

}  // namespace hearth

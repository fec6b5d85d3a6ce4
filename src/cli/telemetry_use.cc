// SPDX-License-Identifier: Apache-2.0
#include "cli/telemetry_use.h"

#include <ctime>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kNotedMax = 1000;
constexpr const char* kEndpointVariable = "OTEL_EXPORTER_OTLP_ENDPOINT";
constexpr const char* kAdministratorFile = "/etc/hearth/config.toml";

std::filesystem::path telemetry_folder(const std::filesystem::path& state) {
  return state / "telemetry";
}

}  // namespace

Telemetry telemetry_in(const std::filesystem::path& state) {
  return {telemetry_folder(state), HEARTH_VERSION};
}

ConsentState consent_state(const Environment& environment, const std::filesystem::path& state) {
  ConsentState found;
  auto endpoint = telemetry_in(state).endpoint();
  if (endpoint.ok()) found.endpoint = std::move(*endpoint);
  if (!endpoint.ok()) found.problem = endpoint.error().message();
  const auto rule = read_administrator_rule(kAdministratorFile);
  if (!rule.ok()) found.problem = rule.error().message();
  const bool do_not_track = says_do_not_track(environment.variable("DO_NOT_TRACK").value_or(""));
  found.consent = decide_consent(do_not_track, rule.ok() ? *rule : AdministratorRule::kNobody,
                                 found.endpoint.has_value());
  return found;
}

std::string_view why_not(ConsentBy by) {
  switch (by) {
    case ConsentBy::kDoNotTrack:
      return "off: DO_NOT_TRACK is set";
    case ConsentBy::kAdministrator:
      return "off: the administrator forbids it (/etc/hearth/config.toml)";
    case ConsentBy::kUser:
    case ConsentBy::kNobodySaid:
      break;
  }
  return "off: you have not agreed";
}

// Nothing is kept where it would not count: nobody's word is stored for a day when it might.
Result<void> agree_to_telemetry(const Environment& environment, const std::filesystem::path& state,
                                std::string endpoint) {
  const ConsentBy by = consent_state(environment, state).consent.by;
  if (by == ConsentBy::kDoNotTrack || by == ConsentBy::kAdministrator)
    return Error(ErrorCode::kRefused,
                 concat("telemetry: stays ", why_not(by), "; change that first"));
  if (endpoint.empty()) endpoint = environment.variable(kEndpointVariable).value_or("");
  if (endpoint.empty()) {
    return Error(ErrorCode::kUsage,
                 "telemetry: hearth has no service of its own to send to; give --endpoint URL");
  }
  return telemetry_in(state).consent(endpoint);
}

Result<int> send_telemetry(const Environment& environment, TelemetrySender& sender) {
  HEARTH_ASSIGN(const auto state, environment.state_folder());
  const ConsentState found = consent_state(environment, state);
  if (!found.consent.is_given) {
    return Error(ErrorCode::kRefused,
                 concat("telemetry: is off (", consent_by_name(found.consent.by),
                        "), so nothing is sent; hearth telemetry status says why"));
  }
  return telemetry_in(state).send(sender, std::time(nullptr));
}

TelemetryUse::TelemetryUse(const Environment& environment) {
  const auto state = environment.state_folder();
  if (!state.ok() || !consent_state(environment, *state).consent.is_given) return;
  folder_ = telemetry_folder(*state);
  telemetry_.emplace(telemetry_in(*state));
}

TelemetryUse::~TelemetryUse() { flush(); }

void TelemetryUse::confine(LockdownOptions& options) const {
  if (is_on()) options.writable.push_back(folder_);
}

void TelemetryUse::note(const Observation& observation) {
  if (!is_on()) return;
  bool is_full = false;
  {
    const std::lock_guard lock(mutex_);
    noted_.push_back(observation);
    is_full = noted_.size() >= kNotedMax;
  }
  if (is_full) flush();
}

void TelemetryUse::note_answer(AnswerKind kind, const Answer& answer) {
  Observation observation;
  observation.kind = kind;
  observation.seconds = (answer.timings.first_token_ms + answer.timings.decode_ms) / 1e3;
  observation.first_token_seconds = answer.timings.first_token_ms / 1e3;
  observation.input_tokens = answer.usage.prompt_tokens;
  observation.output_tokens = answer.usage.completion_tokens;
  note(observation);
}

void TelemetryUse::flush() {
  if (!is_on()) return;
  const std::lock_guard lock(mutex_);
  const Result<void> added = telemetry_->add(noted_, std::time(nullptr));
  static_cast<void>(added);  // `hearth telemetry status` says what is wrong with the counts
  noted_.clear();
}

}  // namespace hearth

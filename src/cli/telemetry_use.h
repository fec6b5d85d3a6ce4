// SPDX-License-Identifier: Apache-2.0
// Counting for telemetry, as commands do it: nothing at all unless the user has agreed, and neither
// DO_NOT_TRACK nor the administrator says no.
//
// Threading: note() and flush() from any thread.
#pragma once

#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cli/environment.h"
#include "engine/answer.h"
#include "lockdown/lockdown.h"
#include "telemetry/consent.h"
#include "telemetry/telemetry.h"

namespace hearth {

// What is in the state folder.
Telemetry telemetry_in(const std::filesystem::path& state);

// Who decides, and what. What is wrong with a file on the way is a no; `problem` says so.
struct ConsentState {
  TelemetryConsent consent;
  std::optional<std::string> endpoint;  // that the user agreed to, whoever forbids it
  std::string problem;                  // empty: none
};
ConsentState consent_state(const Environment& environment, const std::filesystem::path& state);

// The user's word. `endpoint`: empty for OTEL_EXPORTER_OTLP_ENDPOINT. Errors: kRefused
// (DO_NOT_TRACK or the administrator forbids it), kUsage (no address, or none that can be),
// kUnavailable.
Result<void> agree_to_telemetry(const Environment& environment, const std::filesystem::path& state,
                                std::string endpoint);

// Why nothing is counted: one line.
std::string_view why_not(ConsentBy by);

// Sends the reports that wait, if everybody who is to be asked agrees: how many. Errors: kRefused
// (no consent), and those of Telemetry::send().
Result<int> send_telemetry(const Environment& environment, TelemetrySender& sender);

class TelemetryUse {
 public:
  // Before the lockdown. Counts nothing where there is no consent.
  explicit TelemetryUse(const Environment& environment);
  ~TelemetryUse();  // flushes
  TelemetryUse(const TelemetryUse&) = delete;
  TelemetryUse& operator=(const TelemetryUse&) = delete;

  bool is_on() const { return telemetry_.has_value(); }
  // Lets a locked process write the counts; nothing where there are none.
  void confine(LockdownOptions& options) const;

  void note(const Observation& observation);
  void note_answer(AnswerKind kind, const Answer& answer);
  // Writes what was noted. A failure costs the counts, nothing else.
  void flush();

 private:
  std::filesystem::path folder_;
  std::optional<Telemetry> telemetry_;
  std::mutex mutex_;
  std::vector<Observation> noted_;
};

}  // namespace hearth

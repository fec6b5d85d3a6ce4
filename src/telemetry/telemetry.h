// SPDX-License-Identifier: Apache-2.0
// Telemetry at rest: the user's word, the running week's counts, and reports that wait to be sent.
// All of it lies in one folder, which is there only as long as the user consents; without it
// nothing is counted, kept or sent. docs/formats/telemetry.md.
//
// Threading: any number of threads and processes may share the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "telemetry/counts.h"
#include "telemetry/report.h"

namespace hearth {

// Who carries a report out. hearth itself cannot: its processes have no network.
class TelemetrySender {
 public:
  virtual ~TelemetrySender() = default;
  // POSTs exactly `bytes`, as application/json, to `url` (the endpoint's v1/metrics); blocks until
  // it was taken. Errors: any; the report stays and is tried again.
  virtual Result<void> send(const std::string& url, const std::string& bytes) = 0;
};

class Telemetry {
 public:
  static constexpr std::size_t kQueueMax = 8;  // reports; older ones are dropped

  // `version`: of hearth, which reports say.
  Telemetry(std::filesystem::path folder, std::string version)
      : folder_(std::move(folder)), version_(std::move(version)) {}

  // The address that the user agreed to send to; nothing without consent. Errors: kCorrupt,
  // kUnavailable; take them for no.
  Result<std::optional<std::string>> endpoint() const;

  // Errors: kUsage (no address as https://host/path; http on this machine only), kUnavailable.
  Result<void> consent(const std::string& endpoint) const;
  // Deletes counts, queue and consent. Returns how many reports that were. Errors: kUnavailable.
  Result<int> withdraw() const;

  // Counts, unless consent was withdrawn meanwhile. Errors: kCorrupt (the week's counts are
  // damaged), kUnavailable.
  Result<void> add(std::span<const Observation> observations, int64_t now_s) const;

  // The exact bytes of the reports that wait, the oldest first, and in the end those of the running
  // week as they would be if it were over now. Without consent: of a week in which nothing
  // happened. Errors: as add().
  Result<std::vector<std::string>> preview(int64_t now_s) const;

  // How many reports wait. Errors: as add().
  Result<int> waiting(int64_t now_s) const;

  // Sends the reports that wait, each taken off once it was taken: how many. Errors: kUnavailable
  // (no consent), of `sender`.
  Result<int> send(TelemetrySender& sender, int64_t now_s) const;

 private:
  struct Week {
    int64_t number = 0;
    NoiseSeed seed = {};
    WeekCounts counts;
  };

  std::filesystem::path week_file() const { return folder_ / "week.json"; }
  std::filesystem::path queue_folder() const { return folder_ / "queue"; }
  Result<Week> current_week(int64_t now_s) const;
  Result<std::optional<Week>> read_week() const;
  Result<void> write_week(const Week& week) const;
  Result<void> queue(const Week& week) const;
  std::vector<std::filesystem::path> queued() const;

  std::filesystem::path folder_;
  std::string version_;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "telemetry/telemetry.h"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <system_error>

#include "base/file_lock.h"
#include "base/files.h"
#include "base/strings.h"
#include "route/endpoint_url.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr int kVersion = 1;
constexpr uint64_t kWeekMax = 999'999;

Error damaged(const std::filesystem::path& path) {
  return Error(ErrorCode::kCorrupt,
               concat(printable(path.string(), 300),
                      ": is damaged; hearth telemetry off erases it, on begins anew"));
}

// Six digits, so that names sort by time.
std::string report_name(int64_t week) {
  const std::string digits = concat(week);
  return concat(std::string(6 - std::min<std::size_t>(digits.size(), 6), '0'), digits, ".json");
}

// Where OTLP's exporters send metrics, below the address that they are given.
std::string metrics_url(std::string endpoint) {
  while (endpoint.ends_with('/')) endpoint.pop_back();
  return concat(endpoint, "/v1/metrics");
}

}  // namespace

// ---- consent ----

Result<std::optional<std::string>> Telemetry::endpoint() const {
  const std::filesystem::path path = folder_ / "consent.json";
  const auto text = read_file(path, kFileBytesMax);
  if (!text.ok() && text.error().code() == ErrorCode::kNotFound)
    return std::optional<std::string>();
  if (!text.ok()) return text.error();
  const Json document = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object() || !document.contains("endpoint") || !document["endpoint"].is_string())
    return damaged(path);
  return std::optional(document["endpoint"].get<std::string>());
}

Result<void> Telemetry::consent(const std::string& endpoint) const {
  if (auto url = parse_endpoint_url(endpoint); !url.ok())
    return std::move(url).error().with_context(concat("--endpoint ", printable(endpoint, 200)));
  HEARTH_TRY(make_folder(folder_));
  if (::chmod(folder_.c_str(), S_IRWXU) != 0)
    return file_error(errno, "cannot set the mode of", folder_);
  const Json document = {{"version", kVersion}, {"endpoint", endpoint}};
  return write_file(folder_ / "consent.json", document.dump() + "\n", FileReaders::kOwner);
}

Result<int> Telemetry::withdraw() const {
  const int count = static_cast<int>(queued().size());
  std::error_code error;
  std::filesystem::remove(folder_ / "consent.json", error);  // first: nothing is added from here on
  if (!error) std::filesystem::remove_all(folder_, error);
  if (error) return file_error(error.value(), "cannot remove", folder_);
  return count;
}

// ---- the running week ----

Result<std::optional<Telemetry::Week>> Telemetry::read_week() const {
  const auto text = read_file(week_file(), kFileBytesMax);
  if (!text.ok() && text.error().code() == ErrorCode::kNotFound) return std::optional<Week>();
  if (!text.ok()) return text.error();
  const Json document = Json::parse(*text, nullptr, /*allow_exceptions=*/false);
  Week week;
  const auto read = [&] {
    if (!document.is_object()) return false;
    const Json number = document.value("week", Json());
    const Json seed = document.value("seed", Json());
    const Json counts = document.value("counts", Json());
    if (!number.is_number_unsigned() || !seed.is_string() || !counts.is_array()) return false;
    if (number.get<uint64_t>() > kWeekMax) return false;
    week.number = number.get<int64_t>();
    const auto& hex = seed.get_ref<const std::string&>();
    if (::sodium_hex2bin(week.seed.data(), week.seed.size(), hex.data(), hex.size(), nullptr,
                         nullptr, nullptr) != 0 ||
        hex.size() != 2 * week.seed.size() || counts.size() != kSeries)
      return false;
    for (std::size_t i = 0; i < kSeries; ++i) {
      const bool is_list =
          counts[i].is_array() &&
          std::ranges::all_of(counts[i], [](const Json& n) { return n.is_number_unsigned(); });
      if (!is_list ||
          !week.counts.set(static_cast<Series>(i), counts[i].get<std::vector<int64_t>>()))
        return false;
    }
    return true;
  };
  if (!read()) return damaged(week_file());
  return std::optional<Week>(std::move(week));
}

Result<void> Telemetry::write_week(const Week& week) const {
  Json counts = Json::array();
  for (std::size_t i = 0; i < kSeries; ++i) {
    const auto of_series = week.counts.counts(static_cast<Series>(i));
    counts.push_back(std::vector<int64_t>(of_series.begin(), of_series.end()));
  }
  const Json document = {{"version", kVersion},
                         {"week", week.number},
                         {"seed", hexadecimal(week.seed)},
                         {"counts", std::move(counts)}};
  return write_file(week_file(), document.dump() + "\n", FileReaders::kOwner);
}

// The week of now; one that is over becomes a report. Where the clock was set back, the week that
// was begun goes on, so that nothing is reported twice. Under the lock.
Result<Telemetry::Week> Telemetry::current_week(int64_t now_s) const {
  HEARTH_ASSIGN(const auto known, read_week());
  if (known && known->number >= week_of(now_s)) return *known;
  if (known) HEARTH_TRY(queue(*known));
  Week begun;
  begun.number = week_of(now_s);
  if (sodium_init() < 0)
    return Error(ErrorCode::kUnavailable,
                 "telemetry: libsodium finds no random numbers; try again");
  randombytes_buf(begun.seed.data(), begun.seed.size());
  HEARTH_TRY(write_week(begun));
  return begun;
}

Result<void> Telemetry::add(std::span<const Observation> observations, int64_t now_s) const {
  HEARTH_ASSIGN(const auto agreed, endpoint());
  if (!agreed || observations.empty()) return {};
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(folder_ / "lock"));
  HEARTH_ASSIGN(Week week, current_week(now_s));
  for (const Observation& observation : observations) week.counts.add(observation);
  return write_week(week);
}

// ---- reports ----

Result<void> Telemetry::queue(const Week& week) const {
  HEARTH_TRY(make_folder(queue_folder()));
  HEARTH_TRY(write_file(queue_folder() / report_name(week.number),
                        report_bytes(week.counts, week.number, week.seed, version_),
                        FileReaders::kOwner));
  const auto reports = queued();
  for (std::size_t i = 0; i + kQueueMax < reports.size(); ++i) {
    std::error_code ignored;
    std::filesystem::remove(reports[i], ignored);
  }
  return {};
}

std::vector<std::filesystem::path> Telemetry::queued() const {
  std::vector<std::filesystem::path> reports;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(queue_folder(), error), end;
       !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.ends_with(".json") && !name.starts_with('.')) reports.push_back(entry->path());
  }
  std::ranges::sort(reports);
  return reports;
}

Result<std::vector<std::string>> Telemetry::preview(int64_t now_s) const {
  HEARTH_ASSIGN(const auto agreed, endpoint());
  std::vector<std::string> reports;
  if (!agreed) {
    reports.push_back(report_bytes(WeekCounts(), week_of(now_s), NoiseSeed{}, version_));
    return reports;
  }
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(folder_ / "lock"));
  HEARTH_ASSIGN(const Week week, current_week(now_s));
  for (const std::filesystem::path& path : queued()) {
    HEARTH_ASSIGN(std::string bytes, read_file(path, kFileBytesMax));
    reports.push_back(std::move(bytes));
  }
  reports.push_back(report_bytes(week.counts, week.number, week.seed, version_));
  return reports;
}

Result<int> Telemetry::waiting(int64_t now_s) const {
  HEARTH_ASSIGN(const auto reports, preview(now_s));
  return static_cast<int>(reports.size()) - 1;
}

Result<int> Telemetry::send(TelemetrySender& sender, int64_t now_s) const {
  HEARTH_ASSIGN(const auto agreed, endpoint());
  if (!agreed) {
    return Error(ErrorCode::kUnavailable,
                 "telemetry: is off, so nothing is sent; hearth telemetry on turns it on");
  }
  HEARTH_ASSIGN(const FileLock lock, FileLock::acquire(folder_ / "lock"));
  HEARTH_TRY(current_week(now_s));
  int sent = 0;
  for (const std::filesystem::path& path : queued()) {
    HEARTH_ASSIGN(const std::string bytes, read_file(path, kFileBytesMax));
    HEARTH_TRY(sender.send(metrics_url(*agreed), bytes));
    std::error_code error;
    std::filesystem::remove(path, error);
    if (error) return file_error(error.value(), "cannot remove", path);
    ++sent;
  }
  return sent;
}

}  // namespace hearth

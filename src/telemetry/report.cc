// SPDX-License-Identifier: Apache-2.0
#include "telemetry/report.h"

#include <sodium.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/strings.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDelta = 1;  // AGGREGATION_TEMPORALITY_DELTA; OTLP's JSON takes enums as numbers

Json attribute(std::string_view key, Json value) {
  return {{"key", key}, {"value", std::move(value)}};
}

// As OTLP writes 64-bit numbers in JSON.
std::string nanoseconds(int64_t seconds) { return concat(seconds, "000000000"); }

// One observation in its bucket, or none.
Json data_point(const SeriesInfo& info, std::optional<std::size_t> bucket, int64_t week) {
  Json attributes = Json::array();
  for (const auto& [key, value] : info.attributes)
    attributes.push_back(attribute(key, {{"stringValue", value}}));
  Json counts = Json::array();
  for (std::size_t i = 0; i <= info.bounds.size(); ++i) counts.push_back(bucket == i ? "1" : "0");
  return {{"attributes", std::move(attributes)},
          {"startTimeUnixNano", nanoseconds(week * kWeekSeconds)},
          {"timeUnixNano", nanoseconds((week + 1) * kWeekSeconds)},
          {"count", bucket ? "1" : "0"},
          {"bucketCounts", std::move(counts)},
          {"explicitBounds", std::vector<double>(info.bounds.begin(), info.bounds.end())}};
}

}  // namespace

int64_t week_of(int64_t seconds) { return std::max<int64_t>(seconds, 0) / kWeekSeconds; }

std::optional<std::size_t> told_bucket(std::optional<std::size_t> truth, std::size_t count,
                                       const NoiseSeed& seed, Series series) {
  const auto number = static_cast<unsigned char>(series);
  std::array<uint64_t, 2> drawn;
  crypto_generichash(reinterpret_cast<unsigned char*>(drawn.data()), sizeof drawn, &number, 1,
                     seed.data(), seed.size());
  const std::size_t none = count;
  const std::size_t right = truth.value_or(none);
  const double others = static_cast<double>(count);  // count buckets and none, but the right one
  const double share = static_cast<double>(drawn[0] >> 11) * 0x1p-53;
  std::size_t told = right;
  if (share >= std::exp(kEpsilonPerAnswer) / (std::exp(kEpsilonPerAnswer) + others)) {
    told = static_cast<std::size_t>((drawn[1] >> 32) * count >> 32);
    if (told >= right) ++told;
  }
  if (told == none) return std::nullopt;
  return told;
}

std::string report_bytes(const WeekCounts& counts, int64_t week, const NoiseSeed& seed,
                         std::string_view version) {
  Json metrics = Json::array();
  for (std::size_t i = 0; i < kSeries; ++i) {
    const auto series = static_cast<Series>(i);
    const SeriesInfo& info = series_info(series);
    const auto told =
        told_bucket(counts.typical_bucket(series), info.bounds.size() + 1, seed, series);
    if (metrics.empty() || metrics.back()["name"].get_ref<const std::string&>() != info.metric) {
      metrics.push_back(
          {{"name", info.metric},
           {"description", info.description},
           {"unit", info.unit},
           {"histogram", {{"aggregationTemporality", kDelta}, {"dataPoints", Json::array()}}}});
    }
    metrics.back()["histogram"]["dataPoints"].push_back(data_point(info, told, week));
  }
  const Json resource = {
      {"attributes",
       Json::array({attribute("service.name", {{"stringValue", "hearth"}}),
                    attribute("service.version", {{"stringValue", version}}),
                    attribute("hearth.epsilon_per_answer", {{"doubleValue", kEpsilonPerAnswer}}),
                    attribute("hearth.epsilon_per_week", {{"doubleValue", kEpsilonPerWeek}})})}};
  const Json scope = {{"scope", {{"name", "hearth.telemetry"}, {"version", "1"}}},
                      {"metrics", std::move(metrics)}};
  const Json document = {
      {"resourceMetrics",
       Json::array({{{"resource", resource}, {"scopeMetrics", Json::array({scope})}}})}};
  return document.dump();
}

}  // namespace hearth

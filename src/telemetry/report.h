// SPDX-License-Identifier: Apache-2.0
// A week's report: the exact bytes, OTLP/HTTP JSON, as a pure function of what was counted and of
// the week's noise. Each of the kSeries answers is one of few (a bucket, or none), and is told by
// k-ary randomized response: the true one with probability e^E / (e^E + k - 1), else one of the
// others, evenly, with E = kEpsilonPerAnswer. So no answer says for certain what was counted, and
// kSeries answers together are (kSeries * E)-differentially private for a week; weeks add up.
//
// Source: Kairouz, Bonawitz, Ramage, "Discrete Distribution Estimation under Local Privacy" (2016).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "telemetry/counts.h"

namespace hearth {

inline constexpr double kEpsilonPerAnswer = 0.5;
inline constexpr double kEpsilonPerWeek = kEpsilonPerAnswer * static_cast<double>(kSeries);
inline constexpr int64_t kWeekSeconds = 604'800;

// Random, drawn for each week, never sent: who has it can take the noise off.
using NoiseSeed = std::array<unsigned char, 32>;

// Weeks since 1970. Times before are 0.
int64_t week_of(int64_t seconds);

// What is told in place of `truth` among `count` buckets and none.
std::optional<std::size_t> told_bucket(std::optional<std::size_t> truth, std::size_t count,
                                       const NoiseSeed& seed, Series series);

// One line of JSON, without a line end.
std::string report_bytes(const WeekCounts& counts, int64_t week, const NoiseSeed& seed,
                         std::string_view version);

}  // namespace hearth

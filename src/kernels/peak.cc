// SPDX-License-Identifier: Apache-2.0
#include "kernels/peak.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "tensor/buffer.h"

namespace hearth {
namespace {

constexpr int kBandwidthPasses = 5;
constexpr std::size_t kSums = 16;  // independent ones, so that loads need not wait for each other

// A pass takes longer than it takes to wake threads, and less than others may take the processor
// away for.
constexpr double kPeakPass_ms = 1.0;
constexpr double kPeakTime_ms = 100.0;

uint64_t sum_of(std::span<const uint64_t> words) {
  uint64_t sums[kSums] = {};
  for (std::size_t i = 0; i + kSums <= words.size(); i += kSums) {
    for (std::size_t lane = 0; lane < kSums; ++lane) sums[lane] += words[i + lane];
  }
  uint64_t sum = 0;
  for (const uint64_t part : sums) sum += part;
  return sum;
}

}  // namespace

Result<double> measure_bandwidth_gb_per_s(ThreadPool& pool) {
  HEARTH_ASSIGN(const Buffer buffer, Buffer::create(kUncachedBytes, PageHint::kHuge));
  const auto words = buffer.as<uint64_t>();
  const auto part_of = [&](int thread) {
    const auto [begin, end] =
        split_range(static_cast<int64_t>(words.size() / kSums), thread, pool.size());
    return words.subspan(static_cast<std::size_t>(begin) * kSums,
                         static_cast<std::size_t>(end - begin) * kSums);
  };
  // Written once: pages that were never touched would all be read from the same zero page.
  pool.run([&](int thread) { std::ranges::fill(part_of(thread), 1); });
  std::vector<uint64_t> sums(static_cast<std::size_t>(pool.size()) * kSums);
  double seconds_min = 1e9;
  for (int pass = 0; pass < kBandwidthPasses; ++pass) {
    const Stopwatch watch;
    pool.run([&](int thread) {
      sums[static_cast<std::size_t>(thread) * kSums] = sum_of(part_of(thread));
    });
    seconds_min = std::min(seconds_min, watch.elapsed_ms() / 1000.0);
  }
  uint64_t sum = 0;
  for (const uint64_t part : sums) sum += part;
  HEARTH_CHECK(sum == words.size());  // and the compiler cannot leave the reading out
  return static_cast<double>(kUncachedBytes) / seconds_min / 1e9;
}

double measure_peak_gmac_per_s(const KernelTable& kernels, bool tiles, ThreadPool& pool) {
  std::array<std::byte, kPeakBlocks * kPanelRows * kPeakColumns> codes;
  codes.fill(std::byte{7});
  std::array<int8_t, kPeakTokens * kPeakColumns> tokens;
  for (std::size_t i = 0; i < tokens.size(); ++i) tokens[i] = i % 2 == 0 ? 100 : -100;
  const auto work = [&](int64_t rounds) {
    if (!tiles) return kernels.dot_peak(codes.data(), tokens.data(), rounds);
    return kernels.tile_peak(rounds) - rounds * 4 * kTilePeakGroups * kGroupColumns;
  };
  const int64_t round_macs = tiles ? kTilePeakMultiplyAdds : kPeakMultiplyAdds;
  double gmac_per_s_max = 0;
  int64_t rounds = 100;
  const Stopwatch watch;
  do {
    const Stopwatch pass;
    pool.run([&](int) {
      const int64_t sum = work(rounds);
      HEARTH_CHECK(sum == 0);
    });
    const double pass_ms = pass.elapsed_ms();
    const double multiply_adds = static_cast<double>(rounds * round_macs) * pool.size();
    gmac_per_s_max = std::max(gmac_per_s_max, multiply_adds / pass_ms / 1e6);
    if (pass_ms < kPeakPass_ms) rounds *= 2;
  } while (watch.elapsed_ms() < kPeakTime_ms);
  return gmac_per_s_max;
}

}  // namespace hearth

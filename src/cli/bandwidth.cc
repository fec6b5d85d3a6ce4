// SPDX-License-Identifier: Apache-2.0
#include "cli/bandwidth.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/clock.h"
#include "tensor/buffer.h"

namespace hearth {
namespace {

constexpr std::size_t kProbeBytes = 256 << 20;  // larger than any last-level cache we expect
constexpr int kPasses = 5;
constexpr std::size_t kLanes = 16;  // independent sums, so that loads need not wait for each other

uint64_t sum_of(std::span<const uint64_t> words) {
  uint64_t sums[kLanes] = {};
  for (std::size_t i = 0; i + kLanes <= words.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) sums[lane] += words[i + lane];
  }
  uint64_t sum = 0;
  for (const uint64_t part : sums) sum += part;
  return sum;
}

}  // namespace

Result<double> measure_bandwidth_gb_per_s(ThreadPool& pool) {
  HEARTH_ASSIGN(const Buffer buffer, Buffer::create(kProbeBytes, PageHint::kHuge));
  const auto words = buffer.as<uint64_t>();
  const auto part_of = [&](int thread) {
    const auto [begin, end] =
        split_range(static_cast<int64_t>(words.size() / kLanes), thread, pool.size());
    return words.subspan(static_cast<std::size_t>(begin) * kLanes,
                         static_cast<std::size_t>(end - begin) * kLanes);
  };
  // Written once: pages that were never touched would all be read from the same zero page.
  pool.run([&](int thread) { std::ranges::fill(part_of(thread), 1); });
  std::vector<uint64_t> sums(static_cast<std::size_t>(pool.size()) * kLanes);
  double seconds_min = 1e9;
  for (int pass = 0; pass < kPasses; ++pass) {
    const Stopwatch watch;
    pool.run([&](int thread) {
      sums[static_cast<std::size_t>(thread) * kLanes] = sum_of(part_of(thread));
    });
    seconds_min = std::min(seconds_min, watch.elapsed_ms() / 1000.0);
  }
  uint64_t sum = 0;
  for (const uint64_t part : sums) sum += part;
  HEARTH_CHECK(sum == words.size());  // and the compiler cannot leave the reading out
  return static_cast<double>(kProbeBytes) / seconds_min / 1e9;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// How often a time was how long. Threading: any thread.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace hearth {

class Histogram {
 public:
  // Upper bounds of the buckets, seconds; above the last there is one more.
  static constexpr std::array<double, 17> kBounds = {
      0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60};

  void add(double seconds, int64_t times = 1) {
    std::size_t bucket = 0;
    while (bucket < kBounds.size() && seconds > kBounds[bucket]) ++bucket;
    counts_[bucket].fetch_add(times, std::memory_order_relaxed);
    microseconds_.fetch_add(static_cast<int64_t>(seconds * 1e6) * times, std::memory_order_relaxed);
  }
  // Of one bucket.
  int64_t count(std::size_t bucket) const {
    return counts_[bucket].load(std::memory_order_relaxed);
  }
  // Of all times.
  double sum_seconds() const {
    return static_cast<double>(microseconds_.load(std::memory_order_relaxed)) * 1e-6;
  }

 private:
  std::array<std::atomic<int64_t>, kBounds.size() + 1> counts_{};
  std::atomic<int64_t> microseconds_ = 0;
};

}  // namespace hearth

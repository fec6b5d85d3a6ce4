// SPDX-License-Identifier: Apache-2.0
// Pseudo-random numbers that are the same on every machine and with every library, for resampling
// and shuffling. Not for secrets.
//
// Threading: an object has one user at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <utility>

namespace hearth {

// Not std::uniform_int_distribution: its numbers differ between libraries.
class Random {
 public:
  explicit Random(uint64_t seed) : engine_(seed) {}

  // Even over [0, count), count < 2^32: the high half of a product (Lemire 2019), whose unevenness
  // below 2^-32 no interval shows.
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>((engine_() >> 32) * count >> 32);
  }
  bool coin() { return (engine_() >> 63) != 0; }
  // Even over [0, 1).
  double share() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

  template <typename T>
  void shuffle(std::span<T> values) {
    for (std::size_t i = values.size(); i > 1; --i) std::swap(values[i - 1], values[below(i)]);
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace hearth

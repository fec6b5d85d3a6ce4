// SPDX-License-Identifier: Apache-2.0
// The limits of this machine, measured: what the speed of kernels and of whole runs is held
// against. Reading memory bounds decoding, multiplying bounds a prompt.
#pragma once

#include <cstddef>

#include "base/result.h"
#include "base/thread_pool.h"
#include "kernels/kernels.h"

namespace hearth {

inline constexpr std::size_t kUncachedBytes = 256
                                              << 20;  // more than any last-level cache we expect

// Reads a buffer that no cache holds on all threads of `pool`, several times; the best pass, in
// 10^9 bytes per second. Takes about a fifth of a second. Errors: kUnavailable (memory).
Result<double> measure_bandwidth_gb_per_s(ThreadPool& pool);

// Runs `kernels.dot_peak`, or with `tiles` `kernels.tile_peak`, on all threads of `pool`, several
// times; the best pass, in 10^9 multiply-adds per second by all threads together. Takes about a
// tenth of a second.
double measure_peak_gmac_per_s(const KernelTable& kernels, bool tiles, ThreadPool& pool);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// How fast this machine reads memory: what decoding speed is held against.
#pragma once

#include "base/result.h"
#include "base/thread_pool.h"

namespace hearth {

// Reads a buffer that no cache holds on all threads of `pool`, several times; the best pass, in
// 10^9 bytes per second. Takes about a fifth of a second. Errors: kUnavailable (memory).
Result<double> measure_bandwidth_gb_per_s(ThreadPool& pool);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What the benchmarks of this folder share: what is measured, against which limits, in which
// counters. All of it runs on one thread.
#pragma once

#include <benchmark/benchmark.h>

#include <ctime>
#include <string>

#include "base/strings.h"
#include "kernels/kernels.h"
#include "tensor/buffer.h"

namespace hearth::bench {

// An instruction set's kernels, and what one thread of this machine does at most.
struct Subject {
  const KernelTable& kernels;
  double dot_peak_gmac_per_s;
  double bandwidth_gb_per_s;

  // matmul/avx512/Q4_1/int8/t128
  template <typename... Pieces>
  std::string name(std::string_view kernel, const Pieces&... pieces) const {
    return concat(kernel, "/", isa_name(kernels.isa), pieces...);
  }
};

// Of one call of a kernel. What is 0 is not reported.
struct Work {
  double multiply_adds = 0;      // GMAC/s: of weights and inputs, whatever their precision
  double byte_products = 0;      // peak%: multiply-adds of bytes that this takes
  double bytes = 0;              // GB/s: weights, or keys and values
  double bytes_from_memory = 0;  // memory%: those of them that no cache holds
  double values = 0;             // Gvalue/s
};

// Calls `kernel` as often as `state` asks for, and reports its speed by the processor's time, which
// others that want the processor do not lengthen.
template <typename Kernel>
void measure(benchmark::State& state, const Subject& subject, const Work& work, Kernel kernel) {
  const std::clock_t start = std::clock();
  for (auto _ : state) kernel();
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const double calls_per_ns = static_cast<double>(state.iterations()) / (seconds * 1e9);
  const auto report = [&](const char* counter, double amount, double unit) {
    if (amount > 0) state.counters[counter] = amount * calls_per_ns * unit;
  };
  report("GMAC/s", work.multiply_adds, 1);
  report("peak%", work.byte_products, 100 / subject.dot_peak_gmac_per_s);
  report("GB/s", work.bytes, 1);
  report("memory%", work.bytes_from_memory, 100 / subject.bandwidth_gb_per_s);
  report("Gvalue/s", work.values, 1);
}

// Each adds the benchmarks of some kernels; `memory` is scratch that no cache holds, for weights.
void add_matmul(const Subject& subject, const Buffer& memory);
void add_attention(const Subject& subject);
void add_low_rank(const Subject& subject, const Buffer& memory);
void add_vectors(const Subject& subject);

}  // namespace hearth::bench

// SPDX-License-Identifier: Apache-2.0
// kernels_bench: measures the limits of this machine, then each kernel of each instruction set that
// this CPU has. Takes the options of Google Benchmark.
#include <cmath>
#include <cstdio>
#include <vector>

#include "bench/subject.h"
#include "kernels/peak.h"

namespace hearth::bench {
namespace {

double one_decimal(double value) { return std::round(value * 10) / 10; }

Result<void> run() {
  HEARTH_ASSIGN(const auto one_thread, ThreadPool::create(1));
  HEARTH_ASSIGN(const double bandwidth, measure_bandwidth_gb_per_s(*one_thread));
  HEARTH_ASSIGN(const Buffer memory, Buffer::create(kUncachedBytes, PageHint::kHuge));
  benchmark::AddCustomContext("memory", concat(one_decimal(bandwidth), " GB/s"));
  for (const Isa isa : available_isas()) {
    const KernelTable& kernels = kernels_for(isa);
    const double dot_peak = measure_peak_gmac_per_s(kernels, false, *one_thread);
    benchmark::AddCustomContext(std::string(isa_name(isa)),
                                concat(one_decimal(dot_peak), " GMAC/s"));
    const Subject subject = {kernels, dot_peak, bandwidth};
    add_matmul(subject, memory);
    add_attention(subject);
    add_low_rank(subject, memory);
    add_vectors(subject);
  }
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return {};
}

}  // namespace
}  // namespace hearth::bench

int main(int argc, char** argv) {
  // Before those given, which take precedence: a minute for all of it.
  char min_time[] = "--benchmark_min_time=0.05";
  std::vector<char*> arguments(argv, argv + argc);
  arguments.insert(arguments.begin() + 1, min_time);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  const auto status = hearth::bench::run();
  if (status.ok()) return 0;
  std::fprintf(stderr, "kernels_bench: %s\n", status.error().message().c_str());
  return 1;
}

// SPDX-License-Identifier: Apache-2.0
// What adapters add to a product: both steps, for one token whose adapter comes from memory and for
// many that share one.
#include <cstring>
#include <random>
#include <vector>

#include "bench/subject.h"

namespace hearth::bench {
namespace {

constexpr int32_t kRank = 16;
constexpr int32_t kWidth = 2048;  // inputs of the first step, outputs of the second
constexpr int32_t kTokensMax = 128;

constexpr struct {
  const char* name;
  LowRankType type;
} kTypes[] = {{"/bytes", LowRankType::kBytes}, {"/floats", LowRankType::kFloats}};

// Inputs, outputs and which tokens.
struct Rows {
  explicit Rows(int32_t count)
      : wide(static_cast<std::size_t>(count) * kWidth, 0.5f),
        narrow(static_cast<std::size_t>(count) * kRank, 0.25f),
        scales(static_cast<std::size_t>(count), 1.0f) {
    for (int32_t i = 0; i < count; ++i) tokens.push_back(i);
  }
  LowRankTokens view() const { return {tokens.data(), static_cast<int32_t>(tokens.size()), 0}; }

  std::vector<float> wide;
  std::vector<float> narrow;
  std::vector<float> scales;
  std::vector<int32_t> tokens;
};

// Calls run(offset of a matrix in `memory`) for matrices of `bytes`, one behind the other where
// they are to come from memory.
template <typename Run>
void measure_matrices(benchmark::State& state, const Subject& subject, const Buffer& memory,
                      std::size_t bytes, int32_t tokens, Run run) {
  constexpr int kByte = 0x3d;  // which floats, codes and scales of a sane size are made of
  if (memory.data()[0] != std::byte{kByte}) std::memset(memory.data(), kByte, memory.size());
  const bool from_memory = tokens == 1;
  const auto read = static_cast<double>(bytes);
  std::size_t at = 0;
  measure(state, subject,
          {.multiply_adds = static_cast<double>(kRank) * kWidth * tokens,
           .bytes = read,
           .bytes_from_memory = from_memory ? read : 0},
          [&] {
            run(memory.data() + at);
            if (from_memory) at = at + 2 * bytes <= memory.size() ? at + bytes : 0;
          });
}

void add(const Subject& subject, const Buffer& memory, const char* type_name, LowRankType type,
         int32_t tokens) {
  benchmark::RegisterBenchmark(
      subject.name("shrink", type_name, "/t", tokens).c_str(), [=, &memory](auto& state) {
        Rows rows(tokens);
        ShrinkMatrix matrix = {type, kRank, kWidth};
        measure_matrices(state, subject, memory, matrix.bytes(), tokens, [&](const std::byte* at) {
          matrix.data = at;
          subject.kernels.shrink({&matrix, 0, matrix.blocks(), rows.view(), rows.scales.data(),
                                  rows.wide.data(), rows.narrow.data(), kRank});
        });
      });
  benchmark::RegisterBenchmark(
      subject.name("expand", type_name, "/t", tokens).c_str(), [=, &memory](auto& state) {
        Rows rows(tokens);
        ExpandMatrix matrix = {type, kWidth, kRank};
        measure_matrices(state, subject, memory, matrix.bytes(), tokens, [&](const std::byte* at) {
          matrix.data = at;
          subject.kernels.expand({&matrix, 0, matrix.panels(), rows.view(), rows.narrow.data(),
                                  kRank, rows.wide.data(), kWidth});
        });
      });
}

}  // namespace

void add_low_rank(const Subject& subject, const Buffer& memory) {
  for (const auto& [name, type] : kTypes) {
    for (const int32_t tokens : {1, kTokensMax}) add(subject, memory, name, type, tokens);
  }
}

}  // namespace hearth::bench

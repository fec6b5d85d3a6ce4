// SPDX-License-Identifier: Apache-2.0
// Matrix products of every element type, with one token (decoding), a few (guessed tokens) and many
// (a prompt), and the dot products they are held against.
#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "bench/subject.h"
#include "kernels/test_matrix.h"

namespace hearth::bench {
namespace {

constexpr int32_t kColumns = 2048;
constexpr int32_t kTokensMax = 128;
constexpr std::size_t kCachedBytes = 256 << 10;  // of weights that stay in the second-level cache
constexpr std::size_t kSliceBytes = 8 << 20;     // of memory, in one call

enum class WeightsIn { kCache, kMemory };
struct Shape {
  const char* name;
  int32_t tokens;
  WeightsIn weights_in;
};
constexpr Shape kShapes[] = {{"/t1/memory", 1, WeightsIn::kMemory},
                             {"/t1/cache", 1, WeightsIn::kCache},
                             {"/t8", 8, WeightsIn::kCache},
                             {"/t128", kTokensMax, WeightsIn::kCache}};

constexpr struct {
  const char* name;
  Precision precision;
} kPrecisions[] = {
    {"/int8", Precision::kInt8}, {"/int16", Precision::kInt16}, {"/bfloat", Precision::kBfloat}};

// `memory` full of panels of random weights, a few of them again and again.
class Weights {
 public:
  explicit Weights(const Buffer& memory) : memory_(memory) {}

  // The matrix that fills the memory. Written anew when the type is another than last time.
  const PanelMatrix& of(DType dtype) {
    if (matrix_.data == nullptr || matrix_.dtype != dtype) fill(dtype);
    return matrix_;
  }

 private:
  void fill(DType dtype) {
    std::mt19937 random(1);
    const TestMatrix some(dtype, 4 * kPanelRows, kColumns, random);
    const std::size_t bytes = some.memory.size();
    const std::size_t copies = memory_.size() / bytes;
    for (std::size_t i = 0; i < copies; ++i)
      std::memcpy(memory_.data() + i * bytes, some.memory.data(), bytes);
    matrix_ = some.packed;
    matrix_.rows *= static_cast<int32_t>(copies);
    matrix_.data = memory_.data();
  }

  const Buffer& memory_;
  PanelMatrix matrix_;
};

void multiply_panels(benchmark::State& state, const Subject& subject, const PanelMatrix& weights,
                     const Activations& inputs, const Shape& shape) {
  const bool from_memory = shape.weights_in == WeightsIn::kMemory;
  const std::size_t call_bytes = from_memory ? kSliceBytes : kCachedBytes;
  const auto panels = static_cast<int32_t>(call_bytes / weights.layout.bytes);
  const int32_t rows = panels * kPanelRows;
  std::vector<float> out(static_cast<std::size_t>(shape.tokens) * rows);
  const double multiply_adds = static_cast<double>(rows) * kColumns * shape.tokens;
  const double products_each = inputs.precision == Precision::kInt16  ? 2.0
                               : inputs.precision == Precision::kInt8 ? 1.0
                                                                      : 0.0;
  const double bytes = static_cast<double>(panels) * static_cast<double>(weights.layout.bytes);
  const Work work = {.multiply_adds = multiply_adds,
                     .byte_products = multiply_adds * products_each,
                     .bytes = bytes,
                     .bytes_from_memory = from_memory ? bytes : 0};
  int32_t panel = 0;
  measure(state, subject, work, [&] {
    subject.kernels.matmul({.weights = &weights,
                            .panel_begin = panel,
                            .panel_end = panel + panels,
                            .inputs = &inputs,
                            .tokens = shape.tokens,
                            .out = out.data(),
                            .out_stride = static_cast<std::size_t>(rows),
                            .epilogue = Epilogue::kStore});
    if (from_memory) panel = panel + 2 * panels <= weights.panels() ? panel + panels : 0;
  });
}

void add_type(const Subject& subject, const std::shared_ptr<Weights>& weights, DType dtype,
              std::string_view precision, const std::shared_ptr<const TestInputs>& inputs) {
  for (const Shape& shape : kShapes) {
    benchmark::RegisterBenchmark(
        subject.name("matmul", "/", dtype_info(dtype).name, precision, shape.name).c_str(),
        [=](benchmark::State& state) {
          multiply_panels(state, subject, weights->of(dtype), inputs->view, shape);
        });
  }
}

void add_dot_peak(const Subject& subject) {
  benchmark::RegisterBenchmark(subject.name("dot_peak").c_str(), [=](benchmark::State& state) {
    const std::array<std::byte, kPeakBlocks * kPanelRows * kPeakColumns> codes = {};
    const std::array<int8_t, kPeakTokens * kPeakColumns> tokens = {};
    constexpr int64_t kRounds = 1000;
    constexpr auto kMultiplyAdds = static_cast<double>(kRounds * kPeakMultiplyAdds);
    measure(state, subject, {.multiply_adds = kMultiplyAdds, .byte_products = kMultiplyAdds},
            [&] { subject.kernels.dot_peak(codes.data(), tokens.data(), kRounds); });
  });
}

void add_tile_peak(const Subject& subject) {
  benchmark::RegisterBenchmark(subject.name("tile_peak").c_str(), [=](benchmark::State& state) {
    constexpr int64_t kRounds = 100;
    constexpr auto kMultiplyAdds = static_cast<double>(kRounds * kTilePeakMultiplyAdds);
    measure(state, subject, {.multiply_adds = kMultiplyAdds},
            [&] { subject.kernels.tile_peak(kRounds); });
  });
}

}  // namespace

void add_matmul(const Subject& subject, const Buffer& memory) {
  add_dot_peak(subject);
  if (subject.kernels.has_tiles()) add_tile_peak(subject);
  std::mt19937 random(2);
  const auto weights = std::make_shared<Weights>(memory);
  const auto inputs_of = [&](Precision precision) {
    constexpr float kFineFrom = 0.0f;  // all of int16's two bytes
    return std::make_shared<const TestInputs>(subject.kernels, precision, kTokensMax, kColumns,
                                              random, kFineFrom);
  };
  const auto floats = inputs_of(Precision::kFloat);
  for (const DType dtype : kTypes) {
    if (dtype_info(dtype).block_values == 1) add_type(subject, weights, dtype, "/float", floats);
  }
  for (const auto& [name, precision] : kPrecisions) {
    if (precision == Precision::kBfloat && !subject.kernels.has_tiles()) continue;
    const auto inputs = inputs_of(precision);
    for (const DType dtype : kTypes) {
      if (dtype_info(dtype).block_values > 1) add_type(subject, weights, dtype, name, inputs);
    }
  }
}

}  // namespace hearth::bench

// SPDX-License-Identifier: Apache-2.0
// The kernels over one vector: norms, activations, rounding.
#include <random>
#include <vector>

#include "bench/subject.h"
#include "kernels/test_matrix.h"

namespace hearth::bench {
namespace {

constexpr int32_t kCount = 2048;

// One call of a kernel: two vectors in, one out, [kCount] each.
using VectorCall = void (*)(const KernelTable& kernels, const float* a, const float* b, float* out);

constexpr struct {
  const char* name;
  VectorCall call;
} kVectorKernels[] = {
    {"rms_norm", [](const KernelTable& kernels, const float* a, const float* b,
                    float* out) { kernels.rms_norm(a, b, kCount, 1e-5f, out); }},
    {"layer_norm", [](const KernelTable& kernels, const float* a, const float* b,
                      float* out) { kernels.layer_norm(a, b, b, kCount, 1e-5f, out); }},
    {"silu_multiply", [](const KernelTable& kernels, const float* a, const float* b,
                         float* out) { kernels.silu_multiply(a, b, kCount, out); }},
    {"gelu_multiply", [](const KernelTable& kernels, const float* a, const float* b,
                         float* out) { kernels.gelu_multiply(a, b, kCount, out); }},
    {"gelu", [](const KernelTable& kernels, const float* a, const float*,
                float* out) { kernels.gelu(a, kCount, out); }},
    {"soft_cap", [](const KernelTable& kernels, const float*, const float*,
                    float* out) { kernels.soft_cap(out, kCount, 30.0f); }},
};

void add_summarise_logits(const Subject& subject) {
  benchmark::RegisterBenchmark(
      subject.name("summarise_logits").c_str(), [=](benchmark::State& state) {
        const std::vector<float> logits(kLogitBlock, 1.0f);
        measure(state, subject, {.values = kLogitBlock},
                [&] { benchmark::DoNotOptimize(subject.kernels.summarise_logits(logits.data())); });
      });
}

void add_quantize(const Subject& subject, const char* precision_name, Precision precision) {
  benchmark::RegisterBenchmark(
      subject.name("quantize", precision_name).c_str(), [=](benchmark::State& state) {
        std::mt19937 random(4);
        const TestInputs inputs(subject.kernels, precision, 1, kCount, random);
        measure(state, subject, {.values = kCount},
                [&] { subject.kernels.quantize(inputs.view, 0); });
      });
}

void add_quantize_groups(const Subject& subject) {
  benchmark::RegisterBenchmark(
      subject.name("quantize_groups").c_str(), [=](benchmark::State& state) {
        std::mt19937 random(4);
        const TestInputs inputs(subject.kernels, Precision::kInt8, 1, kCount, random);
        measure(state, subject, {.values = kCount}, [&] {
          subject.kernels.quantize_groups(inputs.values.data(), inputs.view, 0,
                                          kCount / kGroupColumns);
        });
      });
}

}  // namespace

void add_vectors(const Subject& subject) {
  std::mt19937 random(3);
  std::normal_distribution<float> normal(0.0f, 3.0f);
  std::vector<float> a(kCount), b(kCount);
  for (float& value : a) value = normal(random);
  for (float& value : b) value = normal(random);
  for (const auto& [name, call] : kVectorKernels) {
    benchmark::RegisterBenchmark(
        subject.name(name).c_str(), [=, call = call](benchmark::State& state) {
          std::vector<float> out = a;
          measure(state, subject, {.values = kCount},
                  [&] { call(subject.kernels, a.data(), b.data(), out.data()); });
        });
  }
  benchmark::RegisterBenchmark(
      subject.name("round_to_words").c_str(), [=](benchmark::State& state) {
        std::vector<int16_t> out(kCount);
        measure(state, subject, {.values = kCount},
                [&] { subject.kernels.round_to_words(a.data(), kCount, kKvWordMax, out.data()); });
      });
  add_quantize(subject, "/int8", Precision::kInt8);
  add_quantize(subject, "/int16", Precision::kInt16);
  add_quantize_groups(subject);
  add_summarise_logits(subject);
}

}  // namespace hearth::bench

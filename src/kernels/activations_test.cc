// SPDX-License-Identifier: Apache-2.0
// Layer norm, GELU and the cap of logits against plain loops in double, on every instruction set
// that this CPU has.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "kernels/kernels.h"

namespace hearth {
namespace {

constexpr int32_t kCount = 96;

std::vector<float> values(uint32_t seed, float spread) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0.0f, spread);
  std::vector<float> out(kCount);
  for (float& value : out) value = normal(random);
  return out;
}

// Around 0, where the functions bend, and far out, where exponentials end.
std::vector<float> activations() {
  std::vector<float> out = values(1, 2.0f);
  out[0] = 0.0f;
  out[1] = -0.0f;
  out[2] = 1000.0f;
  out[3] = -1000.0f;
  out[4] = 1e-6f;
  out[5] = -1e-6f;
  out[6] = 9.0f;
  out[7] = -9.0f;
  return out;
}

class ActivationsOfIsa : public testing::TestWithParam<Isa> {
 protected:
  const KernelTable& kernels() const { return kernels_for(GetParam()); }
};

TEST_P(ActivationsOfIsa, LayerNorm) {
  std::vector<float> x = values(2, 3.0f);
  for (float& value : x) value += 50.0f;  // a mean far from 0
  const std::vector<float> weight = values(3, 1.0f), bias = values(4, 1.0f);
  double mean = 0, variance = 0;
  for (const float value : x) mean += value / kCount;
  for (const float value : x) variance += (value - mean) * (value - mean) / kCount;
  std::vector<float> out(kCount);
  kernels().layer_norm(x.data(), weight.data(), bias.data(), kCount, 1e-5f, out.data());
  for (std::size_t i = 0; i < kCount; ++i) {
    const double expected = (x[i] - mean) / std::sqrt(variance + 1e-5) * weight[i] + bias[i];
    EXPECT_NEAR(out[i], expected, 2e-5);
  }
  kernels().layer_norm(x.data(), weight.data(), bias.data(), kCount, 1e-5f, x.data());
  EXPECT_EQ(x, out) << "in place";
}

TEST_P(ActivationsOfIsa, GeluByTanh) {
  const std::vector<float> x = activations(), up = values(5, 1.0f);
  std::vector<float> out(kCount);
  kernels().gelu_multiply(x.data(), up.data(), kCount, out.data());
  for (std::size_t i = 0; i < kCount; ++i) {
    const double v = x[i];
    const double u = std::sqrt(2.0 / std::numbers::pi) * (v + 0.044715 * v * v * v);
    const double expected = 0.5 * v * (1.0 + std::tanh(u)) * up[i];
    EXPECT_NEAR(out[i], expected, 1e-6 * std::abs(expected) + 1e-7) << x[i];
  }
}

TEST_P(ActivationsOfIsa, GeluByErrorFunction) {
  std::vector<float> x = activations();
  std::vector<float> out(kCount);
  kernels().gelu(x.data(), kCount, out.data());
  for (std::size_t i = 0; i < kCount; ++i) {
    const double expected = 0.5 * x[i] * (1.0 + std::erf(x[i] / std::numbers::sqrt2));
    EXPECT_NEAR(out[i], expected, 5e-7 * std::abs(x[i]) + 1e-9) << x[i];
  }
  kernels().gelu(x.data(), kCount, x.data());
  EXPECT_EQ(x, out) << "in place";
}

TEST_P(ActivationsOfIsa, SoftCapOfAnyCount) {
  for (const int32_t count : {1, 15, 16, 17, 90}) {
    const std::vector<float> x = activations();
    std::vector<float> out = x;
    kernels().soft_cap(out.data(), count, 30.0f);
    for (int32_t i = 0; i < kCount; ++i) {
      const auto at = static_cast<std::size_t>(i);
      const double expected = i < count ? 30.0 * std::tanh(x[at] / 30.0) : x[at];
      EXPECT_NEAR(out[at], expected, 5e-6) << x[at];
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, ActivationsOfIsa,
                         testing::ValuesIn(available_isas().begin(), available_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace hearth

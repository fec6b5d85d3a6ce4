// SPDX-License-Identifier: Apache-2.0
// Quantizing: how much of normally distributed values is lost, and values that are no such thing.
// That the bytes are ggml's is tests/formats_golden_test.cc's.
#include "tensor/quantize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "tensor/dequantize.h"

namespace hearth {
namespace {

std::vector<float> round_trip(DType dtype, const std::vector<float>& values) {
  const DTypeInfo& info = dtype_info(dtype);
  std::vector<std::byte> blocks(values.size() / info.block_values * info.block_bytes);
  quantize(dtype, values, blocks);
  std::vector<float> out(values.size());
  dequantize(dtype, blocks, out);
  return out;
}

// Root of the mean squared error, over that of the values.
double relative_error(DType dtype, const std::vector<float>& values) {
  const std::vector<float> out = round_trip(dtype, values);
  double error = 0;
  double square = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    error += (static_cast<double>(out[i]) - values[i]) * (static_cast<double>(out[i]) - values[i]);
    square += static_cast<double>(values[i]) * values[i];
  }
  return std::sqrt(error / square);
}

struct Expected {
  DType dtype;
  double error_min;  // less would mean that the type has more bits than it can
  double error_max;
};

constexpr Expected kExpected[] = {
    {DType::kF32, 0.0, 0.0},        {DType::kF16, 1e-4, 3e-4},    {DType::kBF16, 1e-3, 2e-3},
    {DType::kQ8_0, 0.004, 0.007},   {DType::kQ6_K, 0.010, 0.021}, {DType::kQ5_K, 0.025, 0.040},
    {DType::kQ5_1, 0.030, 0.045},   {DType::kQ5_0, 0.035, 0.050}, {DType::kQ4_K, 0.055, 0.080},
    {DType::kIQ4_NL, 0.060, 0.090}, {DType::kQ4_1, 0.070, 0.090}, {DType::kQ4_0, 0.070, 0.100},
    {DType::kMXFP4, 0.080, 0.130},  {DType::kQ3_K, 0.120, 0.180}, {DType::kQ2_K, 0.200, 0.330},
};

TEST(Quantize, LosesWhatTheTypeMustLose) {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0f, 0.02f);
  std::vector<float> values(256 * 64);
  for (float& value : values) value = normal(random);
  for (const Expected& expected : kExpected) {
    const double error = relative_error(expected.dtype, values);
    std::printf("%-6s %.5f\n", dtype_info(expected.dtype).name.data(), error);
    EXPECT_GE(error, expected.error_min) << dtype_info(expected.dtype).name;
    EXPECT_LE(error, expected.error_max) << dtype_info(expected.dtype).name;
  }
}

TEST(Quantize, ZerosStayZeros) {
  for (const Expected& type : kExpected) {
    const std::vector<float> zeros(512, 0.0f);
    EXPECT_EQ(round_trip(type.dtype, zeros), zeros) << dtype_info(type.dtype).name;
  }
}

// All values positive, all negative, one value for all, one outlier: nothing overflows or flips.
TEST(Quantize, LopsidedRowsKeepTheirShape) {
  std::mt19937 random(2);
  std::uniform_real_distribution<float> uniform(0.5f, 1.0f);
  std::vector<float> positive(512);
  for (float& value : positive) value = uniform(random);
  std::vector<float> negative = positive;
  for (float& value : negative) value = -value;
  const std::vector<float> constant(512, -0.75f);
  std::vector<float> outlier(512, 0.001f);
  outlier[300] = 50.0f;
  const std::vector<float> rows[] = {positive, negative, constant, outlier};
  for (const Expected& type : kExpected) {
    SCOPED_TRACE(dtype_info(type.dtype).name);
    for (const std::vector<float>& values : rows) {
      EXPECT_LE(relative_error(type.dtype, values), 0.25);
    }
  }
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Packing and matrix products of every element type on every instruction set that this CPU has,
// against plain loops in double precision.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "base/strings.h"
#include "kernels/kernels.h"
#include "kernels/test_matrix.h"

namespace hearth {
namespace {

constexpr double kBfloatError = 1.0 / 256;  // of a weight, as a share of it

void expect_product(const TestMatrix& matrix, const TestInputs& inputs,
                    const std::vector<float>& out, int32_t tokens, float start) {
  const auto columns = static_cast<std::size_t>(matrix.packed.columns);
  for (int32_t token = 0; token < tokens; ++token) {
    for (int32_t row = 0; row < matrix.packed.rows; ++row) {
      double sum = start;
      double magnitude = std::abs(start);
      for (std::size_t column = 0; column < columns; ++column) {
        const double product = inputs.rounded(token * columns + column, matrix.packed.dtype) *
                               matrix.values[static_cast<std::size_t>(row) * columns + column];
        sum += product;
        magnitude += std::abs(product);
      }
      const bool bfloats =
          inputs.view.precision == Precision::kBfloat && matrix.packed.is_block_type();
      const double error = 4e-6 + (bfloats ? kBfloatError : 0.0);
      ASSERT_NEAR(out[static_cast<std::size_t>(token) * matrix.packed.rows + row], sum,
                  error * magnitude + 1e-6)
          << "token " << token << " row " << row;
    }
  }
}

class MatmulOfIsa : public testing::TestWithParam<Isa> {
 protected:
  const KernelTable& kernels() const { return kernels_for(GetParam()); }
};

TEST_P(MatmulOfIsa, EqualsPlainLoops) {
  std::mt19937 random(1);
  for (const DType dtype : kTypes) {
    for (const Precision precision : precisions_of(kernels())) {
      for (const auto& [rows, blocks] : {std::pair{16, 1}, {48, 18}, {37, 3}, {1, 2}, {65, 5}}) {
        const bool wide = dtype_info(dtype).block_values == 256;
        const int32_t columns = columns_of(dtype, wide ? (blocks + 2) / 3 : blocks);
        const TestMatrix matrix(dtype, rows, columns, random);
        for (const int32_t tokens : {1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 40}) {
          if (tokens > 9 && rows != 37) continue;
          const TestInputs inputs(kernels(), precision, tokens, columns, random);
          SCOPED_TRACE(concat(dtype_info(dtype).name, " precision ", static_cast<int>(precision),
                              " rows ", rows, " columns ", columns, " tokens ", tokens));
          expect_product(matrix, inputs,
                         multiply(kernels(), matrix, inputs, tokens, Epilogue::kStore, 7.0f),
                         tokens, 0.0f);
          expect_product(matrix, inputs,
                         multiply(kernels(), matrix, inputs, tokens, Epilogue::kAdd, 2.5f), tokens,
                         2.5f);
          if (HasFatalFailure()) return;
        }
      }
    }
  }
}

TEST_P(MatmulOfIsa, ATokensResultDoesNotDependOnItsCompany) {
  std::mt19937 random(2);
  for (const DType dtype : kTypes) {
    for (const Precision precision : precisions_of(kernels())) {
      const int32_t columns = columns_of(dtype, 2);
      const TestMatrix matrix(dtype, 40, columns, random);
      const TestInputs inputs(kernels(), precision, 41, columns, random);
      const auto all = multiply(kernels(), matrix, inputs, 41, Epilogue::kStore, 0.0f);
      for (int32_t tokens = 1; tokens < 41; ++tokens) {
        const auto some = multiply(kernels(), matrix, inputs, tokens, Epilogue::kStore, 0.0f);
        ASSERT_EQ(std::memcmp(all.data(), some.data(), some.size() * sizeof(float)), 0)
            << dtype_info(dtype).name << " " << tokens << " tokens";
      }
    }
  }
}

// So many tokens and columns that sums wait while more of the panels is decoded.
TEST_P(MatmulOfIsa, LongRowsOfManyTokensGiveTheBitsOfFew) {
  std::mt19937 random(3);
  constexpr int32_t kMany = 131;
  for (const DType dtype : kTypes) {
    const int32_t columns = columns_of(dtype, dtype_info(dtype).block_values == 256 ? 6 : 45);
    const TestMatrix matrix(dtype, 50, columns, random);
    for (const Precision precision : precisions_of(kernels())) {
      if (precision == Precision::kFloat) continue;
      const TestInputs inputs(kernels(), precision, kMany, columns, random);
      const auto all = multiply(kernels(), matrix, inputs, kMany, Epilogue::kAdd, 1.5f);
      for (const int32_t tokens : {1, 7, 8, 129}) {
        const auto some = multiply(kernels(), matrix, inputs, tokens, Epilogue::kAdd, 1.5f);
        ASSERT_EQ(std::memcmp(all.data(), some.data(), some.size() * sizeof(float)), 0)
            << dtype_info(dtype).name << " " << tokens << " tokens";
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isa, MatmulOfIsa,
                         testing::ValuesIn(usable_isas().begin(), usable_isas().end()),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

TEST(Pack, KeepsEveryNumber) {
  std::mt19937 random(6);
  for (const DType dtype : kTypes) {
    const auto columns = static_cast<std::size_t>(columns_of(dtype, 3));
    const TestMatrix matrix(dtype, 37, static_cast<int32_t>(columns), random);
    for (int32_t row = 0; row < 37; ++row) {
      std::vector<float> out(columns);
      unpack_row(matrix.packed, row, out);
      for (std::size_t i = 0; i < columns; ++i) {
        ASSERT_EQ(out[i], matrix.values[static_cast<std::size_t>(row) * columns + i])
            << dtype_info(dtype).name << " row " << row << " column " << i;
      }
    }
  }
}

// A panel is hardly larger than the blocks it holds: only the scales of four K types grow.
TEST(Pack, KeepsTheSize) {
  for (const DType dtype : kTypes) {
    const DTypeInfo& info = dtype_info(dtype);
    const double blocks = 16.0 * 4096 / info.block_values * info.block_bytes;
    const auto panel = static_cast<double>(panel_layout(dtype, 4096).bytes);
    const bool grows = dtype == DType::kQ3_K || dtype == DType::kQ4_K || dtype == DType::kQ5_K;
    EXPECT_GE(panel / blocks, 1.0) << info.name;
    EXPECT_LE(panel / blocks, grows ? 1.037 : 1.0) << info.name;
  }
}

}  // namespace
}  // namespace hearth

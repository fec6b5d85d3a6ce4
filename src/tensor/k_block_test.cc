// SPDX-License-Identifier: Apache-2.0
// Superblocks taken apart and put together again: no bit is lost, none is moved.
#include "tensor/k_block.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace hearth {
namespace {

constexpr DType kKTypes[] = {DType::kQ2_K, DType::kQ3_K, DType::kQ4_K, DType::kQ5_K, DType::kQ6_K};

TEST(KBlock, EveryBitSurvives) {
  std::mt19937 random(1);
  for (const DType dtype : kKTypes) {
    const DTypeInfo& info = dtype_info(dtype);
    for (int trial = 0; trial < 20; ++trial) {
      std::vector<std::byte> block(info.block_bytes);
      for (std::byte& byte : block) byte = static_cast<std::byte>(random());
      std::vector<std::byte> again(info.block_bytes, std::byte{0xff});
      write_k_block(dtype, read_k_block(dtype, block.data()), again.data());
      ASSERT_EQ(block, again) << info.name;
    }
  }
}

TEST(KBlock, PartsAreWithinTheirRange) {
  std::mt19937 random(2);
  for (const DType dtype : kKTypes) {
    const KFormat& format = k_format(dtype);
    std::vector<std::byte> block(dtype_info(dtype).block_bytes);
    int code_most = 0;
    int scale_least = 0;
    int scale_most = 0;
    int min_most = 0;
    for (int trial = 0; trial < 200; ++trial) {
      for (std::byte& byte : block) byte = static_cast<std::byte>(random());
      const KBlock parts = read_k_block(dtype, block.data());
      for (const uint8_t code : parts.codes) code_most = std::max<int>(code_most, code);
      for (int g = 0; g < kSuperblock / format.group_values; ++g) {
        scale_least = std::min<int>(scale_least, parts.scales[g]);
        scale_most = std::max<int>(scale_most, parts.scales[g]);
        min_most = std::max<int>(min_most, parts.mins[g]);
      }
    }
    EXPECT_EQ(code_most, format.code_max) << dtype_info(dtype).name;
    EXPECT_EQ(scale_least, format.scale_min) << dtype_info(dtype).name;
    EXPECT_EQ(scale_most, format.scale_max) << dtype_info(dtype).name;
    EXPECT_EQ(min_most, format.min_max) << dtype_info(dtype).name;
  }
}

}  // namespace
}  // namespace hearth

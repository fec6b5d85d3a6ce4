// SPDX-License-Identifier: Apache-2.0
// Block formats against ggml's own Python package (tests/golden/formats.json): blocks to values,
// bit for bit, and values to blocks.
#include <gtest/gtest.h>

#include <bit>
#include <cstdint>

#include "real_model.h"
#include "tensor/dequantize.h"
#include "tensor/quantize.h"

namespace hearth {
namespace {

std::vector<std::byte> bytes_of(const std::string& hex) {
  std::vector<std::byte> bytes(hex.size() / 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<std::byte>(std::stoi(hex.substr(i * 2, 2), nullptr, 16));
  }
  return bytes;
}

TEST(Formats, DequantizeAsGgml) {
  const auto golden = golden_json("formats.json").at("dequantize");
  EXPECT_EQ(golden.size(), 14u);
  for (const auto& [name, sample] : golden.items()) {
    const DTypeInfo* info = find_dtype(name);
    ASSERT_NE(info, nullptr) << name;
    const auto expected = sample.at("values").get<std::vector<float>>();
    const auto blocks = bytes_of(sample.at("blocks").get<std::string>());
    std::vector<float> values(blocks.size() / info->block_bytes * info->block_values);
    dequantize(info->dtype, blocks, values);
    ASSERT_EQ(values.size(), expected.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      ASSERT_EQ(values[i], expected[i]) << name << " value " << i;
    }
  }
}

TEST(Formats, QuantizeAsGgml) {
  const auto golden = golden_json("formats.json").at("quantize");
  const auto values = golden.at("values").get<std::vector<float>>();
  EXPECT_EQ(golden.at("blocks").size(), 8u);
  for (const auto& [name, hex] : golden.at("blocks").items()) {
    const DTypeInfo* info = find_dtype(name);
    ASSERT_NE(info, nullptr) << name;
    std::vector<std::byte> blocks(values.size() / info->block_values * info->block_bytes);
    quantize(info->dtype, values, blocks);
    const auto expected = bytes_of(hex.get<std::string>());
    ASSERT_EQ(blocks.size(), expected.size());
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      ASSERT_EQ(blocks[i], expected[i])
          << name << " block " << i / info->block_bytes << " byte " << i % info->block_bytes;
    }
  }
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "kernels/kv_page.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <vector>

#include "tensor/half.h"

namespace hearth {
namespace {

constexpr int32_t kHead = 48;
constexpr int32_t kPositions = 64;
constexpr KvType kTypes[] = {KvType::kInt16, KvType::kInt8, KvType::kF32};

KvPage page_of(KvType type) { return {.type = type, .positions = kPositions, .head_size = kHead}; }

TEST(KvPage, BytesAreHalfAsMany) {
  const KvPage words = {.type = KvType::kInt16, .positions = 64, .head_size = 64};
  const KvPage bytes = {.type = KvType::kInt8, .positions = 64, .head_size = 64};
  EXPECT_EQ(words.bytes(), 64 * 64 * 2 + 64 * 2);
  EXPECT_EQ(bytes.bytes(), 64 * 64 + 64 * 2);
}

TEST(KvPage, EveryElementHasAPlaceOfItsOwn) {
  for (const KvType type : kTypes) {
    const KvPage page = page_of(type);
    std::set<std::size_t> keys, values;
    for (int32_t position = 0; position < kPositions; ++position) {
      for (int32_t i = 0; i < kHead; ++i) {
        keys.insert(page.key_element(position, i));
        values.insert(page.value_element(position, i));
      }
    }
    for (const auto& places : {keys, values}) {
      EXPECT_EQ(places.size(), std::size_t{kPositions} * kHead);
      for (const std::size_t place : places) {
        EXPECT_EQ(place % page.element_bytes(), 0u);
        EXPECT_LE(place + page.element_bytes(), page.scale(0));
      }
    }
  }
}

// What a position's store writes is where the layout says, and nothing else.
TEST(KvPage, StoresOnePosition) {
  const KernelTable& kernels = kernels_for(Isa::kScalar);
  std::vector<float> head(kHead);
  for (int32_t i = 0; i < kHead; ++i)
    head[static_cast<std::size_t>(i)] = 1.0f + static_cast<float>(i);
  for (const KvType type : kTypes) {
    const KvPage page = page_of(type);
    for (const bool is_key : {true, false}) {
      for (const int32_t position : {0, 1, 17, 63}) {
        std::vector<std::byte> bytes(page.bytes());
        if (is_key) {
          page.store_key(kernels, head.data(), position, bytes.data());
        } else {
          page.store_value(kernels, head.data(), position, bytes.data());
        }
        float scale = 1.0f;
        if (type != KvType::kF32) {
          uint16_t bits;
          std::memcpy(&bits, bytes.data() + page.scale(position), sizeof bits);
          std::memset(bytes.data() + page.scale(position), 0, sizeof bits);
          scale = bfloat_to_float(bits);
        }
        for (int32_t i = 0; i < kHead; ++i) {
          std::byte* at = bytes.data() + (is_key ? page.key_element(position, i)
                                                 : page.value_element(position, i));
          float value = 0.0f;
          if (type == KvType::kF32) std::memcpy(&value, at, sizeof value);
          int16_t word = 0;
          if (type == KvType::kInt16) std::memcpy(&word, at, sizeof word);
          if (type == KvType::kInt8) word = static_cast<int8_t>(*at);
          if (type != KvType::kF32) value = scale * static_cast<float>(word);
          EXPECT_NEAR(value, head[static_cast<std::size_t>(i)],
                      type == KvType::kF32 ? 0.0f : 0.501f * scale);
          std::memset(at, 0, page.element_bytes());
        }
        EXPECT_TRUE(std::all_of(bytes.begin(), bytes.end(),
                                [](std::byte byte) { return byte == std::byte{0}; }));
      }
    }
  }
}

}  // namespace
}  // namespace hearth

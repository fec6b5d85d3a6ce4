// SPDX-License-Identifier: Apache-2.0
// How keys and values lie in memory: by page, a run of positions of one KV head, in the order in
// which attention multiplies them. See docs/decisions/0024-kv-cache-integers.md for the types.
//
// Threading: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace hearth {

enum class KvType {  // saved sessions hold the numbers
  kInt16,            // 13 bits, kKvCodesMax, and a bfloat16 scale for each position
  kInt8,             // 8 bits and the same scale: half the memory
  kF32,              // for the float path
};

// A page of the keys, or of the values, of one head: elements, then of the integer types scales
// [positions]. Elements of keys: [positions / 16][head_size][16], of the integer types
// [positions / 16][head_size / 2][16][2]; of values: [positions][head_size], of the integer types
// [positions / 2][head_size][2].
struct KvPage {
  KvType type;
  int32_t positions;  // a multiple of kKeyBlock
  int32_t head_size;  // a multiple of 16

  std::size_t element_bytes() const;
  std::size_t bytes() const;
  // Where element `i` of a position begins, in bytes.
  std::size_t key_element(int32_t position, int32_t i) const;
  std::size_t value_element(int32_t position, int32_t i) const;
  std::size_t scale(int32_t position) const;  // there is none of kF32
  // Rounds one position's key, or value, `head` [head_size], and puts it into the page.
  void store_key(const KernelTable& kernels, const float* head, int32_t position,
                 std::byte* page) const;
  void store_value(const KernelTable& kernels, const float* head, int32_t position,
                   std::byte* page) const;
};

// What attends to pages of a type.
void attend(const KernelTable& kernels, KvType type, const AttentionArgs& args);

}  // namespace hearth

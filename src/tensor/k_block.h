// SPDX-License-Identifier: Apache-2.0
// One superblock of a K-quant taken apart and put together: the only place that knows where these
// types keep which bit. Dequantizing, packing and quantizing work on the parts. Layouts as ggml
// stores them (docs/formats/blocks.md).
#pragma once

#include <cstddef>
#include <cstdint>

#include "tensor/dtype.h"

namespace hearth {

inline constexpr int32_t kSuperblock = 256;

// What a type's superblock consists of. Value i is
//   scale * scales[g] * (codes[i] - zero) - min * mins[g],   g = i / group_values.
struct KFormat {
  int32_t group_values;  // 16 or 32: values that share scales[g] and mins[g]
  int32_t code_max;      // codes are 0..code_max
  int32_t zero;
  int32_t scale_min;  // scales[g] are within scale_min..scale_max
  int32_t scale_max;
  int32_t min_max;  // mins[g] are 0..min_max; 0: the type has none
};

struct KBlock {
  uint16_t scale;     // f16
  uint16_t min;       // f16; 0 where the type has none
  int8_t scales[16];  // [256 / group_values]
  uint8_t mins[16];   // [256 / group_values]
  uint8_t codes[256];
};

// Whether `dtype` is one of Q2_K, Q3_K, Q4_K, Q5_K, Q6_K; the following take only these (checked).
bool is_k_type(DType dtype);
const KFormat& k_format(DType dtype);

// Reads the dtype_info(dtype).block_bytes at `block`.
KBlock read_k_block(DType dtype, const std::byte* block);
// Writes them, all bits. The parts are within what k_format() says.
void write_k_block(DType dtype, const KBlock& parts, std::byte* block);

}  // namespace hearth

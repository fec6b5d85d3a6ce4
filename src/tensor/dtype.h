// SPDX-License-Identifier: Apache-2.0
// The element types that GGUF files store tensors in, with their block geometry. Values are GGUF's
// own type ids (ggml's `ggml_type`), so that a file's id is a DType once find_dtype() knows it.
#pragma once

#include <cstdint>
#include <string_view>

namespace hearth {

enum class DType : uint32_t {
  kF32 = 0,
  kF16 = 1,
  kQ4_0 = 2,
  kQ4_1 = 3,
  kQ5_0 = 6,
  kQ5_1 = 7,
  kQ8_0 = 8,
  kQ2_K = 10,
  kQ3_K = 11,
  kQ4_K = 12,
  kQ5_K = 13,
  kQ6_K = 14,
  kIQ4_NL = 20,
  kBF16 = 30,
  kMXFP4 = 39,
};

struct DTypeInfo {
  DType dtype;
  std::string_view name;
  uint32_t block_values;  // values in a block; a row is a whole number of blocks
  uint32_t block_bytes;   // bytes of a block
};

// What is known of a GGUF type id, or nullptr. The object is static.
const DTypeInfo* find_dtype(uint32_t gguf_type_id);
// By its name: "Q4_K".
const DTypeInfo* find_dtype(std::string_view name);

// As above for a DType, which always is known.
const DTypeInfo& dtype_info(DType dtype);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Block formats to float, the reference that every kernel is held against. Layouts as ggml stores
// them (docs/formats/blocks.md): little-endian, a block's scales before its codes.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace hearth {

// Writes out[i], i in [0, out.size()), from the blocks at `row`. out.size() is a multiple of the
// type's block_values, and row.size() is the matching number of bytes (checked).
void dequantize(DType dtype, std::span<const std::byte> row, std::span<float> out);

}  // namespace hearth

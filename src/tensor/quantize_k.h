// SPDX-License-Identifier: Apache-2.0
// quantize() for one superblock of a K type.
#pragma once

#include <cstddef>

#include "tensor/dtype.h"

namespace hearth {

// 256 values at `x` to one block at `out`.
void quantize_k_block(DType dtype, const float* x, std::byte* out);

}  // namespace hearth

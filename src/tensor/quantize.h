// SPDX-License-Identifier: Apache-2.0
// Floats to block formats: the inverse of dequantize(), without knowledge of the model (calibrated
// quantizers are another matter). Rounding to nearest as ggml's reference functions define it for
// F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0 and MXFP4; for IQ4_NL and the K types, scales by weighted
// least squares (docs/decisions/0011-reference-quantizers.md). The same bytes on every machine.
#pragma once

#include <cstddef>
#include <span>

#include "tensor/dtype.h"

namespace hearth {

// Writes `out` from the values of `row`, which are finite. row.size() is a multiple of the type's
// block_values, and out.size() is the matching number of bytes (checked).
void quantize(DType dtype, std::span<const float> row, std::span<std::byte> out);

}  // namespace hearth

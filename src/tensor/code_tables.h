// SPDX-License-Identifier: Apache-2.0
// The 16 values that the codes of a table type stand for, before the block's scale.
#pragma once

#include <cstdint>

namespace hearth {

// IQ4_NL: levels that lie closer together around zero, as weights do (ggml's kvalues_iq4nl).
inline constexpr int8_t kTableIq4Nl[16] = {-127, -104, -83, -65, -49, -35, -22, -10,
                                           1,    13,   25,  38,  53,  69,  89,  113};

// MXFP4: E2M1 floats (OCP Microscaling Formats 1.0, table 5), doubled so that they are integers.
inline constexpr int8_t kTableMxfp4[16] = {0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

}  // namespace hearth

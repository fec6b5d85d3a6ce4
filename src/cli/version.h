// SPDX-License-Identifier: Apache-2.0
// Which hearth this is.
#pragma once

#include "cli/output.h"

namespace hearth {

// "hearth 0.1.0 (avx512)", or {"version", "isa"}.
void print_version(Output& out, bool json);

}  // namespace hearth

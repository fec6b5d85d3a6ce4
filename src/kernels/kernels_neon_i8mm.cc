// SPDX-License-Identifier: Apache-2.0
// The kernel table of the neon_i8mm instruction set: its primitives under the loops that all share.
#if defined(__aarch64__)
#include "kernels/vector_neon.h"
// loops.h needs the primitives above it.
#include "kernels/loops.h"

namespace hearth {

extern const KernelTable kKernelsNeonI8mm;
constinit const KernelTable kKernelsNeonI8mm = make_table(Isa::kNeonI8mm);

}  // namespace hearth
#endif

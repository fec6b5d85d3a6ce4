// SPDX-License-Identifier: Apache-2.0
// The kernel table of the avx2 instruction set: its primitives under the loops that all share.
#if defined(__x86_64__)
#include "kernels/vector_avx2.h"
// loops.h needs the primitives above it.
#include "kernels/loops.h"

namespace hearth {

extern const KernelTable kKernelsAvx2;
constinit const KernelTable kKernelsAvx2 = make_table(Isa::kAvx2);

}  // namespace hearth
#endif

// SPDX-License-Identifier: Apache-2.0
// The kernel table of the avx512 instruction set: its primitives under the loops that all share.
#if defined(__x86_64__)
#include "kernels/vector_avx512.h"
// loops.h needs the primitives above it.
#include "kernels/loops.h"

namespace hearth {

extern const KernelTable kKernelsAvx512;
constinit const KernelTable kKernelsAvx512 = make_table(Isa::kAvx512);

}  // namespace hearth
#endif

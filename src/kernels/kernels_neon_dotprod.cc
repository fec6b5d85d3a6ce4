// SPDX-License-Identifier: Apache-2.0
// The kernel table of the neon_dotprod instruction set: its primitives under the loops that all
// share.
#if defined(__aarch64__)
#include "kernels/vector_neon.h"
// loops.h needs the primitives above it.
#include "kernels/loops.h"

namespace hearth {

extern const KernelTable kKernelsNeonDotprod;
constinit const KernelTable kKernelsNeonDotprod = make_table(Isa::kNeonDotprod);

}  // namespace hearth
#endif

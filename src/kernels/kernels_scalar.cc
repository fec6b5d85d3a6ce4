// SPDX-License-Identifier: Apache-2.0
// The kernel table of the scalar instruction set: its primitives under the loops that all share.
#include "kernels/vector_scalar.h"
// loops.h needs the primitives above it.
#include "kernels/loops.h"

namespace hearth {

extern const KernelTable kKernelsScalar;
constinit const KernelTable kKernelsScalar = make_table(Isa::kScalar);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// A checkpoint's tensors as those of a GGUF file, by the rules of its architecture. Internal to the
// folder.
#pragma once

#include <optional>

#include "base/result.h"
#include "convert/architecture.h"
#include "convert/checkpoint.h"
#include "format/gguf_writer.h"
#include "tensor/dtype.h"

namespace hearth {

// Adds all tensors to the writer, in the order of the rules, layer by layer; their data is made
// when the writer asks for it, out of `checkpoint`, which must live until then. Errors: kCorrupt (a
// tensor that a rule asks for is absent), kUnsupported (a tensor that no rule names, or of a type
// or rank that has no place: named), kUsage (rows that the type cannot hold).
Result<void> add_tensors(const Checkpoint& checkpoint, const ModelMapping& mapping,
                         std::optional<DType> matrix_type, GgufWriter& writer);

}  // namespace hearth

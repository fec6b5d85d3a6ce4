// SPDX-License-Identifier: Apache-2.0
// What sentence-transformers says beside a checkpoint about how token vectors become one vector.
// Internal to the folder.
#pragma once

#include <string_view>

#include "base/result.h"
#include "convert/checkpoint.h"
#include "format/gguf_writer.h"

namespace hearth {

// Adds "<architecture>.pooling_type" where modules.json names a way of pooling. Errors: kCorrupt
// (a file is malformed), kUnsupported (another way of pooling, or a module that computes with the
// vector: named).
Result<void> add_pooling(const Checkpoint& checkpoint, std::string_view architecture,
                         GgufWriter& writer);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Embeddings: one vector for a text, from the hidden states behind a model's last layer. Sources:
// pooling as in Reimers and Gurevych 2019 (sentence-transformers).
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/gguf.h"
#include "model/adapter.h"

namespace hearth {

// How the vectors of the tokens become one. Special tokens that the model puts around a text count
// like any other.
enum class Pooling {
  kMean,  // their mean
  kCls,   // that of the first
  kLast,  // that of the last
};
// "mean", "cls", "last".
std::string_view pooling_name(Pooling pooling);
// Nothing where there is none of that name.
std::optional<Pooling> parse_pooling(std::string_view name);

enum class VectorLength {
  kOne,  // divided by their Euclidean length: a dot product is a cosine
  kOwn,  // as the model gives them
};

struct EmbedOptions {
  std::optional<Pooling> pooling = {};  // what the model says where absent, else the mean
  VectorLength length = VectorLength::kOne;
  std::vector<AdapterUse> adapters = {};  // at most kAdapterUsesMax
};

struct Embedding {
  std::vector<float> values;  // [embedding]
  int32_t tokens = 0;         // of the text, with those that the model puts around it
};

// What "<architecture>.pooling_type" says; nothing where the file says nothing. Errors: kCorrupt
// (of another type), kUnsupported (a way of pooling that is not listed above: named).
Result<std::optional<Pooling>> read_pooling(const GgufFile& gguf);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What each architecture is called in a checkpoint and in a GGUF file: tensors by patterns,
// hyperparameters by a function. A further one is a row of the table in architecture.cc. Internal
// to the folder. Sources: the models' code in `transformers` for the one side, the constants of
// ggml's Python package `gguf` for the other.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "convert/json_file.h"
#include "format/gguf_writer.h"

namespace hearth {

// In which order rows are written. GGUF's llama pairs a head's values (0,1) (2,3) ... for rotary
// embedding where the checkpoint pairs (0,d/2) (1,d/2+1) ...: rows of queries and keys change
// places.
enum class RowOrder { kKept, kQueryPairs, kKeyPairs };

// What a two-dimensional tensor is stored as. Those of one dimension are always F32.
enum class Precision2d { kAsked, kF32 };

enum class TensorPresence { kRequired, kOptional };

// '#' stands for a layer's number. Names of the checkpoint are without the architecture's prefix.
struct TensorRule {
  std::string_view from;
  std::string_view to;
  TensorPresence presence = TensorPresence::kRequired;
  Precision2d precision = Precision2d::kAsked;
  RowOrder order = RowOrder::kKept;
};

enum class VocabularyKind { kWordPiece, kByteLevelBpe };

struct ModelMapping {
  std::string_view model_type;  // of config.json
  std::string_view name;        // general.architecture
  std::string_view prefix;      // may stand in front of a tensor's name
  std::span<const TensorRule> rules;
  std::span<const TensorRule> own_rules;       // beside those that it shares with others
  std::span<const std::string_view> left_out;  // beginnings of the names of tensors of no use
  VocabularyKind vocabulary;
  // Adds what config.json says as metadata. Errors: kCorrupt (a member absent or out of range),
  // kUnsupported (a setting that would change the numbers and that hearth does not know): named.
  Result<void> (*add_parameters)(const JsonFile& config, GgufWriter& writer);
};

// Errors: kUnsupported (model_type: named, with what is supported), kCorrupt (there is none).
Result<const ModelMapping*> find_mapping(const JsonFile& config);

}  // namespace hearth

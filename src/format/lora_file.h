// SPDX-License-Identifier: Apache-2.0
// The matrices of a LoRA adapter (Hu et al. 2021), out of a GGUF file or a PEFT folder's
// safetensors: each linear module that it adapts has a pair of them, A [rank][inputs] and
// B [outputs][rank], which add B A x to what the module makes of x. Whether a model has such
// modules is not known here.
//
// Ownership: a LoraFile borrows the file that it was read from, and the bytes of that. Threading:
// immutable after read().
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/gguf.h"
#include "format/peft_config.h"
#include "format/safetensors.h"
#include "tensor/dtype.h"

namespace hearth {

inline constexpr int32_t kLoraSideMax = 1 << 20;  // inputs or outputs of a module

struct LoraMatrix {
  std::string_view tensor;  // its name in the file
  DType dtype = DType::kF32;
  int32_t rows = 0;
  int32_t columns = 0;
  std::span<const std::byte> data;  // `rows` rows of whole blocks

  // [rows][columns]. Errors: kCorrupt (a value that is no finite number).
  Result<std::vector<float>> values() const;
};

struct LoraPair {
  std::string_view module;  // as the file calls it: "blk.0.attn_q.weight", "layers.0.mlp.up_proj"
  LoraMatrix a;             // [rank][inputs]
  LoraMatrix b;             // [outputs][rank]

  int32_t rank() const { return a.rows; }  // 1..kLoraRankMax
};

// Whose names modules have, and whose order the rows of queries and keys.
enum class LoraNames { kGguf, kCheckpoint };

struct LoraFile {
  std::string name;  // what errors call it; printable
  LoraNames names = LoraNames::kGguf;
  std::string architecture;     // of a GGUF file: general.architecture
  std::optional<double> alpha;  // of a GGUF file, not 0: B A x times alpha / rank, else times 1
  std::vector<LoraPair> pairs;  // by name of the module; at least one

  // Errors of both: kCorrupt (half of a pair is missing, shapes that do not fit each other, no
  // matrices at all: named), kUnsupported (no LoRA, tensors of other parts of PEFT or other types:
  // named), and of a GGUF file kUsage (no adapter, but a model).
  static Result<LoraFile> read(const GgufFile& gguf);
  static Result<LoraFile> read(const SafetensorsFile& safetensors);
};

}  // namespace hearth

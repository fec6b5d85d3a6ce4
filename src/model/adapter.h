// SPDX-License-Identifier: Apache-2.0
// LoRA adapters (Hu et al. 2021): matrices of low rank that change what a model's linear modules
// compute, from y = W x to y + scale * alpha / rank * B (A x). The model's own weights stay as they
// are, so that texts with different adapters share a pass (docs/decisions/0034-adapters.md).
//
// Ownership: shared by pointer; whoever computes with one holds it. Threading: immutable.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "format/adapter_paths.h"
#include "kernels/low_rank.h"
#include "model/model.h"
#include "tensor/buffer.h"

namespace hearth {

// What an adapter adds to one of the model's matrices: B times those of the products with A that
// begin at `first`. `expand` is empty where it adds nothing.
struct AdapterTarget {
  int32_t first = 0;
  ExpandMatrix expand;
};

// By the inputs that they share: all A of a layer's matrices with the same inputs lie below each
// other, empty where nothing is added to any; then each one's B.
struct AdapterLayer {
  ShrinkMatrix attention_in;
  AdapterTarget query, key, value;
  ShrinkMatrix attention_out_in;
  AdapterTarget attention_out;
  ShrinkMatrix mlp_in;
  AdapterTarget gate, up;
  ShrinkMatrix down_in;
  AdapterTarget down;
};

class Adapter {
 public:
  // All of it is copied, rounded to bytes unless the model computes in float. Errors: those of
  // read_file(), PeftConfig::parse, SafetensorsFile::parse, GgufFile::parse and LoraFile::read;
  // kNotFound (a folder without adapter), kUsage (made for another model: names the module and both
  // shapes, or both architectures), kUnsupported (a module that hearth does not adapt: named),
  // kUnavailable (memory).
  static Result<std::shared_ptr<const Adapter>> load(const AdapterPaths& paths, const Model& model);

  // No two adapters of a process have the same.
  uint64_t version() const { return version_; }
  // Model::version() of what it was loaded for.
  uint64_t model_version() const { return model_version_; }
  uint64_t bytes() const { return memory_.size(); }
  // The largest rank, and the modules that it adapts.
  int32_t rank() const { return rank_; }
  int32_t modules() const { return modules_; }

  std::span<const AdapterLayer> layers() const { return layers_; }
  // The most rows of a ShrinkMatrix, in whole blocks.
  int32_t shrink_rows_max() const { return shrink_rows_max_; }
  bool adapts_down() const { return adapts_down_; }

 private:
  friend class AdapterBuilder;
  Adapter() = default;

  uint64_t version_ = 0;
  uint64_t model_version_ = 0;
  int32_t rank_ = 0;
  int32_t modules_ = 0;
  int32_t shrink_rows_max_ = 0;
  bool adapts_down_ = false;
  std::vector<AdapterLayer> layers_;  // the model's
  Buffer memory_;                     // that all matrices lie in
};

// An adapter as a text uses it; more of `scale` changes more.
struct AdapterUse {
  std::shared_ptr<const Adapter> adapter;
  float scale = 1.0f;
};

inline constexpr std::size_t kAdapterUsesMax = 4;  // of one text

// What tells the keys and values that were computed with some adapters from those of others:
// versions and scales in their order.
struct AdapterKey {
  struct Entry {
    uint64_t version = 0;  // 0: none
    uint32_t scale_bits = 0;
    bool operator==(const Entry&) const = default;
  };
  std::array<Entry, kAdapterUsesMax> entries = {};

  // Of at most kAdapterUsesMax (checked).
  static AdapterKey of(std::span<const AdapterUse> uses);
  bool operator==(const AdapterKey&) const = default;
};

// Whether a text may be computed with these. Errors: kUsage (more than kAdapterUsesMax, none behind
// a pointer, loaded for another model, a scale that is not finite).
Result<void> check_adapters(const Model& model, std::span<const AdapterUse> uses);

}  // namespace hearth

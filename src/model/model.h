// SPDX-License-Identifier: Apache-2.0
// A model's weights, packed for one instruction set, and the description that the forward pass
// follows.
//
// Ownership: std::shared_ptr<const Model>; sessions share it. Threading: immutable after load().
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "format/mapped_gguf.h"
#include "kernels/isa.h"
#include "kernels/kernels.h"
#include "kernels/kv_page.h"
#include "model/config.h"
#include "model/weights.h"

namespace hearth {

// How a model computes.
struct Arithmetic {
  Isa isa;
  Numerics numerics;
  KvType kv_type;     // kF32 with Numerics::kFloat and only then
  bool exact = true;  // the same bits in any company: prompts do without tiles of bfloat16
};

constexpr KvType default_kv_type(Numerics numerics) {
  return numerics == Numerics::kFloat ? KvType::kF32 : KvType::kInt16;
}

class Model {
 public:
  // Packs the weights of `file` on all threads of `pool`, or takes those that were kept in
  // `folder`; see Weights::load(). Errors: kCorrupt (missing tensor, wrong shape, absent metadata:
  // named), kUnsupported (architecture or tensor type: named, with what is supported), kUnavailable
  // (memory).
  static Result<std::shared_ptr<const Model>> load(const MappedGguf& file, Arithmetic arithmetic,
                                                   ThreadPool& pool,
                                                   const std::filesystem::path& folder = {});

  const ModelConfig& config() const { return config_; }
  const Weights& weights() const { return weights_; }
  const KernelTable& kernels() const { return *kernels_; }
  Isa isa() const { return arithmetic_.isa; }
  Numerics numerics() const { return arithmetic_.numerics; }
  KvType kv_type() const { return arithmetic_.kv_type; }
  bool is_exact() const { return arithmetic_.exact; }
  // Whether passes of many tokens multiply tiles of bfloat16, which round otherwise than few do.
  bool has_tiles() const {
    return kernels_->has_tiles() && !arithmetic_.exact && numerics() == Numerics::kFast;
  }
  // Bytes that one decoded token reads: what decode speed is bounded by.
  std::size_t weight_bytes() const { return weights_.bytes; }
  // No two models of a process have the same: what an adapter was loaded for.
  uint64_t version() const { return version_; }

 private:
  ModelConfig config_;
  Weights weights_;
  const KernelTable* kernels_ = nullptr;
  Arithmetic arithmetic_ = {};
  uint64_t version_ = 0;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// The forward pass: straight-line transformer code over the kernel table, five barriers a layer.
//
// The result does not depend on how it was computed: the same logits, bit for bit, for any number
// of threads, any split of a prompt into chunks and any reuse of a cached prefix (docs/decisions:
// same answer).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/result.h"
#include "base/thread_pool.h"
#include "model/kv_cache.h"
#include "model/model.h"

namespace hearth {

// Which positions of a chunk get logits.
enum class LogitRows { kNone, kLast, kAll };

// Tokens that one call may take; longer prompts are fed in chunks.
inline constexpr int32_t kForwardTokensMax = 128;

// Scratch memory for forward passes of up to kForwardTokensMax tokens over a context of up to
// `context` tokens. One caller at a time.
class Workspace {
 public:
  // Errors: kUnavailable (memory).
  static Result<Workspace> create(const Model& model, int32_t thread_count, int32_t context);
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  ~Workspace();

  struct Memory;
  Memory& memory() const { return *memory_; }

 private:
  explicit Workspace(std::unique_ptr<Memory> memory);
  std::unique_ptr<Memory> memory_;
};

// Appends `tokens` (1..kForwardTokensMax ids inside the vocabulary, checked) to `sequence` and
// writes logits: [1][vocabulary] for kLast, [tokens][vocabulary] for kAll; `logits` has exactly
// that size, or is empty for kNone. Errors: kUnavailable (KV pool full).
Result<void> forward(const Model& model, ThreadPool& pool, Workspace& workspace,
                     KvSequence& sequence, std::span<const int32_t> tokens, LogitRows rows,
                     std::span<float> logits);

}  // namespace hearth

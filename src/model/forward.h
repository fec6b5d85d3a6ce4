// SPDX-License-Identifier: Apache-2.0
// The forward pass: straight-line transformer code over the kernel table, five barriers a layer.
// One pass serves every architecture (docs/decisions/0012-one-forward-pass.md).
//
// The result does not depend on how it was computed: the same logits, bit for bit, for any number
// of threads, any split of a prompt into chunks, any reuse of a cached prefix and any company in a
// pass (docs/decisions/0006-same-answer.md).
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "base/interruption.h"
#include "base/result.h"
#include "base/thread_pool.h"
#include "model/adapter.h"
#include "model/kv_cache.h"
#include "model/model.h"
#include "model/operations.h"

namespace hearth {

// Which tokens of a part get logits.
enum class LogitRows { kNone, kLast, kAll };

// Tokens that one call takes, of all parts together; longer prompts are fed in chunks.
inline constexpr int32_t kForwardTokensMax = 128;

// What one pass appends to one sequence: a token that was drawn, a chunk of a prompt.
struct BatchPart {
  KvSequence& sequence;
  std::span<const int32_t> tokens;  // at least one, ids inside the vocabulary
  LogitRows rows;
  // What applies to these tokens, as it did to those before them; see check_adapters().
  std::span<const AdapterUse> adapters = {};

  int32_t count() const { return static_cast<int32_t>(tokens.size()); }
  int32_t logit_rows() const {
    return rows == LogitRows::kNone ? 0 : rows == LogitRows::kLast ? 1 : count();
  }
};

// Scratch memory for forward passes over a context of up to `context` tokens. One caller at a time.
// Of a model with LongRoPE the context also decides which factors it takes; sequences must not
// move between workspaces that decide differently.
class Workspace {
 public:
  // Errors: kUnavailable (memory), kUsage (a context that is not positive or, of a bidirectional
  // model, longer than the model's).
  static Result<Workspace> create(const Model& model, int32_t thread_count, int32_t context);
  Workspace(Workspace&&) noexcept;
  Workspace& operator=(Workspace&&) noexcept;
  ~Workspace();

  // Tokens of one pass: kForwardTokensMax or, of a bidirectional model, the whole context.
  int32_t tokens_max() const;

  // Whether passes measure what their operations take: two looks at the clock for each. Begins at
  // 0.
  void measure_operations(bool on);
  // All threads' together, since measuring was turned on.
  OperationTimes operation_times() const;

  struct Memory;
  Memory& memory() const { return *memory_; }

 private:
  explicit Workspace(std::unique_ptr<Memory> memory);
  std::unique_ptr<Memory> memory_;
};

// Where a pass writes logits: [logit rows][vocabulary] and, unless empty, what there is to say of
// each whole block of a row, [logit rows][vocabulary / kLogitBlock].
struct LogitsOut {
  std::span<float> logits;
  std::span<LogitBlock> blocks = {};
};

// Appends the tokens of each part (at least one part; no sequence in two of them; checked, as are
// ids and adapters) to its sequence and writes the logits that the parts ask for, in the parts'
// order; `out` has exactly their size. All sequences are appended to or, on an error, none.
// `interruption` is looked at before each layer. Errors: kUsage (more than the workspace's
// tokens_max(): both numbers), kUnavailable (KV pool full; memory for adapters), kUnsupported (the
// model has no output head), kCancelled and kDeadline.
Result<void> forward(const Model& model, ThreadPool& pool, Workspace& workspace,
                     std::span<const BatchPart> parts, LogitsOut out,
                     const Interruption& interruption = {});

// The same for one sequence.
Result<void> forward(const Model& model, ThreadPool& pool, Workspace& workspace,
                     KvSequence& sequence, std::span<const int32_t> tokens, LogitRows rows,
                     std::span<float> logits);

// The hidden states of `tokens` (at least one, ids inside the vocabulary, checked), a text of its
// own, after the last layer and the final norm: writes `hidden` [tokens][embedding], which has
// exactly that size. `sequence` is empty before (checked) and holds the tokens after; truncate it
// before the next text. A causal model takes any number; a bidirectional one sees the whole text
// at once, at most workspace.tokens_max(). Errors: kUsage (more than that: both numbers),
// kUnavailable (KV pool full; memory for adapters).
Result<void> encode(const Model& model, ThreadPool& pool, Workspace& workspace,
                    KvSequence& sequence, std::span<const int32_t> tokens, std::span<float> hidden,
                    std::span<const AdapterUse> adapters = {});

}  // namespace hearth

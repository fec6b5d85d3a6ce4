// SPDX-License-Identifier: Apache-2.0
// One forward pass, in the terms of forward.cc, which has its course, forward_attention.cc and
// forward_adapters.cc.
//
// Ownership: borrows everything, for the time of one call. Threading: run() is called by every
// thread of the pool; whatever it calls is given its thread's number.
#pragma once

#include <cstdint>
#include <span>

#include "base/thread_pool.h"
#include "model/forward.h"
#include "model/operations.h"
#include "model/workspace.h"

namespace hearth {

// How each input is rounded. A second byte where it buys most accuracy for its cost: behind the
// norms it is a few groups of columns whose values are large, and the head multiplies few rows
// (docs/decisions/0004-activation-precision.md has the measurements).
struct Precisions {
  Rounding attention_in = {Precision::kInt16, 0.5f};
  Rounding attention_out = {Precision::kInt8};
  Rounding mlp_in = {Precision::kInt16, 0.9f};
  Rounding down = {Precision::kInt8};  // as each group is computed, which allows of no other
  Rounding head = {.precision = Precision::kInt16, .never_tiles = true};
};

// What a pass writes of the tokens read, beside keys and values: logits or hidden states.
struct PassOutput {
  LogitsOut logits = {};         // of the tokens read
  std::span<float> hidden = {};  // [tokens read][embedding], or empty: not asked for
};

// Rows [first, first + width) of gate and up, as one thread has them of `count` tokens: both
// [count][width]. The activation's result takes the place of `up`.
struct GateBlock {
  int32_t first;
  int32_t width;
  int32_t count;
  float* gate;
  float* up;
};

enum class KvPart { kKeys, kValues };

class Pass {
 public:
  // Of the batch that was laid out in `memory`.
  Pass(const Model& model, ThreadPool& pool, Workspace::Memory& memory, PassOutput output,
       const Interruption& interruption);

  void run(int thread) const;

 private:
  // What ends here took the time since the last lap; nothing is done unless somebody measures.
  void lap(Operation operation, int thread) const;
  // The end of `operation`, at a barrier.
  void meet_after(Operation operation, int thread) const;
  // Before the last barrier of a layer; behind it all threads read the same answer in
  // memory_.interrupted, and it changes only behind the next layer's barriers.
  void look_for_interruption(int thread) const;

  // forward.cc: what is done to all tokens alike.
  void embed(int thread) const;
  void enter(const BatchToken& token, float* row, int thread) const;
  Rows rows_after(int32_t layer) const;
  void project_attention(const LayerWeights& layer, int32_t index, Rows rows, int thread) const;
  void gate_and_up(const LayerWeights& layer, int32_t index, Rows rows, int thread) const;
  void activate(const LayerWeights& layer, const GateBlock& block) const;
  Activations hidden_inputs(const LayerWeights& layer, int32_t count) const;
  void keep_hidden(const LayerWeights& layer, const GateBlock& block) const;
  void project_down(const LayerWeights& layer, int32_t index, Rows rows, int thread) const;
  void project_head(const NormWeights* waiting, int thread) const;
  void write_hidden(const NormWeights* waiting, int thread) const;

  const float* join(int32_t token, bool by_itself, bool was_by_itself, const NormWeights* waiting,
                    int thread) const;
  void normalise(const float* in, const NormWeights& norm, float* out) const;
  Activations prepare_residual(Rows rows, Rows before, const NormWeights* waiting,
                               const NormWeights& norm, Rounding rounding, int thread) const;
  template <typename Fill>
  Activations prepare(const float* values, int32_t count, int32_t columns, Rounding rounding,
                      int thread, Fill fill) const;
  Rounding rounding_for(Rounding rounding, int32_t count) const;
  template <typename Row>
  void each_row(int32_t count, int thread, Row row) const;
  void multiply(const PanelMatrix& weights, int32_t panel_begin, int32_t panel_end,
                const Activations& inputs, int32_t count, float* out, int32_t out_stride,
                Epilogue epilogue) const;
  void add_bias(std::span<const float> bias, int32_t first, int32_t width, int32_t count,
                float* out, int32_t stride) const;
  void finish_sublayer(const PanelMatrix& weights, std::span<const float> bias,
                       const Activations& inputs, Rows rows, int thread) const;

  // forward_attention.cc: queries, keys, values, and what tokens take from each other.
  void project_qkv(const LayerWeights& layer, int32_t index, Rows rows, const NormWeights* waiting,
                   int thread) const;
  void project_queries(const LayerWeights& layer, int32_t index, Rows heads,
                       const Activations& inputs, Rows rows) const;
  void project_kv(const LayerWeights& layer, int32_t index, KvPart part, Rows heads,
                  const Activations& inputs, int thread) const;
  void store_kv(int32_t layer, KvPart part, int32_t kv_head, const float* values,
                int32_t stride) const;
  void finish_heads(const NormWeights& norm, int32_t layer, Rows rows, float* heads,
                    int32_t stride) const;
  void rotate(int32_t layer, Rows rows, float* heads, int32_t stride) const;
  void attend(int32_t layer, Rows rows, int thread) const;
  const std::byte* split_keys(int32_t layer, int32_t kv_head, Rows block, int32_t split) const;
  void attend_block(int32_t layer, int32_t kv_head, Rows block, const std::byte* next,
                    int thread) const;
  void attend_split(int32_t layer, int32_t kv_head, Rows block, int32_t split,
                    const std::byte* next, float* partials, int thread) const;
  void take_attention(int32_t layer, int32_t token, float* out, int thread) const;
  int32_t sees_from(int32_t layer, int32_t token) const;
  int32_t first_split(int32_t layer, int32_t token) const;
  int32_t split_end(int32_t token) const;
  float* partial(int32_t token, int32_t split, int32_t head) const;

  // forward_adapters.cc: what is added to the products of tokens that have adapters.
  // The first two are called by all passes, and cost those without adapters a look at a flag.
  void shrink(ShrinkMatrix AdapterLayer::*matrix, int32_t layer, const float* inputs, Rows rows,
              int thread) const {
    if (adapts_) shrink_all(matrix, layer, inputs, rows, thread);
  }
  void expand(AdapterTarget AdapterLayer::*target, int32_t layer, Rows outputs, Rows rows,
              float* out, int32_t stride) const {
    if (adapts_) expand_all(target, layer, outputs, rows, out, stride);
  }
  void expand_sublayer(AdapterTarget AdapterLayer::*target, int32_t layer, Rows rows,
                       int thread) const;
  void keep_hidden_floats(const GateBlock& block) const;
  void expand_gate_and_up(int32_t layer, const GateBlock& block, Rows rows) const;
  void shrink_all(ShrinkMatrix AdapterLayer::*matrix, int32_t layer, const float* inputs, Rows rows,
                  int thread) const;
  void expand_all(AdapterTarget AdapterLayer::*target, int32_t layer, Rows outputs, Rows rows,
                  float* out, int32_t stride) const;
  float* shrunk(int32_t place) const;

  ThreadMemory& own(int thread) const { return memory_.threads[static_cast<std::size_t>(thread)]; }
  static std::size_t offset(int32_t row, int32_t columns) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns);
  }
  Rows all() const { return {0, token_count_}; }
  const BatchToken& token(int32_t index) const {
    return batch_.tokens()[static_cast<std::size_t>(index)];
  }

  const Model& model_;
  const ModelConfig& config_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  Workspace::Memory& memory_;
  const Batch& batch_;
  int32_t token_count_;
  PassOutput output_;
  const Interruption& interruption_;
  Precisions precisions_;
  int32_t tiles_from_;  // rows from which on tiles are multiplied
  bool joins_;          // config_.joins_by_norm_or_scale()
  bool adapts_;         // whether any token has adapters
};

}  // namespace hearth

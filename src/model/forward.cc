// SPDX-License-Identifier: Apache-2.0
#include "model/forward.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "model/workspace.h"

namespace hearth {
namespace {

// How each input is rounded. A second byte where it buys most accuracy for its cost: the
// projections to queries, keys and values are a sixth of a layer's multiplications, and the head
// multiplies few rows (docs/decisions/0004-activation-precision.md has the measurements).
struct Precisions {
  Precision attention_in = Precision::kInt16;
  Precision attention_out = Precision::kInt8;
  Precision mlp_in = Precision::kInt8;
  Precision down = Precision::kInt8;
  Precision head = Precision::kInt16;
};

constexpr Precisions kFloatPrecisions = {Precision::kFloat, Precision::kFloat, Precision::kFloat,
                                         Precision::kFloat, Precision::kFloat};

// One forward pass: run() is called by every thread of the pool.
class Pass {
 public:
  Pass(const Model& model, ThreadPool& pool, Workspace::Memory& memory, const KvSequence& sequence,
       std::span<const int32_t> tokens, LogitRows rows, std::span<float> logits)
      : model_(model),
        config_(model.config()),
        kernels_(model.kernels()),
        pool_(pool),
        memory_(memory),
        sequence_(sequence),
        tokens_(tokens),
        token_count_(static_cast<int32_t>(tokens.size())),
        rows_(rows),
        logits_(logits),
        precisions_(model.numerics() == Numerics::kFloat ? kFloatPrecisions : Precisions{}) {}

  void run(int thread) const {
    embed(thread);
    pool_.barrier();
    for (int32_t index = 0; index < config_.layers; ++index) {
      const LayerWeights& layer = model_.weights().layers[static_cast<std::size_t>(index)];
      project_qkv(layer, index, thread);
      pool_.barrier();
      attend(index, thread);
      pool_.barrier();
      project_attention(layer, thread);
      pool_.barrier();
      gate_and_up(layer, thread);
      pool_.barrier();
      project_down(layer, thread);
      pool_.barrier();
    }
    if (rows_ != LogitRows::kNone) project_head(thread);
  }

 private:
  ThreadMemory& own(int thread) const { return memory_.threads[static_cast<std::size_t>(thread)]; }
  static std::size_t offset(int32_t row, int32_t columns) {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(columns);
  }
  int32_t position(int32_t token) const { return sequence_.length() + token; }

  // residual [tokens][embedding] from the embedding table; cosines and sines of the tokens'
  // positions.
  void embed(int thread) const {
    const auto [begin, end] = split_range(token_count_, thread, pool_.size());
    for (auto t = static_cast<int32_t>(begin); t < end; ++t) {
      float* row = memory_.residual.data() + offset(t, config_.embedding);
      unpack_row(model_.weights().embedding, tokens_[static_cast<std::size_t>(t)],
                 {row, static_cast<std::size_t>(config_.embedding)});
      const int32_t pairs = config_.rope_values / 2;
      for (int32_t i = 0; i < pairs; ++i) {
        const double angle = position(t) * std::pow(static_cast<double>(config_.rope_base),
                                                    -2.0 * i / config_.rope_values);
        memory_.rope_cos[offset(t, pairs) + i] = static_cast<float>(std::cos(angle));
        memory_.rope_sin[offset(t, pairs) + i] = static_cast<float>(std::sin(angle));
      }
    }
  }

  // Inputs of a matmul from `in` [count][columns], normalised by `norm` unless that is empty. Few
  // rows: every thread rounds all of them for itself. Many: the threads share the work and meet.
  Activations prepare(const float* in, int32_t count, int32_t columns, std::span<const float> norm,
                      Precision precision, int thread) const {
    const bool by_itself = count <= kSelfPreparedTokens;
    float* normalised = by_itself ? own(thread).values.data() : memory_.normalised.data();
    ActivationMemory& rounded = by_itself ? own(thread).activations : memory_.activations;
    const Activations out = rounded.view(precision, norm.empty() ? in : normalised, columns);
    const auto [begin, end] = by_itself ? std::pair<int64_t, int64_t>(0, count)
                                        : split_range(count, thread, pool_.size());
    for (auto row = static_cast<int32_t>(begin); row < end; ++row) {
      if (!norm.empty()) {
        kernels_.rms_norm(in + offset(row, columns), norm.data(), columns, config_.norm_epsilon,
                          normalised + offset(row, columns));
      }
      kernels_.quantize(out, row);
    }
    if (!by_itself) pool_.barrier();
    return out;
  }

  void multiply(const PanelMatrix& weights, int32_t panel_begin, int32_t panel_end,
                const Activations& inputs, int32_t count, float* out, int32_t out_stride,
                Epilogue epilogue) const {
    if (panel_begin >= panel_end) return;
    kernels_.matmul({&weights, panel_begin, panel_end, &inputs, count, out,
                     static_cast<std::size_t>(out_stride), epilogue});
  }

  // Rotates the heads of all tokens; `heads` [tokens] rows of `stride` floats.
  void rotate(float* heads, int32_t stride) const {
    const int32_t pairs = config_.rope_values / 2;
    const bool adjacent = config_.rope_pairs == RopePairs::kAdjacent;
    for (int32_t t = 0; t < token_count_; ++t) {
      float* head = heads + offset(t, stride);
      const float* cosines = memory_.rope_cos.data() + offset(t, pairs);
      const float* sines = memory_.rope_sin.data() + offset(t, pairs);
      for (int32_t i = 0; i < pairs; ++i) {
        float& a = head[adjacent ? 2 * i : i];
        float& b = head[adjacent ? 2 * i + 1 : i + pairs];
        const float rotated = a * cosines[i] - b * sines[i];
        b = a * sines[i] + b * cosines[i];
        a = rotated;
      }
    }
  }

  // One head's keys of all tokens into the cache: [16-position block][head_size][16].
  void store_keys(int32_t layer, int32_t kv_head, int thread) const {
    for (int32_t t = 0; t < token_count_; ++t) {
      const float* head = own(thread).head.data() + offset(t, config_.head_size);
      const int32_t page = sequence_.pages()[static_cast<std::size_t>(position(t) / kKvPageTokens)];
      const int32_t in_page = position(t) % kKvPageTokens;
      const std::size_t first =
          offset(in_page / kKeyBlock * config_.head_size, kKeyBlock) + in_page % kKeyBlock;
      std::byte* keys = sequence_.pool().keys(page, layer, kv_head);
      if (sequence_.pool().type() == KvType::kF32) {
        auto* out = reinterpret_cast<float*>(keys) + first;
        for (int32_t i = 0; i < config_.head_size; ++i) out[i * kKeyBlock] = head[i];
      } else {
        kernels_.to_half(head, config_.head_size, own(thread).halves.data());
        auto* out = reinterpret_cast<uint16_t*>(keys) + first;
        for (int32_t i = 0; i < config_.head_size; ++i)
          out[i * kKeyBlock] = own(thread).halves[static_cast<std::size_t>(i)];
      }
    }
  }

  // One head's values of all tokens into the cache: [position][head_size].
  void store_values(int32_t layer, int32_t kv_head, int thread) const {
    for (int32_t t = 0; t < token_count_; ++t) {
      const float* head = own(thread).head.data() + offset(t, config_.head_size);
      const int32_t page = sequence_.pages()[static_cast<std::size_t>(position(t) / kKvPageTokens)];
      const std::size_t first = offset(position(t) % kKvPageTokens, config_.head_size);
      std::byte* values = sequence_.pool().values(page, layer, kv_head);
      if (sequence_.pool().type() == KvType::kF32) {
        std::memcpy(values + first * sizeof(float), head,
                    static_cast<std::size_t>(config_.head_size) * sizeof(float));
      } else {
        kernels_.to_half(head, config_.head_size, reinterpret_cast<uint16_t*>(values) + first);
      }
    }
  }

  // Queries, keys and values; a unit of work is a head, which one thread computes, rotates and
  // stores.
  void project_qkv(const LayerWeights& layer, int32_t index, int thread) const {
    const Activations inputs = prepare(memory_.residual.data(), token_count_, config_.embedding,
                                       layer.attention_norm, precisions_.attention_in, thread);
    const int32_t head_panels = config_.head_size / kPanelRows;
    const int32_t query_width = config_.heads * config_.head_size;
    const auto [begin, end] =
        split_range(config_.heads + 2 * config_.kv_heads, thread, pool_.size());
    for (auto unit = static_cast<int32_t>(begin); unit < end; ++unit) {
      if (unit < config_.heads) {
        float* queries = memory_.queries.data() + offset(unit, config_.head_size);
        multiply(layer.query, unit * head_panels, (unit + 1) * head_panels, inputs, token_count_,
                 queries, query_width, Epilogue::kStore);
        rotate(queries, query_width);
        continue;
      }
      const bool is_key = unit < config_.heads + config_.kv_heads;
      const int32_t kv_head = unit - config_.heads - (is_key ? 0 : config_.kv_heads);
      float* head = own(thread).head.data();
      multiply(is_key ? layer.key : layer.value, kv_head * head_panels, (kv_head + 1) * head_panels,
               inputs, token_count_, head, config_.head_size, Epilogue::kStore);
      if (is_key) {
        rotate(head, config_.head_size);
        store_keys(index, kv_head, thread);
      } else {
        store_values(index, kv_head, thread);
      }
    }
  }

  // The query rows of one KV head's group for `count` tokens from `token` on, against split
  // `split`.
  void attend_split(int32_t layer, int32_t kv_head, int32_t token, int32_t count, int32_t split,
                    float* partials, int thread) const {
    ThreadMemory& mine = own(thread);
    const int32_t group = config_.heads / config_.kv_heads;
    const int32_t first = split * kAttentionSplit;
    for (int32_t row = 0; row < count * group; ++row) {
      const int32_t t = token + row / group;
      const int32_t head = kv_head * group + row % group;
      mine.queries[static_cast<std::size_t>(row)] = memory_.queries.data() +
                                                    offset(t, config_.heads * config_.head_size) +
                                                    offset(head, config_.head_size);
      mine.visible[static_cast<std::size_t>(row)] =
          std::clamp(position(t) + 1 - first, 0, kAttentionSplit);
    }
    const std::byte* keys[kAttentionSplit / kKvPageTokens] = {};
    const std::byte* values[kAttentionSplit / kKvPageTokens] = {};
    const auto first_page = static_cast<std::size_t>(first / kKvPageTokens);
    for (std::size_t i = 0; i < std::size(keys) && first_page + i < sequence_.pages().size(); ++i) {
      keys[i] = sequence_.pool().keys(sequence_.pages()[first_page + i], layer, kv_head);
      values[i] = sequence_.pool().values(sequence_.pages()[first_page + i], layer, kv_head);
    }
    const AttentionArgs args = {.keys = keys,
                                .values = values,
                                .page_tokens = kKvPageTokens,
                                .head_size = config_.head_size,
                                .rows = count * group,
                                .queries = mine.queries.data(),
                                .visible = mine.visible.data(),
                                .scale = 1.0f / std::sqrt(static_cast<float>(config_.head_size)),
                                .scores = mine.scores.data(),
                                .partials = partials,
                                .partial_stride = static_cast<std::size_t>(memory_.partial_stride)};
    if (sequence_.pool().type() == KvType::kF32) {
      kernels_.attend_float(args);
    } else {
      kernels_.attend_half(args);
    }
  }

  // A single token: splits of the context are shared among threads and folded by who reads the
  // result. Several tokens: a unit of work is a KV head and a few tokens, with all their splits.
  void attend(int32_t layer, int thread) const {
    if (token_count_ == 1) {
      const int32_t group = config_.heads / config_.kv_heads;
      const int32_t units = splits_up_to(0) * config_.kv_heads;
      for (int32_t unit = thread; unit < units; unit += pool_.size()) {
        const int32_t split = unit / config_.kv_heads;
        const int32_t kv_head = unit % config_.kv_heads;
        attend_split(layer, kv_head, 0, 1, split, partial(split, kv_head * group), thread);
      }
      return;
    }
    const int32_t units =
        (token_count_ + kAttentionTokens - 1) / kAttentionTokens * config_.kv_heads;
    for (int32_t unit = thread; unit < units; unit += pool_.size()) {
      attend_tokens(layer, unit % config_.kv_heads, unit / config_.kv_heads * kAttentionTokens,
                    thread);
    }
  }

  void attend_tokens(int32_t layer, int32_t kv_head, int32_t token, int thread) const {
    ThreadMemory& mine = own(thread);
    const int32_t count = std::min(kAttentionTokens, token_count_ - token);
    const int32_t group = config_.heads / config_.kv_heads;
    for (int32_t split = 0; split < splits_up_to(token + count - 1); ++split) {
      attend_split(layer, kv_head, token, count, split,
                   split == 0 ? mine.folded.data() : mine.partials.data(), thread);
      for (int32_t row = 0; split > 0 && row < count * group; ++row) {
        kernels_.fold_partial(mine.folded.data() + offset(row, memory_.partial_stride),
                              mine.partials.data() + offset(row, memory_.partial_stride),
                              config_.head_size);
      }
    }
    for (int32_t row = 0; row < count * group; ++row) {
      const int32_t head = kv_head * group + row % group;
      kernels_.finish_partial(mine.folded.data() + offset(row, memory_.partial_stride),
                              config_.head_size,
                              memory_.attention.data() +
                                  offset(token + row / group, config_.heads * config_.head_size) +
                                  offset(head, config_.head_size));
    }
  }

  int32_t splits_up_to(int32_t token) const { return position(token) / kAttentionSplit + 1; }
  float* partial(int32_t split, int32_t head) const {
    return memory_.partials.data() + offset(split * config_.heads + head, memory_.partial_stride);
  }

  // The single token's attention [heads * head_size], folded from the splits by each thread for
  // itself.
  const float* fold_single(int thread) const {
    ThreadMemory& mine = own(thread);
    for (int32_t head = 0; head < config_.heads; ++head) {
      float* folded = mine.folded.data();
      std::copy_n(partial(0, head), memory_.partial_stride, folded);
      for (int32_t split = 1; split < splits_up_to(0); ++split) {
        kernels_.fold_partial(folded, partial(split, head), config_.head_size);
      }
      kernels_.finish_partial(folded, config_.head_size,
                              mine.values.data() + offset(head, config_.head_size));
    }
    return mine.values.data();
  }

  void project_attention(const LayerWeights& layer, int thread) const {
    const float* attention = token_count_ == 1 ? fold_single(thread) : memory_.attention.data();
    const Activations inputs = prepare(attention, token_count_, config_.heads * config_.head_size,
                                       {}, precisions_.attention_out, thread);
    add_to_residual(layer.attention_out, inputs, thread);
  }

  void gate_and_up(const LayerWeights& layer, int thread) const {
    const Activations inputs = prepare(memory_.residual.data(), token_count_, config_.embedding,
                                       layer.mlp_norm, precisions_.mlp_in, thread);
    constexpr int32_t kBlockPanels = kGateRows / kPanelRows;
    float* gate = own(thread).gate.data();
    const auto [begin, end] = split_range(layer.gate.panels(), thread, pool_.size());
    for (auto panel = static_cast<int32_t>(begin); panel < end; panel += kBlockPanels) {
      const int32_t block_end = std::min(panel + kBlockPanels, static_cast<int32_t>(end));
      float* up = memory_.hidden.data() + static_cast<std::size_t>(panel) * kPanelRows;
      multiply(layer.gate, panel, block_end, inputs, token_count_, gate, kGateRows,
               Epilogue::kStore);
      multiply(layer.up, panel, block_end, inputs, token_count_, up, config_.feed_forward,
               Epilogue::kStore);
      for (int32_t t = 0; t < token_count_; ++t) {
        float* row = up + offset(t, config_.feed_forward);
        kernels_.silu_multiply(gate + offset(t, kGateRows), row, (block_end - panel) * kPanelRows,
                               row);
      }
    }
  }

  void project_down(const LayerWeights& layer, int thread) const {
    const Activations inputs = prepare(memory_.hidden.data(), token_count_, config_.feed_forward,
                                       {}, precisions_.down, thread);
    add_to_residual(layer.down, inputs, thread);
  }

  void add_to_residual(const PanelMatrix& weights, const Activations& inputs, int thread) const {
    const auto [begin, end] = split_range(weights.panels(), thread, pool_.size());
    multiply(weights, static_cast<int32_t>(begin), static_cast<int32_t>(end), inputs, token_count_,
             memory_.residual.data() + static_cast<std::size_t>(begin) * kPanelRows,
             config_.embedding, Epilogue::kAdd);
  }

  void project_head(int thread) const {
    const int32_t first = rows_ == LogitRows::kAll ? 0 : token_count_ - 1;
    const int32_t count = token_count_ - first;
    const Activations inputs =
        prepare(memory_.residual.data() + offset(first, config_.embedding), count,
                config_.embedding, model_.weights().output_norm, precisions_.head, thread);
    const PanelMatrix& head = model_.weights().head;
    const auto [begin, end] = split_range(head.panels(), thread, pool_.size());
    multiply(head, static_cast<int32_t>(begin), static_cast<int32_t>(end), inputs, count,
             logits_.data() + static_cast<std::size_t>(begin) * kPanelRows, config_.vocabulary,
             Epilogue::kStore);
  }

  const Model& model_;
  const ModelConfig& config_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  Workspace::Memory& memory_;
  const KvSequence& sequence_;
  std::span<const int32_t> tokens_;
  int32_t token_count_;
  LogitRows rows_;
  std::span<float> logits_;
  Precisions precisions_;
};

}  // namespace

Result<void> forward(const Model& model, ThreadPool& pool, Workspace& workspace,
                     KvSequence& sequence, std::span<const int32_t> tokens, LogitRows rows,
                     std::span<float> logits) {
  const auto vocabulary = static_cast<std::size_t>(model.config().vocabulary);
  HEARTH_CHECK(!tokens.empty() && tokens.size() <= static_cast<std::size_t>(kForwardTokensMax));
  HEARTH_CHECK(logits.size() == (rows == LogitRows::kNone   ? 0
                                 : rows == LogitRows::kLast ? 1
                                                            : tokens.size()) *
                                    vocabulary);
  for (const int32_t token : tokens) HEARTH_CHECK(token >= 0 && token < model.config().vocabulary);
  const auto count = static_cast<int32_t>(tokens.size());
  HEARTH_TRY(sequence.reserve(count));
  const Pass pass(model, pool, workspace.memory(), sequence, tokens, rows, logits);
  pool.run([&](int thread) { pass.run(thread); });
  sequence.commit(count);
  return {};
}

}  // namespace hearth

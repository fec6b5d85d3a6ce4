// SPDX-License-Identifier: Apache-2.0
// The part of a forward pass in which tokens take from each other.
#include <algorithm>
#include <iterator>

#include "model/pass.h"

namespace hearth {

namespace {

// Of `range`, what lies in [begin, end), counted from there.
Rows part_of(Rows range, int32_t begin, int32_t end) {
  const int32_t first = std::clamp(range.first, begin, end);
  return {first - begin, std::clamp(range.first + range.count, begin, end) - first};
}

}  // namespace

// Keys and values of all tokens, queries of `rows`; a unit of work is a head, which one thread
// computes, normalises, rotates and stores.
void Pass::project_qkv(const LayerWeights& layer, int32_t index, Rows rows,
                       const NormWeights* waiting, int thread) const {
  const Activations inputs = prepare_residual(all(), all(), waiting, layer.attention_norm,
                                              precisions_.attention_in, thread);
  shrink(&AdapterLayer::attention_in, index, inputs.values, all(), thread);
  const int32_t keys_end = config_.heads + config_.kv_heads;
  const int32_t values_end = keys_end + config_.kv_heads;
  const auto [begin, end] = split_range(values_end, thread, pool_.size());
  const Rows mine = {static_cast<int32_t>(begin), static_cast<int32_t>(end - begin)};
  if (rows.count > 0) project_queries(layer, index, part_of(mine, 0, config_.heads), inputs, rows);
  project_kv(layer, index, KvPart::kKeys, part_of(mine, config_.heads, keys_end), inputs, thread);
  project_kv(layer, index, KvPart::kValues, part_of(mine, keys_end, values_end), inputs, thread);
}

void Pass::project_queries(const LayerWeights& layer, int32_t index, Rows heads,
                           const Activations& inputs, Rows rows) const {
  const int32_t size = config_.head_size;
  const int32_t panels = size / kPanelRows;
  const int32_t stride = config_.heads * size;
  float* queries = memory_.queries.data() + offset(rows.first, stride) + offset(heads.first, size);
  multiply(layer.query, heads.first * panels, (heads.first + heads.count) * panels,
           from_row(inputs, rows.first), rows.count, queries, stride, Epilogue::kStore);
  add_bias(layer.query_bias, heads.first * size, heads.count * size, rows.count, queries, stride);
  expand(&AdapterLayer::query, index, {heads.first * size, heads.count * size}, rows, queries,
         stride);
  for (int32_t head = 0; head < heads.count; ++head)
    finish_heads(layer.query_norm, index, rows, queries + offset(head, size), stride);
}

// Some heads of keys, or of values, of all tokens, as many at once as there is memory for.
void Pass::project_kv(const LayerWeights& layer, int32_t index, KvPart part, Rows heads,
                      const Activations& inputs, int thread) const {
  const bool is_key = part == KvPart::kKeys;
  const int32_t size = config_.head_size;
  const int32_t panels = size / kPanelRows;
  const int32_t at_once = memory_.tokens_max / token_count_;
  const int32_t heads_end = heads.first + heads.count;
  float* out = own(thread).head.data();
  for (int32_t first = heads.first; first < heads_end; first += at_once) {
    const int32_t end = std::min(first + at_once, heads_end);
    const int32_t width = (end - first) * size;
    multiply(is_key ? layer.key : layer.value, first * panels, end * panels, inputs, token_count_,
             out, width, Epilogue::kStore);
    add_bias(is_key ? layer.key_bias : layer.value_bias, first * size, width, token_count_, out,
             width);
    expand(is_key ? &AdapterLayer::key : &AdapterLayer::value, index, {first * size, width}, all(),
           out, width);
    for (int32_t head = first; head < end; ++head) {
      float* values = out + offset(head - first, size);
      if (is_key) finish_heads(layer.key_norm, index, all(), values, width);
      store_kv(index, part, head, values, width);
    }
  }
}

// One head's keys or values of all tokens, [tokens] of `stride` floats, into the cache.
void Pass::store_kv(int32_t layer, KvPart part, int32_t kv_head, const float* values,
                    int32_t stride) const {
  for (int32_t t = 0; t < token_count_; ++t) {
    const KvPool& pool = token(t).sequence->pool();
    const int32_t in_page = token(t).position % kKvPageTokens;
    const float* head = values + offset(t, stride);
    if (part == KvPart::kKeys) {
      pool.layout().store_key(kernels_, head, in_page, pool.keys(token(t).page(), layer, kv_head));
    } else {
      pool.layout().store_value(kernels_, head, in_page,
                                pool.values(token(t).page(), layer, kv_head));
    }
  }
}

// Normalises and rotates one query or key head; `heads` [rows.count] of `stride` floats.
void Pass::finish_heads(const NormWeights& norm, int32_t layer, Rows rows, float* heads,
                        int32_t stride) const {
  if (!norm.weight.empty()) {
    for (int32_t t = 0; t < rows.count; ++t) {
      float* head = heads + offset(t, stride);
      normalise(head, norm, head);
    }
  }
  if (config_.rotates(layer)) rotate(layer, rows, heads, stride);
}

void Pass::rotate(int32_t layer, Rows rows, float* heads, int32_t stride) const {
  const bool of_window = config_.has_window(layer) && memory_.rope.size() > 1;
  const RopeMemory& rope = memory_.rope[of_window ? 1 : 0];
  const int32_t pairs = config_.rope.values / 2;
  const bool adjacent = config_.rope.pairs == RopePairs::kAdjacent;
  for (int32_t t = 0; t < rows.count; ++t) {
    float* head = heads + offset(t, stride);
    const float* cosines = rope.cosines.data() + offset(rows.first + t, pairs);
    const float* sines = rope.sines.data() + offset(rows.first + t, pairs);
    for (int32_t i = 0; i < pairs; ++i) {
      float& a = head[adjacent ? 2 * i : i];
      float& b = head[adjacent ? 2 * i + 1 : i + pairs];
      const float rotated = a * cosines[i] - b * sines[i];
      b = a * sines[i] + b * cosines[i];
      a = rotated;
    }
  }
}

// Positions [sees_from, token.sees_to) are what a token attends to.
int32_t Pass::sees_from(int32_t layer, int32_t index) const {
  return config_.has_window(layer) ? std::max(0, token(index).position + 1 - config_.window) : 0;
}

// Splits [first_split, split_end) hold those positions.
int32_t Pass::first_split(int32_t layer, int32_t index) const {
  return sees_from(layer, index) / kAttentionSplit;
}
int32_t Pass::split_end(int32_t index) const {
  return (token(index).sees_to + kAttentionSplit - 1) / kAttentionSplit;
}

// The first keys of a split; nullptr where there are none.
const std::byte* Pass::split_keys(int32_t layer, int32_t kv_head, Rows block, int32_t split) const {
  const KvSequence& sequence = *token(block.first).sequence;
  const auto page = static_cast<std::size_t>(split * kAttentionSplit / kKvPageTokens);
  if (page >= sequence.pages().size()) return nullptr;
  return sequence.pool().keys(sequence.pages()[page], layer, kv_head);
}

// The query rows of one KV head's group for the tokens of `block`, against split `split`; a partial
// result for each. `next`: keys that the thread will probably read then, or nullptr.
void Pass::attend_split(int32_t layer, int32_t kv_head, Rows block, int32_t split,
                        const std::byte* next, float* partials, int thread) const {
  ThreadMemory& mine = own(thread);
  const int32_t group = config_.heads / config_.kv_heads;
  const int32_t start = split * kAttentionSplit;
  for (int32_t row = 0; row < block.count * group; ++row) {
    const int32_t t = block.first + row / group;
    const int32_t head = kv_head * group + row % group;
    const auto slot = static_cast<std::size_t>(row);
    mine.queries[slot] = memory_.queries.data() + offset(t, config_.heads * config_.head_size) +
                         offset(head, config_.head_size);
    const int32_t first = std::max(sees_from(layer, t) - start, 0);
    const int32_t end = std::clamp(token(t).sees_to - start, 0, kAttentionSplit);
    mine.first[slot] = first < end ? first : 0;
    mine.visible[slot] = first < end ? end : 0;
  }
  const KvSequence& sequence = *token(block.first).sequence;
  const std::byte* keys[kAttentionSplit / kKvPageTokens] = {};
  const std::byte* values[kAttentionSplit / kKvPageTokens] = {};
  const auto first_page = static_cast<std::size_t>(start / kKvPageTokens);
  for (std::size_t i = 0; i < std::size(keys) && first_page + i < sequence.pages().size(); ++i) {
    keys[i] = sequence.pool().keys(sequence.pages()[first_page + i], layer, kv_head);
    values[i] = sequence.pool().values(sequence.pages()[first_page + i], layer, kv_head);
  }
  const AttentionArgs args = {.keys = keys,
                              .values = values,
                              .next = next,
                              .page_tokens = kKvPageTokens,
                              .head_size = config_.head_size,
                              .rows = block.count * group,
                              .queries = mine.queries.data(),
                              .visible = mine.visible.data(),
                              .first = mine.first.data(),
                              .scale = config_.attention_scale,
                              .scores = mine.scores.data(),
                              .query_words = mine.query_words.data(),
                              .partials = partials,
                              .partial_stride = static_cast<std::size_t>(memory_.partial_stride)};
  hearth::attend(kernels_, sequence.pool().layout().type, args);
}

// Threads take units of work in turn: a KV head of a block, with all its splits; or one of those
// splits, where threads share them.
void Pass::attend(int32_t layer, Rows rows, int thread) const {
  const int32_t group = config_.heads / config_.kv_heads;
  int32_t unit = thread;  // the thread's next, counted from the block's first
  for (const Rows block : batch_.blocks()) {
    if (block.first < rows.first) continue;
    const bool shared = token(block.first).shared_splits != BatchToken::kNotShared;
    const int32_t first = first_split(layer, block.first);
    const int32_t units = config_.kv_heads * (shared ? split_end(block.first) - first : 1);
    const auto kv_head_of = [&](int32_t u) { return u % config_.kv_heads; };
    const auto split_of = [&](int32_t u) { return first + u / config_.kv_heads; };
    for (; unit < units; unit += pool_.size()) {
      const int32_t kv_head = kv_head_of(unit);
      const int32_t split = split_of(unit);
      const int32_t then = unit + pool_.size();
      const std::byte* next =
          then < units ? split_keys(layer, kv_head_of(then), block, split_of(then)) : nullptr;
      if (shared) {
        attend_split(layer, kv_head, block, split, next,
                     partial(block.first, split, kv_head * group), thread);
      } else {
        attend_block(layer, kv_head, block, next, thread);
      }
    }
    unit -= units;
  }
}

void Pass::attend_block(int32_t layer, int32_t kv_head, Rows block, const std::byte* next,
                        int thread) const {
  ThreadMemory& mine = own(thread);
  const int32_t group = config_.heads / config_.kv_heads;
  const int32_t rows = block.count * group;
  const int32_t first = first_split(layer, block.first);
  const int32_t end = split_end(block.first + block.count - 1);
  for (int32_t split = first; split < end; ++split) {
    attend_split(layer, kv_head, block, split,
                 split + 1 < end ? split_keys(layer, kv_head, block, split + 1) : next,
                 split == first ? mine.folded.data() : mine.partials.data(), thread);
    for (int32_t row = 0; split > first && row < rows; ++row) {
      kernels_.fold_partial(mine.folded.data() + offset(row, memory_.partial_stride),
                            mine.partials.data() + offset(row, memory_.partial_stride),
                            config_.head_size);
    }
  }
  for (int32_t row = 0; row < rows; ++row) {
    const int32_t head = kv_head * group + row % group;
    float* attention = memory_.inputs.data() +
                       offset(block.first + row / group, config_.heads * config_.head_size);
    kernels_.finish_partial(mine.folded.data() + offset(row, memory_.partial_stride),
                            config_.head_size, attention + offset(head, config_.head_size));
  }
}

float* Pass::partial(int32_t index, int32_t split, int32_t head) const {
  const int32_t shared = token(index).shared_splits + split;
  return memory_.partials.data() + offset(shared * config_.heads + head, memory_.partial_stride);
}

// A token's attention [heads * head_size] to `out`, which may be where it stands among that of all;
// folded only now where threads have shared its splits.
void Pass::take_attention(int32_t layer, int32_t index, float* out, int thread) const {
  if (token(index).shared_splits == BatchToken::kNotShared) {
    const int32_t width = config_.heads * config_.head_size;
    const float* attention = memory_.inputs.data() + offset(index, width);
    if (attention != out) std::copy_n(attention, width, out);
    return;
  }
  const int32_t first = first_split(layer, index);
  float* folded = own(thread).folded.data();
  for (int32_t head = 0; head < config_.heads; ++head) {
    std::copy_n(partial(index, first, head), memory_.partial_stride, folded);
    for (int32_t split = first + 1; split < split_end(index); ++split) {
      kernels_.fold_partial(folded, partial(index, split, head), config_.head_size);
    }
    kernels_.finish_partial(folded, config_.head_size, out + offset(head, config_.head_size));
  }
}

}  // namespace hearth

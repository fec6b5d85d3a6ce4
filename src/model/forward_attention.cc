// SPDX-License-Identifier: Apache-2.0
// The part of a forward pass in which tokens take from each other.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "model/pass.h"

namespace hearth {

// Keys and values of all tokens, queries of `rows`; a unit of work is a head, which one thread
// computes, normalises, rotates and stores.
void Pass::project_qkv(const LayerWeights& layer, int32_t index, Rows rows,
                       const NormWeights* waiting, int thread) const {
  const Activations inputs = prepare_residual(all(), all(), waiting, layer.attention_norm,
                                              precisions_.attention_in, thread);
  const int32_t size = config_.head_size;
  const int32_t panels = size / kPanelRows;
  const auto [begin, end] = split_range(config_.heads + 2 * config_.kv_heads, thread, pool_.size());
  for (auto unit = static_cast<int32_t>(begin); unit < end; ++unit) {
    if (unit < config_.heads) {
      if (rows.count > 0) project_queries(layer, index, unit, inputs, rows);
      continue;
    }
    const bool is_key = unit < config_.heads + config_.kv_heads;
    const int32_t kv_head = unit - config_.heads - (is_key ? 0 : config_.kv_heads);
    float* head = own(thread).head.data();
    multiply(is_key ? layer.key : layer.value, kv_head * panels, (kv_head + 1) * panels, inputs,
             token_count_, head, size, Epilogue::kStore);
    add_bias(is_key ? layer.key_bias : layer.value_bias, kv_head * size, size, token_count_, head,
             size);
    if (is_key) {
      finish_heads(layer.key_norm, index, all(), head, size);
      store_keys(index, kv_head, thread);
    } else {
      store_values(index, kv_head, thread);
    }
  }
}

void Pass::project_queries(const LayerWeights& layer, int32_t index, int32_t head,
                           const Activations& inputs, Rows rows) const {
  const int32_t size = config_.head_size;
  const int32_t panels = size / kPanelRows;
  const int32_t stride = config_.heads * size;
  float* queries = memory_.queries.data() + offset(rows.first, stride) + offset(head, size);
  multiply(layer.query, head * panels, (head + 1) * panels, from_row(inputs, rows.first),
           rows.count, queries, stride, Epilogue::kStore);
  add_bias(layer.query_bias, head * size, size, rows.count, queries, stride);
  finish_heads(layer.query_norm, index, rows, queries, stride);
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

// One head's keys of all tokens into the cache: [16-position block][head_size][16].
void Pass::store_keys(int32_t layer, int32_t kv_head, int thread) const {
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
void Pass::store_values(int32_t layer, int32_t kv_head, int thread) const {
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

// Positions [sees_from, sees_to) are what a token attends to.
int32_t Pass::sees_from(int32_t layer, int32_t token) const {
  return config_.has_window(layer) ? std::max(0, position(token) + 1 - config_.window) : 0;
}
int32_t Pass::sees_to(int32_t token) const {
  const bool whole_text = config_.architecture.visibility == Visibility::kBidirectional;
  return whole_text ? position(token_count_) : position(token) + 1;
}

// Splits [first_split, split_end) hold those positions.
int32_t Pass::first_split(int32_t layer, int32_t token) const {
  return sees_from(layer, token) / kAttentionSplit;
}
int32_t Pass::split_end(int32_t token) const {
  return (sees_to(token) + kAttentionSplit - 1) / kAttentionSplit;
}

// The query rows of one KV head's group for `count` tokens from `token` on, against split `split`.
void Pass::attend_split(int32_t layer, int32_t kv_head, int32_t token, int32_t count, int32_t split,
                        float* partials, int thread) const {
  ThreadMemory& mine = own(thread);
  const int32_t group = config_.heads / config_.kv_heads;
  const int32_t start = split * kAttentionSplit;
  for (int32_t row = 0; row < count * group; ++row) {
    const int32_t t = token + row / group;
    const int32_t head = kv_head * group + row % group;
    const auto slot = static_cast<std::size_t>(row);
    mine.queries[slot] = memory_.queries.data() + offset(t, config_.heads * config_.head_size) +
                         offset(head, config_.head_size);
    const int32_t first = std::max(sees_from(layer, t) - start, 0);
    const int32_t end = std::clamp(sees_to(t) - start, 0, kAttentionSplit);
    mine.first[slot] = first < end ? first : 0;
    mine.visible[slot] = first < end ? end : 0;
  }
  const std::byte* keys[kAttentionSplit / kKvPageTokens] = {};
  const std::byte* values[kAttentionSplit / kKvPageTokens] = {};
  const auto first_page = static_cast<std::size_t>(start / kKvPageTokens);
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
                              .first = mine.first.data(),
                              .scale = config_.attention_scale,
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
void Pass::attend(int32_t layer, Rows rows, int thread) const {
  if (token_count_ == 1) {
    const int32_t group = config_.heads / config_.kv_heads;
    const int32_t first = first_split(layer, 0);
    const int32_t units = (split_end(0) - first) * config_.kv_heads;
    for (int32_t unit = thread; unit < units; unit += pool_.size()) {
      const int32_t split = first + unit / config_.kv_heads;
      const int32_t kv_head = unit % config_.kv_heads;
      attend_split(layer, kv_head, 0, 1, split, partial(split, kv_head * group), thread);
    }
    return;
  }
  const int32_t units = (rows.count + kAttentionTokens - 1) / kAttentionTokens * config_.kv_heads;
  for (int32_t unit = thread; unit < units; unit += pool_.size()) {
    const int32_t done = unit / config_.kv_heads * kAttentionTokens;
    const int32_t count = std::min(kAttentionTokens, rows.count - done);
    attend_tokens(layer, unit % config_.kv_heads, {rows.first + done, count}, thread);
  }
}

void Pass::attend_tokens(int32_t layer, int32_t kv_head, Rows rows, int thread) const {
  ThreadMemory& mine = own(thread);
  const auto [token, count] = rows;
  const int32_t group = config_.heads / config_.kv_heads;
  const int32_t first = first_split(layer, token);
  for (int32_t split = first; split < split_end(token + count - 1); ++split) {
    attend_split(layer, kv_head, token, count, split,
                 split == first ? mine.folded.data() : mine.partials.data(), thread);
    for (int32_t row = 0; split > first && row < count * group; ++row) {
      kernels_.fold_partial(mine.folded.data() + offset(row, memory_.partial_stride),
                            mine.partials.data() + offset(row, memory_.partial_stride),
                            config_.head_size);
    }
  }
  for (int32_t row = 0; row < count * group; ++row) {
    const int32_t head = kv_head * group + row % group;
    kernels_.finish_partial(
        mine.folded.data() + offset(row, memory_.partial_stride), config_.head_size,
        memory_.attention.data() + offset(token + row / group, config_.heads * config_.head_size) +
            offset(head, config_.head_size));
  }
}

float* Pass::partial(int32_t split, int32_t head) const {
  return memory_.partials.data() + offset(split * config_.heads + head, memory_.partial_stride);
}

// The single token's attention [heads * head_size], folded from the splits by each thread for
// itself.
const float* Pass::fold_single(int32_t layer, int thread) const {
  ThreadMemory& mine = own(thread);
  const int32_t first = first_split(layer, 0);
  for (int32_t head = 0; head < config_.heads; ++head) {
    float* folded = mine.folded.data();
    std::copy_n(partial(first, head), memory_.partial_stride, folded);
    for (int32_t split = first + 1; split < split_end(0); ++split) {
      kernels_.fold_partial(folded, partial(split, head), config_.head_size);
    }
    kernels_.finish_partial(folded, config_.head_size,
                            mine.values.data() + offset(head, config_.head_size));
  }
  return mine.values.data();
}

}  // namespace hearth

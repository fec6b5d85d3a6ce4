// SPDX-License-Identifier: Apache-2.0
// The part of a forward pass that tokens with adapters have beside: A x where the inputs of a
// product are ready, and behind the product B (A x), of the rows that a thread has computed of it.
#include <algorithm>

#include "model/pass.h"

namespace hearth {
namespace {

constexpr int32_t kShrinkTokensAtOnce = 32;  // of one unit of work

// Those of an adapter's tokens that are among `rows`, which end with the last of all.
struct TokensWithin {
  TokensWithin(const AdapterRows& all, Rows rows) {
    const auto begin = std::ranges::lower_bound(all.tokens, rows.first);
    const auto skipped = static_cast<std::size_t>(begin - all.tokens.begin());
    tokens = {all.tokens.data() + skipped, static_cast<int32_t>(all.tokens.size() - skipped),
              rows.first};
    scales = all.scales.data() + skipped;
  }
  LowRankTokens tokens;
  const float* scales;
};

// A thread's part of an adapter's first step: units of kShrinkTokensAtOnce tokens times four rows,
// those of the same tokens side by side. Where an adapter has few, `turn` gives them to other
// threads than those of the one before.
struct ShrinkUnits {
  ShrinkUnits(const ShrinkMatrix& weights, int32_t tokens, int turn, int threads)
      : blocks(weights.blocks()) {
    const int32_t tiles = (tokens + kShrinkTokensAtOnce - 1) / kShrinkTokensAtOnce;
    const auto [first, last] = split_range(int64_t{tiles} * blocks, turn % threads, threads);
    begin = static_cast<int32_t>(first);
    end = static_cast<int32_t>(last);
  }
  // What the first tokens need.
  std::span<const std::byte> bytes(const ShrinkMatrix& weights) const {
    if (begin == end) return {};
    const int32_t block = begin % blocks;
    const int32_t count = std::min(blocks - block, end - begin);
    return {weights.data + static_cast<std::size_t>(block) * weights.block_bytes(),
            static_cast<std::size_t>(count) * weights.block_bytes()};
  }

  int32_t blocks;
  int32_t begin;
  int32_t end;
};

}  // namespace

float* Pass::shrunk(int32_t place) const {
  return memory_.adapters.shrunk.data() +
         static_cast<std::size_t>(place) * offset(memory_.tokens_max, memory_.adapters.stride);
}

// `inputs` [rows] times A of all adapters. The threads share the work and meet, but not where no
// adapter has such a matrix.
void Pass::shrink_all(ShrinkMatrix AdapterLayer::*matrix, int32_t layer, const float* inputs,
                      Rows rows, int thread) const {
  const auto all = batch_.adapters();
  const auto weights_of = [&](std::size_t i) -> const ShrinkMatrix& {
    return all[i].adapter->layers()[static_cast<std::size_t>(layer)].*matrix;
  };
  const auto units_of = [&](std::size_t i, const TokensWithin& within) {
    return ShrinkUnits(weights_of(i), within.tokens.count, thread + static_cast<int>(i),
                       pool_.size());
  };
  bool any = false;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ShrinkMatrix& weights = weights_of(i);
    if (weights.rows == 0) continue;
    any = true;
    const TokensWithin within(all[i], rows);
    const ShrinkUnits units = units_of(i, within);
    std::span<const std::byte> ahead;
    if (i + 1 < all.size())
      ahead = units_of(i + 1, TokensWithin(all[i + 1], rows)).bytes(weights_of(i + 1));
    for (int32_t unit = units.begin; unit < units.end;) {
      const int32_t block = unit % units.blocks;
      const int32_t blocks = std::min(units.blocks - block, units.end - unit);
      const int32_t first = unit / units.blocks * kShrinkTokensAtOnce;
      LowRankTokens tokens = within.tokens;
      tokens.tokens += first;
      tokens.count = std::min(kShrinkTokensAtOnce, tokens.count - first);
      kernels_.shrink({&weights, block, block + blocks, tokens, within.scales + first, inputs,
                       shrunk(all[i].place) + block * kShrinkRows,
                       static_cast<std::size_t>(memory_.adapters.stride), ahead});
      unit += blocks;
      ahead = {};
    }
  }
  if (any) meet_after(Operation::kInputs, thread);
}

// Adds B times what shrink() has computed to `out`, rows [outputs] of a product: [rows] of `stride`
// floats.
void Pass::expand_all(AdapterTarget AdapterLayer::*target, int32_t layer, Rows outputs, Rows rows,
                      float* out, int32_t stride) const {
  const auto all = batch_.adapters();
  const int32_t panel = outputs.first / kPanelRows;
  const int32_t panel_end = (outputs.first + outputs.count) / kPanelRows;
  const auto target_of = [&](std::size_t i) -> const AdapterTarget& {
    return all[i].adapter->layers()[static_cast<std::size_t>(layer)].*target;
  };
  for (std::size_t i = 0; i < all.size(); ++i) {
    const AdapterTarget& adapted = target_of(i);
    if (adapted.expand.rows == 0) continue;
    std::span<const std::byte> ahead;
    if (i + 1 < all.size() && target_of(i + 1).expand.rows > 0) {
      const ExpandMatrix& next = target_of(i + 1).expand;
      ahead = {next.data + static_cast<std::size_t>(panel) * next.panel_bytes(),
               static_cast<std::size_t>(panel_end - panel) * next.panel_bytes()};
    }
    kernels_.expand({&adapted.expand, panel, panel_end, TokensWithin(all[i], rows).tokens,
                     shrunk(all[i].place) + adapted.first,
                     static_cast<std::size_t>(memory_.adapters.stride), out,
                     static_cast<std::size_t>(stride), ahead});
  }
}

// The same behind finish_sublayer().
void Pass::expand_sublayer(AdapterTarget AdapterLayer::*target, int32_t layer, Rows rows,
                           int thread) const {
  const auto [begin, end] = split_range(config_.embedding / kPanelRows, thread, pool_.size());
  const auto first = static_cast<int32_t>(begin) * kPanelRows;
  const auto width = static_cast<int32_t>(end - begin) * kPanelRows;
  float* out = (joins_ ? memory_.branch : memory_.residual).data() +
               offset(rows.first, config_.embedding) + first;
  expand_all(target, layer, {first, width}, rows, out, config_.embedding);
}

void Pass::expand_gate_and_up(int32_t layer, const GateBlock& block, Rows rows) const {
  const Rows outputs = {block.first, block.width};
  expand_all(&AdapterLayer::gate, layer, outputs, rows, block.gate, block.width);
  expand_all(&AdapterLayer::up, layer, outputs, rows, block.up, block.width);
}

// What is in `up`, as the inputs of the last product that shrink() takes; where that product takes
// floats, too, they are there already.
void Pass::keep_hidden_floats(const GateBlock& block) const {
  if (!memory_.adapters.keeps_hidden) return;
  for (int32_t t = 0; t < block.count; ++t) {
    std::copy_n(block.up + offset(t, block.width), block.width,
                memory_.hidden.data() + offset(t, config_.feed_forward) + block.first);
  }
}

}  // namespace hearth

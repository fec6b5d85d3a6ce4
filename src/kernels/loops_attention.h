// SPDX-License-Identifier: Apache-2.0
// Attention over one split of the context: scores, softmax and weighted values with no more memory
// than the split needs (Milakov and Gimelshein 2018; Dao et al. 2022), as a partial result that
// later splits are folded into in order. See loops.h for how it is included.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_vector.h"

namespace hearth {
namespace {

struct HalfElement {
  static constexpr std::size_t kBytes = 2;
  static VecF load(const std::byte* p) { return f_load_half(p); }
};
struct FloatElement {
  static constexpr std::size_t kBytes = 4;
  static VecF load(const std::byte* p) { return f_load(reinterpret_cast<const float*>(p)); }
};

// Scores of kRows query rows against kVectors * kLanes positions from `position` on.
template <typename Element, int kRows, int kVectors>
inline void score_tile(const AttentionArgs& args, int32_t row, int32_t position) {
  const std::byte* keys[kVectors];
  for (int v = 0; v < kVectors; ++v) {
    const int32_t p = position + v * kLanes;
    const int32_t in_page = p % args.page_tokens;
    const std::size_t block =
        static_cast<std::size_t>(in_page / kKeyBlock) * args.head_size * kKeyBlock;
    keys[v] = args.keys[p / args.page_tokens] + (block + in_page % kKeyBlock) * Element::kBytes;
  }
  VecF acc[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) acc[r][v] = f_set1(0.0f);
  }
  for (int32_t i = 0; i < args.head_size; ++i) {
    VecF key[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      key[v] = Element::load(keys[v] + static_cast<std::size_t>(i) * kKeyBlock * Element::kBytes);
    }
    for (int r = 0; r < kRows; ++r) {
      const VecF q = f_set1(args.queries[row + r][i]);
      for (int v = 0; v < kVectors; ++v) acc[r][v] = f_fma(q, key[v], acc[r][v]);
    }
  }
  const VecF scale = f_set1(args.scale);
  for (int r = 0; r < kRows; ++r) {
    float* scores = args.scores + static_cast<std::size_t>(row + r) * kAttentionSplit + position;
    for (int v = 0; v < kVectors; ++v) f_store(scores + v * kLanes, f_mul(acc[r][v], scale));
  }
}

// The positions of a split that a tile of rows sees, in whole key blocks, or that one row sees.
struct Range {
  int32_t begin;
  int32_t end;
};

inline int32_t block_floor(int32_t position) { return position / kKeyBlock * kKeyBlock; }
inline int32_t block_ceiling(int32_t position) { return block_floor(position + kKeyBlock - 1); }

// Turns a row's scores into weights exp(score - max) where `seen`, and zeros elsewhere in `tile`;
// writes max and sum of the weights.
inline void softmax_row(float* scores, Range seen, Range tile, float* max_out, float* sum_out) {
  const Range blocks = {block_floor(seen.begin), block_ceiling(seen.end)};
  for (int32_t i = blocks.begin; i < seen.begin; ++i) scores[i] = -3.0e38f;
  for (int32_t i = seen.end; i < blocks.end; ++i) scores[i] = -3.0e38f;
  VecF best = f_set1(-3.0e38f);
  for (int32_t i = blocks.begin; i < seen.end; i += kLanes) best = f_max(best, f_load(scores + i));
  const float max = max_lane(best);
  VecF sums[kParts];
  for (VecF& part : sums) part = f_set1(0.0f);
  for (int32_t i = blocks.begin; i < seen.end; i += 16) {
    for (int part = 0; part < kParts; ++part) {
      float* at = scores + i + part * kLanes;
      f_store(at, f_exp(f_sub(f_load(at), f_set1(max))));
    }
    for (int32_t hidden = i; hidden < seen.begin; ++hidden) scores[hidden] = 0.0f;
    for (int32_t hidden = seen.end; hidden < i + 16; ++hidden) scores[hidden] = 0.0f;
    for (int part = 0; part < kParts; ++part)
      sums[part] = f_add(sums[part], f_load(scores + i + part * kLanes));
  }
  for (int32_t i = tile.begin; i < blocks.begin; ++i) scores[i] = 0.0f;
  for (int32_t i = blocks.end; i < tile.end; ++i) scores[i] = 0.0f;
  *max_out = max;
  *sum_out = sum16(sums);
}

// Weighted values of kRows rows, kVectors * kLanes of the head's values from `dimension` on.
template <typename Element, int kRows, int kVectors>
inline void value_tile(const AttentionArgs& args, int32_t row, Range seen, int32_t dimension) {
  VecF acc[kRows][kVectors];
  for (int r = 0; r < kRows; ++r) {
    for (int v = 0; v < kVectors; ++v) acc[r][v] = f_set1(0.0f);
  }
  const std::size_t row_bytes = static_cast<std::size_t>(args.head_size) * Element::kBytes;
  for (int32_t page_start = seen.begin / args.page_tokens * args.page_tokens; page_start < seen.end;
       page_start += args.page_tokens) {
    const std::byte* values =
        args.values[page_start / args.page_tokens] + dimension * Element::kBytes;
    const int32_t begin = seen.begin > page_start ? seen.begin - page_start : 0;
    const int32_t end =
        seen.end - page_start < args.page_tokens ? seen.end - page_start : args.page_tokens;
    const float* weights =
        args.scores + static_cast<std::size_t>(row) * kAttentionSplit + page_start;
    for (int32_t p = begin; p < end; ++p) {
      VecF value[kVectors];
      for (int v = 0; v < kVectors; ++v)
        value[v] = Element::load(values + p * row_bytes + v * kLanes * Element::kBytes);
      for (int r = 0; r < kRows; ++r) {
        const VecF weight = f_set1(weights[r * kAttentionSplit + p]);
        for (int v = 0; v < kVectors; ++v) acc[r][v] = f_fma(weight, value[v], acc[r][v]);
      }
    }
  }
  for (int r = 0; r < kRows; ++r) {
    float* out =
        args.partials + static_cast<std::size_t>(row + r) * args.partial_stride + dimension;
    for (int v = 0; v < kVectors; ++v) f_store(out + v * kLanes, acc[r][v]);
  }
}

inline Range seen_by(const AttentionArgs& args, int32_t row) {
  return {args.first == nullptr ? 0 : args.first[row], args.visible[row]};
}

template <typename Element, int kRows>
inline void attend_rows(const AttentionArgs& args, int32_t row) {
  Range seen = {kAttentionSplit, 0};  // by any of the rows
  for (int r = 0; r < kRows; ++r) {
    const Range by_row = seen_by(args, row + r);
    if (by_row.end == 0) continue;
    seen.begin = by_row.begin < seen.begin ? by_row.begin : seen.begin;
    seen.end = by_row.end > seen.end ? by_row.end : seen.end;
  }
  const Range tile = {seen.end == 0 ? 0 : block_floor(seen.begin), block_ceiling(seen.end)};
  int32_t position = tile.begin;
  for (; position + 2 * kLanes <= tile.end; position += 2 * kLanes)
    score_tile<Element, kRows, 2>(args, row, position);
  for (; position < tile.end; position += kLanes)
    score_tile<Element, kRows, 1>(args, row, position);
  for (int r = 0; r < kRows; ++r) {
    float* partial =
        args.partials + static_cast<std::size_t>(row + r) * args.partial_stride + args.head_size;
    softmax_row(args.scores + static_cast<std::size_t>(row + r) * kAttentionSplit,
                seen_by(args, row + r), tile, partial, partial + 1);
  }
  // Without the rounding: what lies beyond the end may never have been written.
  int32_t dimension = 0;
  for (; dimension + 2 * kLanes <= args.head_size; dimension += 2 * kLanes) {
    value_tile<Element, kRows, 2>(args, row, seen, dimension);
  }
  for (; dimension < args.head_size; dimension += kLanes)
    value_tile<Element, kRows, 1>(args, row, seen, dimension);
}

// The last rows, fewer than a whole tile.
template <typename Element, int kRows>
inline void attend_tail(const AttentionArgs& args, int32_t row) {
  if constexpr (kRows > 0) {
    if (args.rows - row == kRows) {
      attend_rows<Element, kRows>(args, row);
    } else {
      attend_tail<Element, kRows - 1>(args, row);
    }
  }
}

template <typename Element>
void attend(const AttentionArgs& args) {
  int32_t row = 0;
  for (; row + kRowTile <= args.rows; row += kRowTile) attend_rows<Element, kRowTile>(args, row);
  attend_tail<Element, kRowTile - 1>(args, row);
}

// A partial is [head_size] weighted values, then max, then sum of weights; a sum of 0 means that
// nothing was seen.
void fold_partial(float* into, const float* from, int32_t head_size) {
  if (from[head_size + 1] == 0.0f) return;
  if (into[head_size + 1] == 0.0f) {
    for (int32_t i = 0; i < head_size + 2; ++i) into[i] = from[i];
    return;
  }
  const float max = into[head_size] > from[head_size] ? into[head_size] : from[head_size];
  const float old_factor = exp1(into[head_size] - max);
  const float new_factor = exp1(from[head_size] - max);
  for (int32_t i = 0; i < head_size; i += kLanes) {
    const VecF scaled = f_mul(f_load(into + i), f_set1(old_factor));
    f_store(into + i, f_fma(f_load(from + i), f_set1(new_factor), scaled));
  }
  into[head_size] = max;
  into[head_size + 1] = into[head_size + 1] * old_factor + from[head_size + 1] * new_factor;
}

void finish_partial(const float* partial, int32_t head_size, float* out) {
  const VecF factor = f_set1(1.0f / partial[head_size + 1]);
  for (int32_t i = 0; i < head_size; i += kLanes)
    f_store(out + i, f_mul(f_load(partial + i), factor));
}

}  // namespace
}  // namespace hearth

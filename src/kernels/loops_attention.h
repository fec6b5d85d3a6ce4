// SPDX-License-Identifier: Apache-2.0
// Attention over one split of the context: scores, softmax and weighted values with no more memory
// than the split needs (Milakov and Gimelshein 2018; Dao et al. 2022), as a partial result that
// later splits are folded into in order. See loops.h for how it is included.
//
// A split is gone through page by page, each page with all rows while it is in the first-level
// cache. What is done with its elements is up to a type `Cache` (loops_attention_float.h,
// loops_attention_integer.h):
//   take_query(args, row)                      prepares a row's query
//   score<kRows, kVectors>(args, row, p, ahead)  writes scores: those of kRows rows and of kVectors
//                                              * kLanes positions of a page, from `p` on
//   weigh(args, seen)                          turns all rows' scores into weights
//                                              exp(score - max), 0 for what a row does not see, and
//                                              writes max and the weights' sum; some row sees
//                                              `seen`
//   add_values<kRows, kVectors>(args, row, seen, i, ahead)  adds as many of the weighted values,
//                                              from `i` on, of positions `seen` of a page
//   finish(args, row)                          completes a row's sum of weighted values
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_vector.h"

namespace hearth {
namespace {

// Positions of a split.
struct Range {
  int32_t begin;
  int32_t end;
};

// A page of a split, and how far from it, in bytes, the next one lies that will be read. What is
// read of a page is asked for in the next one: pages lie apart, which the processor cannot predict,
// and asked for all at once they would have to be waited for.
struct SplitPage {
  Range positions;
  std::ptrdiff_t ahead;
};

inline SplitPage split_page(const AttentionArgs& args, const std::byte* const* pages, int32_t begin,
                            int32_t end, const std::byte* next) {
  const int32_t index = begin / args.page_tokens;
  if (begin + args.page_tokens < end) next = pages[index + 1];
  return {{begin, begin + args.page_tokens}, next - pages[index]};
}

constexpr float kHiddenScore = -3.0e38f;

inline int32_t block_floor(int32_t position) { return position / kKeyBlock * kKeyBlock; }
inline int32_t block_ceiling(int32_t position) { return block_floor(position + kKeyBlock - 1); }

// The key blocks of which something is seen.
inline Range blocks_of(Range seen) { return {block_floor(seen.begin), block_ceiling(seen.end)}; }

// Hides what a row does not see of its blocks; returns them.
inline Range hide_unseen(float* scores, Range seen) {
  const Range blocks = blocks_of(seen);
  for (int32_t i = blocks.begin; i < seen.begin; ++i) scores[i] = kHiddenScore;
  for (int32_t i = seen.end; i < blocks.end; ++i) scores[i] = kHiddenScore;
  return blocks;
}

inline float largest_score(const float* scores, Range blocks) {
  VecF best = f_set1(kHiddenScore);
  for (int32_t i = blocks.begin; i < blocks.end; i += kLanes)
    best = f_max(best, f_load(scores + i));
  return f_max_lane(best);
}

inline float* row_scores(const AttentionArgs& args, int32_t row) {
  return args.scores + static_cast<std::size_t>(row) * kAttentionSplit;
}
inline float* row_partial(const AttentionArgs& args, int32_t row) {
  return args.partials + static_cast<std::size_t>(row) * args.partial_stride;
}

inline Range seen_by(const AttentionArgs& args, int32_t row) {
  return {args.first == nullptr ? 0 : args.first[row], args.visible[row]};
}

// Behind a row's weighted values: the largest score, the sum of weights, and two factors of the
// integer cache.
enum PartialSlot { kMaxSlot, kWeightsSlot, kQuerySlot, kValueSlot, kPartialSlots };
inline float& slot(const AttentionArgs& args, int32_t row, PartialSlot which) {
  return row_partial(args, row)[args.head_size + which];
}
inline void note_weights(const AttentionArgs& args, int32_t row, float max, float sum) {
  slot(args, row, kMaxSlot) = max;
  slot(args, row, kWeightsSlot) = sum;
}

// What rows [row, row + count) see, any of them.
inline Range seen_by_any(const AttentionArgs& args, int32_t row, int32_t count) {
  Range seen = {kAttentionSplit, 0};
  for (int32_t r = row; r < row + count; ++r) {
    const Range by_row = seen_by(args, r);
    if (by_row.end == 0) continue;
    seen.begin = by_row.begin < seen.begin ? by_row.begin : seen.begin;
    seen.end = by_row.end > seen.end ? by_row.end : seen.end;
  }
  return seen;
}

inline Range common(Range a, Range b) {
  return {a.begin > b.begin ? a.begin : b.begin, a.end < b.end ? a.end : b.end};
}

// Scores of kRows rows against the key blocks of a page of which they see something.
template <typename Cache>
struct ScoreStep {
  template <int kRows>
  static void run(const AttentionArgs& args, int32_t row, SplitPage page) {
    const Range seen = common(seen_by_any(args, row, kRows), page.positions);
    if (seen.begin >= seen.end) return;
    const int32_t end = block_ceiling(seen.end);
    int32_t position = block_floor(seen.begin);
    for (; position + 2 * kLanes <= end; position += 2 * kLanes)
      Cache::template score<kRows, 2>(args, row, position, page.ahead);
    for (; position < end; position += kLanes)
      Cache::template score<kRows, 1>(args, row, position, page.ahead);
  }
};

// The weighted values of a page for kRows rows. What lies beyond what they see may never have been
// written.
template <typename Cache>
struct ValueStep {
  template <int kRows>
  static void run(const AttentionArgs& args, int32_t row, SplitPage page) {
    const Range seen = common(seen_by_any(args, row, kRows), page.positions);
    if (seen.begin >= seen.end) return;
    int32_t i = 0;
    for (; i + 2 * kLanes <= args.head_size; i += 2 * kLanes)
      Cache::template add_values<kRows, 2>(args, row, seen, i, page.ahead);
    for (; i < args.head_size; i += kLanes)
      Cache::template add_values<kRows, 1>(args, row, seen, i, page.ahead);
  }
};

// Step::run for all rows, from `row` on in tiles of kRows, the last ones in a smaller tile.
template <typename Step, int kRows = kRowTile>
inline void each_tile(const AttentionArgs& args, int32_t row, SplitPage page) {
  for (; row + kRows <= args.rows; row += kRows) Step::template run<kRows>(args, row, page);
  if constexpr (kRows > 1) {
    if (row < args.rows) each_tile<Step, kRows - 1>(args, row, page);
  }
}

template <typename Cache>
void attend(const AttentionArgs& args) {
  const Range seen = seen_by_any(args, 0, args.rows);
  for (int32_t row = 0; row < args.rows; ++row) {
    Cache::take_query(args, row);
    float* sums = row_partial(args, row);
    for (int32_t i = 0; i < args.head_size; i += kLanes) f_store(sums + i, f_set1(0.0f));
  }
  for (int32_t page = 0; page < seen.end; page += args.page_tokens) {
    each_tile<ScoreStep<Cache>>(args, 0,
                                split_page(args, args.keys, page, seen.end, args.values[0]));
  }
  Cache::weigh(args, seen);
  const std::byte* next = args.next != nullptr ? args.next : args.values[0];  // which is here
  for (int32_t page = 0; page < seen.end; page += args.page_tokens) {
    each_tile<ValueStep<Cache>>(args, 0, split_page(args, args.values, page, seen.end, next));
  }
  for (int32_t row = 0; row < args.rows; ++row) Cache::finish(args, row);
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

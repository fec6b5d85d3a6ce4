// SPDX-License-Identifier: Apache-2.0
// Attention to keys and values that are floats: KvType::kF32. See loops_attention.h for what the
// functions do and loops.h for how it is included.
#pragma once

#include "kernels/loops_attention.h"

namespace hearth {
namespace {

struct FloatCache {
  static void take_query(const AttentionArgs&, int32_t) {}
  static void finish(const AttentionArgs&, int32_t) {}

  template <int kRows, int kVectors>
  static void score(const AttentionArgs& args, int32_t row, int32_t position, std::ptrdiff_t) {
    const float* keys[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      const int32_t p = position + v * kLanes;
      const int32_t in_page = p % args.page_tokens;
      keys[v] = reinterpret_cast<const float*>(args.keys[p / args.page_tokens]) +
                in_page / kKeyBlock * kKeyBlock * args.head_size + in_page % kKeyBlock;
    }
    VecF acc[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) acc[r][v] = f_set1(0.0f);
    }
    for (int32_t i = 0; i < args.head_size; ++i) {
      VecF key[kVectors];
      for (int v = 0; v < kVectors; ++v) key[v] = f_load(keys[v] + i * kKeyBlock);
      for (int r = 0; r < kRows; ++r) {
        const VecF q = f_set1(args.queries[row + r][i]);
        for (int v = 0; v < kVectors; ++v) acc[r][v] = f_fma(q, key[v], acc[r][v]);
      }
    }
    const VecF scale = f_set1(args.scale);
    for (int r = 0; r < kRows; ++r) {
      float* scores = row_scores(args, row + r) + position;
      for (int v = 0; v < kVectors; ++v) f_store(scores + v * kLanes, f_mul(acc[r][v], scale));
    }
  }

  static void weigh(const AttentionArgs& args, Range) {
    for (int32_t row = 0; row < args.rows; ++row) {
      float* scores = row_scores(args, row);
      const Range seen = seen_by(args, row);
      const Range blocks = hide_unseen(scores, seen);
      const float max = largest_score(scores, blocks);
      VecF sums[kParts];
      for (VecF& part : sums) part = f_set1(0.0f);
      for (int32_t i = blocks.begin; i < blocks.end; i += kLanes)
        f_store(scores + i, f_exp(f_sub(f_load(scores + i), f_set1(max))));
      for (int32_t i = 0; i < seen.begin; ++i) scores[i] = 0.0f;
      for (int32_t i = seen.end; i < kAttentionSplit; ++i) scores[i] = 0.0f;
      for (int32_t i = blocks.begin; i < blocks.end; i += 16) {
        for (int part = 0; part < kParts; ++part)
          sums[part] = f_add(sums[part], f_load(scores + i + part * kLanes));
      }
      note_weights(args, row, max, f_sum16(sums));
    }
  }

  template <int kRows, int kVectors>
  static void add_values(const AttentionArgs& args, int32_t row, Range seen, int32_t i,
                         std::ptrdiff_t) {
    VecF acc[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
      const float* sums = row_partial(args, row + r) + i;
      for (int v = 0; v < kVectors; ++v) acc[r][v] = f_load(sums + v * kLanes);
    }
    const auto* page =
        reinterpret_cast<const float*>(args.values[seen.begin / args.page_tokens]) + i;
    const float* weights = row_scores(args, row);
    for (int32_t p = seen.begin; p < seen.end; ++p) {
      const float* values = page + p % args.page_tokens * args.head_size;
      VecF value[kVectors];
      for (int v = 0; v < kVectors; ++v) value[v] = f_load(values + v * kLanes);
      for (int r = 0; r < kRows; ++r) {
        const VecF weight = f_set1(weights[r * kAttentionSplit + p]);
        for (int v = 0; v < kVectors; ++v) acc[r][v] = f_fma(weight, value[v], acc[r][v]);
      }
    }
    for (int r = 0; r < kRows; ++r) {
      float* sums = row_partial(args, row + r) + i;
      for (int v = 0; v < kVectors; ++v) f_store(sums + v * kLanes, acc[r][v]);
    }
  }
};

}  // namespace
}  // namespace hearth

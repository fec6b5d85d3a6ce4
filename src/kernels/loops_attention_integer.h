// SPDX-License-Identifier: Apache-2.0
// Attention to keys and values that are integers with a scale for each position: KvType::kInt16 and
// kInt8. Queries and weights are rounded to 16-bit words, products are summed by pairs into int32:
// twice as many multiplications an instruction as in floats, and exact.
//   score(p)  = sum over i of q[i] k[p][i] * (scale of q * scale of k[p] * args.scale)
//   out[i]    = sum over p of w[p] v[p][i] * (scale of w), w[p] being rounded with the scale of
//   v[p]
// See loops.h for how it is included.
#pragma once

#include "kernels/loops_attention.h"

namespace hearth {
namespace {

struct WordElement {
  static constexpr int32_t kBytes = 2;
  static VecW load(const std::byte* p) { return w_load(p); }
};
struct ByteElement {
  static constexpr int32_t kBytes = 1;
  static VecW load(const std::byte* p) { return w_load_bytes(p); }
};

// Products that are summed as integers, then as floats: no such sum leaves int32.
constexpr int32_t kScoreRun = 64;  // elements of a head
constexpr int32_t kValueRun = 32;  // positions
constexpr int32_t kQueryMax = 8191;
constexpr int32_t kWeightMax = 16383;
static_assert(int64_t{kScoreRun} * kQueryMax * kKvWordMax <= INT32_MAX);
static_assert(int64_t{kValueRun} * kWeightMax * kKvWordMax <= INT32_MAX);

// Rounds a row to words with one scale, whose bits as a bfloat16 it returns. `count` is a multiple
// of 16.
uint16_t round_to_words(const float* in, int32_t count, int32_t codes_max, int16_t* out) {
  VecF best = f_set1(0.0f);
  for (int32_t i = 0; i < count; i += kLanes) best = f_max(best, f_abs(f_load(in + i)));
  const float peak = f_max_lane(best);
  const auto most = static_cast<float>(codes_max);
  uint32_t bits = 0;
  if (peak > 1e-30f) {
    const float scale = peak / most;
    __builtin_memcpy(&bits, &scale, sizeof bits);
    bits = (bits + 0xffff) & 0xffff0000;  // upwards, so that no code is above the largest
  }
  float scale;
  __builtin_memcpy(&scale, &bits, sizeof scale);
  const VecF inverse = f_set1(bits == 0 ? 0.0f : 1.0f / scale);
  for (int32_t i = 0; i < count; i += kLanes) {
    // Within bounds whatever a damaged model computes.
    const VecF code = f_max(f_min(f_mul(f_load(in + i), inverse), f_set1(most)), f_set1(-most));
    i_store_words(out + i, f_round(code));
  }
  return static_cast<uint16_t>(bits >> 16);
}

inline float bfloat_value(uint16_t bits) {
  const uint32_t wide = uint32_t{bits} << 16;
  float value;
  __builtin_memcpy(&value, &wide, sizeof value);
  return value;
}

template <typename Element>
struct IntegerCache {
  static int16_t* query_words(const AttentionArgs& args, int32_t row) {
    return args.query_words + row * args.head_size;
  }
  // The weights of a row, as words; they take the place of its scores.
  static int16_t* weight_words(const AttentionArgs& args, int32_t row) {
    return reinterpret_cast<int16_t*>(row_scores(args, row));
  }
  // Of kLanes positions of a page.
  static VecF load_scales(const AttentionArgs& args, const std::byte* page, int32_t in_page) {
    return f_load_bfloat(page + args.page_tokens * args.head_size * Element::kBytes + in_page * 2);
  }

  static void take_query(const AttentionArgs& args, int32_t row) {
    const uint16_t scale =
        round_to_words(args.queries[row], args.head_size, kQueryMax, query_words(args, row));
    slot(args, row, kQuerySlot) = args.scale * bfloat_value(scale);
  }

  template <int kRows, int kVectors>
  static void score(const AttentionArgs& args, int32_t row, int32_t position,
                    std::ptrdiff_t ahead) {
    const std::byte* keys[kVectors];
    VecF scales[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      const int32_t p = position + v * kLanes;
      const int32_t in_page = p % args.page_tokens;
      const int32_t first =
          in_page / kKeyBlock * kKeyBlock * args.head_size + in_page % kKeyBlock * 2;
      const std::byte* page = args.keys[p / args.page_tokens];
      keys[v] = page + first * Element::kBytes;
      scales[v] = load_scales(args, page, in_page);
    }
    VecF sums[kRows][kVectors];
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) sums[r][v] = f_set1(0.0f);
    }
    for (int32_t run = 0; run < args.head_size; run += kScoreRun) {
      const int32_t end = args.head_size < run + kScoreRun ? args.head_size : run + kScoreRun;
      VecI acc[kRows][kVectors];
      score_run(keys, query_words(args, row), args.head_size, run, end, ahead, acc);
      for (int r = 0; r < kRows; ++r) {
        for (int v = 0; v < kVectors; ++v) sums[r][v] = f_add(sums[r][v], f_from_i(acc[r][v]));
      }
    }
    for (int r = 0; r < kRows; ++r) {
      float* scores = row_scores(args, row + r) + position;
      const VecF query_scale = f_set1(slot(args, row + r, kQuerySlot));
      for (int v = 0; v < kVectors; ++v)
        f_store(scores + v * kLanes, f_mul(sums[r][v], f_mul(scales[v], query_scale)));
    }
  }

  // acc[r][v] = the products of elements [begin, end) of a head, of one run.
  template <int kRows, int kVectors>
  static void score_run(const std::byte* const (&keys)[kVectors], const int16_t* queries,
                        int32_t head_size, int32_t begin, int32_t end, std::ptrdiff_t ahead,
                        VecI (&acc)[kRows][kVectors]) {
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) acc[r][v] = i_set1(0);
    }
    for (int32_t i = begin; i < end; i += 2) {
      VecW key[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        const std::byte* at = keys[v] + i * kKeyBlock * Element::kBytes;
        key[v] = Element::load(at);
        fetch(at + ahead);
      }
      for (int r = 0; r < kRows; ++r) {
        const WordPair q = w_pair(queries + r * head_size + i);
        for (int v = 0; v < kVectors; ++v) acc[r][v] = i_dot_words(acc[r][v], key[v], q);
      }
    }
  }

  // The weights are those of the values' codes: times the scales of the values.
  static void weigh(const AttentionArgs& args, Range seen) {
    float value_scales[kAttentionSplit];
    for (int32_t p = block_floor(seen.begin); p < block_ceiling(seen.end); p += kLanes) {
      const std::byte* page = args.values[p / args.page_tokens];
      f_store(value_scales + p, load_scales(args, page, p % args.page_tokens));
    }
    // In passes, so that what one row waits for does not keep the next from beginning.
    for (int32_t row = 0; row < args.rows; ++row) {
      const Range blocks = hide_unseen(row_scores(args, row), seen_by(args, row));
      slot(args, row, kMaxSlot) = largest_score(row_scores(args, row), blocks);
    }
    for (int32_t row = 0; row < args.rows; ++row) exponentiate(args, row, value_scales);
    for (int32_t row = 0; row < args.rows; ++row) round_weights(args, row);
  }

  // What is hidden gets the weight e^-87, which is 0 once it is rounded and changes no sum.
  static void exponentiate(const AttentionArgs& args, int32_t row, const float* value_scales) {
    float* scores = row_scores(args, row);
    const Range blocks = blocks_of(seen_by(args, row));
    const VecF max = f_set1(slot(args, row, kMaxSlot));
    VecF sums[kParts];
    VecF best = f_set1(0.0f);
    for (VecF& part : sums) part = f_set1(0.0f);
    for (int32_t i = blocks.begin; i < blocks.end; i += 16) {
      for (int part = 0; part < kParts; ++part) {
        const int32_t at = i + part * kLanes;
        const VecF weight = f_exp(f_sub(f_load(scores + at), max));
        const VecF scaled = f_mul(weight, f_load(value_scales + at));
        sums[part] = f_add(sums[part], weight);
        best = f_max(best, scaled);
        f_store(scores + at, scaled);
      }
    }
    slot(args, row, kWeightsSlot) = f_sum16(sums);
    slot(args, row, kValueSlot) = f_max_lane(best) / kWeightMax;
  }

  static void round_weights(const AttentionArgs& args, int32_t row) {
    const float* scores = row_scores(args, row);
    const Range blocks = blocks_of(seen_by(args, row));
    const float scale = slot(args, row, kValueSlot);
    const VecF inverse = f_set1(scale > 1e-34f ? 1.0f / scale : 0.0f);
    const VecI zero = i_set1(0);
    int16_t* words = weight_words(args, row);  // each behind the scores that are yet to be read
    for (int32_t i = blocks.begin; i < blocks.end; i += kLanes)
      i_store_words(words + i, f_round(f_mul(f_load(scores + i), inverse)));
    for (int32_t i = 0; i < blocks.begin; i += kLanes) i_store_words(words + i, zero);
    for (int32_t i = blocks.end; i < kAttentionSplit; i += kLanes) i_store_words(words + i, zero);
  }

  template <int kRows, int kVectors>
  static void add_values(const AttentionArgs& args, int32_t row, Range seen, int32_t i,
                         std::ptrdiff_t ahead) {
    for (int32_t run = seen.begin / kValueRun * kValueRun; run < seen.end; run += kValueRun) {
      // Whole pairs; what is not seen of them has the weight 0.
      const int32_t begin = seen.begin > run ? seen.begin / 2 * 2 : run;
      const int32_t end = seen.end < run + kValueRun ? seen.end : run + kValueRun;
      VecI acc[kRows][kVectors];
      value_run(args, weight_words(args, row), begin, end, i, ahead, acc);
      for (int r = 0; r < kRows; ++r) {
        float* sums = row_partial(args, row + r) + i;
        for (int v = 0; v < kVectors; ++v) {
          float* at = sums + v * kLanes;
          f_store(at, f_add(f_load(at), f_from_i(acc[r][v])));
        }
      }
    }
  }

  // acc[r][v] = the products of positions [begin, end), of one run and hence of one page.
  template <int kRows, int kVectors>
  static void value_run(const AttentionArgs& args, const int16_t* weights, int32_t begin,
                        int32_t end, int32_t i, std::ptrdiff_t ahead,
                        VecI (&acc)[kRows][kVectors]) {
    for (int r = 0; r < kRows; ++r) {
      for (int v = 0; v < kVectors; ++v) acc[r][v] = i_set1(0);
    }
    const int32_t at = begin % args.page_tokens * args.head_size + i * 2;
    const std::byte* values = args.values[begin / args.page_tokens] + at * Element::kBytes;
    for (int32_t p = begin; p < end; p += 2, values += args.head_size * 2 * Element::kBytes) {
      VecW value[kVectors];
      for (int v = 0; v < kVectors; ++v) {
        const std::byte* of_vector = values + v * kLanes * 2 * Element::kBytes;
        value[v] = Element::load(of_vector);
        fetch(of_vector + ahead);
      }
      for (int r = 0; r < kRows; ++r) {
        const WordPair weight = w_pair(weights + r * 2 * kAttentionSplit + p);
        for (int v = 0; v < kVectors; ++v) acc[r][v] = i_dot_words(acc[r][v], value[v], weight);
      }
    }
  }

  static void finish(const AttentionArgs& args, int32_t row) {
    float* sums = row_partial(args, row);
    const VecF scale = f_set1(slot(args, row, kValueSlot));
    for (int32_t i = 0; i < args.head_size; i += kLanes)
      f_store(sums + i, f_mul(f_load(sums + i), scale));
  }
};

}  // namespace
}  // namespace hearth

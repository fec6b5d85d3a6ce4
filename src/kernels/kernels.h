// SPDX-License-Identifier: Apache-2.0
// The kernel table: every inner loop of the forward pass, once for each instruction set, behind
// function pointers. A kernel's result for a token does not depend on how many tokens, threads or
// calls its work was shared among.
//
// Ownership: all memory is the caller's. Threading: kernels are pure functions of their arguments.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/isa.h"
#include "kernels/low_rank.h"
#include "kernels/panel.h"

namespace hearth {

// How an input of a matmul was rounded.
enum class Precision {
  kInt8,    // one byte a value, a scale for each group of 32
  kInt16,   // two bytes: a coarse and a fine code; for inputs with outliers, twice the
            // multiplications
  kBfloat,  // bfloat16, with weights rounded to it too: where KernelTable::has_tiles()
  kFloat,
};

// What a matmul needs of 32 values beside their codes; together, as it is read together.
struct ActivationGroup {
  float scale;
  float scaled_sum;      // scale * sum
  int32_t sum;           // of the codes (of 256 codes + fine_codes)
  int32_t half_sums[2];  // the same of 16 codes, for types with a scale for each 16
  int32_t fine;          // kInt16: whether any fine code is not 0
};

// The inputs of a matmul, [tokens][columns]; each token's row is contiguous. Matrices of float
// types use `values`, and so do those of block types where the precision is kFloat; else they use
// the rest.
struct Activations {
  Precision precision = Precision::kFloat;
  float fine_from = 0.0f;  // kInt16: a group gets fine codes from this share of its row's largest
                           // value on; others have zeros there, which cost no multiplications
  int32_t columns = 0;
  const float* values = nullptr;  // [tokens][columns]
  int8_t* codes = nullptr;        // [tokens][columns], within +-127; the high byte for kInt16
  int8_t* fine_codes =
      nullptr;  // kInt16: [tokens][columns], within +-127; value = scale * (256 codes + fine_codes)
  ActivationGroup* groups = nullptr;  // [tokens][columns / 32]
  // kBfloat: [tokens / kTileTokens, rounded up][columns / 32][kTileTokens][32]
  uint16_t* bfloats = nullptr;
  int32_t first_row = 0;  // kBfloat: the row of those that is token 0
};

inline constexpr int32_t kTileTokens = 16;

enum class Epilogue { kStore, kAdd };

// out[t * out_stride + r], r counted from the first row of panel_begin, becomes (kStore) or grows
// by (kAdd) the product of row panel_begin * 16 + r with token t.
struct MatmulArgs {
  const PanelMatrix* weights;
  int32_t panel_begin;
  int32_t panel_end;
  const Activations* inputs;
  int32_t tokens;
  float* out;
  std::size_t out_stride;
  Epilogue epilogue;
};

inline constexpr int32_t kAttentionSplit =
    256;  // positions whose softmax is computed together, at fixed places
inline constexpr int32_t kKeyBlock = 16;      // positions side by side in the key cache
inline constexpr int32_t kHeadSizeMax = 512;  // values of one head
inline constexpr int32_t kKvWordMax = 4095;   // codes of keys and values lie within +-this,
inline constexpr int32_t kKvByteMax = 127;    // or where they are bytes within +-this

// Attention of several query rows that share one KV head over one split of the context.
struct AttentionArgs {
  const std::byte* const* keys;     // pages of the split, as kv_page.h describes them
  const std::byte* const* values;   // the same
  const std::byte* next = nullptr;  // keys that the thread will probably read next, if any
  int32_t page_tokens;              // positions of a page, a multiple of 32
  int32_t head_size;                // a multiple of 16
  int32_t rows;                     // query rows
  const float* const* queries;      // [rows] pointers to [head_size]
  const int32_t*
      visible;  // [rows]: where what the row may see of this split ends, 0..kAttentionSplit
  const int32_t* first =
      nullptr;           // [rows]: where it begins, 0 where visible is 0; nullptr: with the split
  float scale;           // factor of the scores before softmax
  float* scores;         // scratch [rows][kAttentionSplit]
  int16_t* query_words;  // scratch [rows][head_size]
  // Out, [rows][partial_stride]: the sum of weighted values [head_size], the largest score, the sum
  // of weights, scratch.
  float* partials;
  std::size_t partial_stride;  // floats, >= head_size + 4
};

// A round of dot_peak is a small matmul: 16 rows of 8 columns, two lines of a panel, times 6
// tokens, so that 12 sums and what is multiplied fit 32 registers.
inline constexpr int32_t kPeakColumns = 8;
inline constexpr int32_t kPeakTokens = 6;
inline constexpr int32_t kPeakBlocks = 8;  // of [2][16][4] codes each, which rounds take in turns
inline constexpr int64_t kPeakMultiplyAdds = kPanelRows * kPeakColumns * kPeakTokens;  // a round

inline constexpr int32_t kLogitBlock = 256;  // logits that are summarised together

// What drawing a token needs to know of kLogitBlock logits.
struct LogitBlock {
  float max;
  float sum;  // of exp(logit - max); NaN where a logit is NaN or infinite
};

// A round of tile_peak: two tiles of tokens by two of weights, out of the first-level cache.
inline constexpr int32_t kTilePeakGroups = 8;
inline constexpr int64_t kTilePeakMultiplyAdds =
    int64_t{2} * kTileTokens * 2 * kPanelRows * kTilePeakGroups * kGroupColumns;

struct KernelTable {
  Isa isa;

  void (*matmul)(const MatmulArgs& args);
  // Rounds row `token` of `x`.values to its precision; nothing to do for kFloat.
  void (*quantize)(const Activations& x, int32_t token);
  // Rounds `in` [count][32], for a `x` of kInt8 or kBfloat, to its groups from `first` on, counted
  // over all rows, of one row: what quantize() does with those values.
  void (*quantize_groups)(const float* in, const Activations& x, std::size_t first, int32_t count);
  // out[i] = in[i] / rms(in) * weight[i]   (Zhang and Sennrich 2019)
  void (*rms_norm)(const float* in, const float* weight, int32_t count, float epsilon, float* out);
  // out[i] = (in[i] - mean) / deviation * weight[i] + bias[i]   (Ba et al. 2016)
  void (*layer_norm)(const float* in, const float* weight, const float* bias, int32_t count,
                     float epsilon, float* out);
  // out[i] = silu(gate[i]) * up[i]   (Shazeer 2020); out may be gate or up
  void (*silu_multiply)(const float* gate, const float* up, int32_t count, float* out);
  // out[i] = gelu(gate[i]) * up[i], the approximation by tanh; out may be gate or up
  void (*gelu_multiply)(const float* gate, const float* up, int32_t count, float* out);
  // out[i] = gelu(in[i]), by the error function   (Hendrycks and Gimpel 2016); out may be in
  void (*gelu)(const float* in, int32_t count, float* out);
  // values[i] = cap * tanh(values[i] / cap); any count
  void (*soft_cap)(float* values, int32_t count, float cap);
  LogitBlock (*summarise_logits)(const float* logits);  // of [kLogitBlock]
  // out[i] = in[i] / scale, rounded and within +-codes_max; returns the scale, the smallest that
  // does it, as the bits of a bfloat16. `count` is a multiple of 16.
  uint16_t (*round_to_words)(const float* in, int32_t count, int32_t codes_max, int16_t* out);
  void (*attend_int16)(const AttentionArgs& args);  // pages of KvType::kInt16
  void (*attend_int8)(const AttentionArgs& args);   // pages of KvType::kInt8
  void (*attend_float)(const AttentionArgs& args);  // pages of KvType::kF32
  // Folds the partial result of a later split into that of the earlier ones.
  void (*fold_partial)(float* into, const float* from, int32_t head_size);
  // out[head_size] = the finished attention of a row from its folded partial.
  void (*finish_partial)(const float* partial, int32_t head_size, float* out);
  // What adapters add to a product, in two steps.
  void (*shrink)(const ShrinkArgs& args);
  void (*expand)(const ExpandArgs& args);
  // Integer dot products out of registers: what matmul is measured against (kernels/peak.h).
  // Returns the sum of the products of `rounds` rounds: codes [kPeakBlocks][2][16][4] within 0..127
  // times tokens [kPeakTokens][kPeakColumns] within +-127, such that no part of it leaves int32.
  int64_t (*dot_peak)(const std::byte* codes, const int8_t* tokens, int64_t rounds);
  // The same for products of tiles, where the table has them: ones times ones, and what they add
  // up to for one of 256 sums of each product.
  int64_t (*tile_peak)(int64_t rounds) = nullptr;

  bool has_tiles() const { return tile_peak != nullptr; }  // takes Precision::kBfloat
};

// The table of an instruction set that usable_isas() lists (checked).
const KernelTable& kernels_for(Isa isa);

}  // namespace hearth

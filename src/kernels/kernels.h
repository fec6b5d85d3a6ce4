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
#include "kernels/panel.h"

namespace hearth {

// How an input of a matmul was rounded.
enum class Precision {
  kInt8,   // one byte a value, a scale for each group of 32
  kInt16,  // two bytes: a coarse and a fine code; for inputs with outliers, twice the
           // multiplications
  kFloat,
};

// The inputs of a matmul, [tokens][columns]; each token's row is contiguous. `values` is always
// there, as matrices of float types use it; the rest is what block types use, unless the precision
// is kFloat.
struct Activations {
  Precision precision = Precision::kFloat;
  float fine_from = 0.0f;  // kInt16: a group gets fine codes from this share of its row's largest
                           // value on; others have zeros there, which cost no multiplications
  int32_t columns = 0;
  const float* values = nullptr;  // [tokens][columns]
  int8_t* codes = nullptr;        // [tokens][columns], within +-127; the high byte for kInt16
  int8_t* fine_codes =
      nullptr;  // kInt16: [tokens][columns], within +-127; value = scale * (256 codes + fine_codes)
  bool* fine_groups = nullptr;  // kInt16: [tokens][columns / 32]: whether any fine code is not 0
  float* scales = nullptr;      // [tokens][columns / 32]
  int32_t* sums =
      nullptr;  // [tokens][columns / 32]: sum of the group's codes (of 256 codes + fine_codes)
  int32_t* half_sums =
      nullptr;  // [tokens][columns / 16]: the same of 16 codes, for types with a scale for each 16
  float* scaled_sums = nullptr;  // [tokens][columns / 32]: scales * sums
};

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
inline constexpr int32_t kKeyBlock = 16;  // positions side by side in the key cache

// Attention of several query rows that share one KV head over one split of the context.
struct AttentionArgs {
  const std::byte* const* keys;    // pages of the split: [page_tokens / 16][head_size][16]
  const std::byte* const* values;  // pages of the split: [page_tokens][head_size]
  int32_t page_tokens;
  int32_t head_size;            // a multiple of 16
  int32_t rows;                 // query rows
  const float* const* queries;  // [rows] pointers to [head_size]
  const int32_t*
      visible;  // [rows]: where what the row may see of this split ends, 0..kAttentionSplit
  const int32_t* first =
      nullptr;    // [rows]: where it begins, 0 where visible is 0; nullptr: with the split
  float scale;    // factor of the scores before softmax
  float* scores;  // scratch [rows][kAttentionSplit]
  float*
      partials;  // out [rows][partial_stride]: sum of weighted values [head_size], max, weight sum
  std::size_t partial_stride;  // floats, >= head_size + 2
};

// A round of dot_peak is a small matmul: 16 rows of 8 columns, two lines of a panel, times 6
// tokens, so that 12 sums and what is multiplied fit 32 registers.
inline constexpr int32_t kPeakColumns = 8;
inline constexpr int32_t kPeakTokens = 6;
inline constexpr int32_t kPeakBlocks = 8;  // of [2][16][4] codes each, which rounds take in turns
inline constexpr int64_t kPeakMultiplyAdds = kPanelRows * kPeakColumns * kPeakTokens;  // a round

struct KernelTable {
  Isa isa;

  void (*matmul)(const MatmulArgs& args);
  // Rounds row `token` of `x`.values to its precision; nothing to do for kFloat.
  void (*quantize)(const Activations& x, int32_t token);
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
  void (*to_half)(const float* in, int32_t count, uint16_t* out);
  void (*attend_half)(const AttentionArgs& args);   // keys and values f16
  void (*attend_float)(const AttentionArgs& args);  // keys and values f32
  // Folds the partial result of a later split into that of the earlier ones.
  void (*fold_partial)(float* into, const float* from, int32_t head_size);
  // out[head_size] = the finished attention of a row from its folded partial.
  void (*finish_partial)(const float* partial, int32_t head_size, float* out);
  // Integer dot products out of registers: what matmul is measured against (kernels/peak.h).
  // Returns the sum of the products of `rounds` rounds: codes [kPeakBlocks][2][16][4] within 0..127
  // times tokens [kPeakTokens][kPeakColumns] within +-127, such that no part of it leaves int32.
  int64_t (*dot_peak)(const std::byte* codes, const int8_t* tokens, int64_t rounds);
};

// The table of an instruction set that available_isas() lists (checked).
const KernelTable& kernels_for(Isa isa);

}  // namespace hearth

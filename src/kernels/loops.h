// SPDX-License-Identifier: Apache-2.0
// Every kernel, written once over the primitives of a vector_*.h header (VecF, VecI, VecB, f_*,
// i_*, b_*, kLanes). Included once by each kernels_*.cc after that header; all of it is in an
// anonymous namespace, so that no code built for one instruction set can be linked into another.
//
// Order of arithmetic: output rows are lanes, so a row's sum runs over the columns in order in
// every kernel; sums over a vector use 16 virtual lanes and one fixed tree. Hence AVX2, AVX-512
// and NEON give the same bits.
#pragma once

#include "kernels/kernels.h"
#include "kernels/loops_attention_float.h"
#include "kernels/loops_attention_integer.h"
#include "kernels/loops_low_rank.h"
#include "kernels/loops_matmul.h"
#include "kernels/loops_peak.h"
#include "kernels/loops_vector.h"

namespace hearth {
namespace {

constexpr KernelTable make_table(Isa isa) {
  return KernelTable{
      .isa = isa,
      .matmul = matmul,
      .quantize = quantize,
      .quantize_groups = quantize_groups,
      .rms_norm = rms_norm,
      .layer_norm = layer_norm,
      .silu_multiply = silu_multiply,
      .gelu_multiply = gelu_multiply,
      .gelu = gelu,
      .soft_cap = soft_cap,
      .summarise_logits = summarise_logits,
      .round_to_words = round_to_words,
      .attend_int16 = attend<IntegerCache<WordElement>>,
      .attend_int8 = attend<IntegerCache<ByteElement>>,
      .attend_float = attend<FloatCache>,
      .fold_partial = fold_partial,
      .finish_partial = finish_partial,
      .shrink = shrink,
      .expand = expand,
      .dot_peak = dot_peak,
  };
}

}  // namespace
}  // namespace hearth

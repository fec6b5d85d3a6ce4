// SPDX-License-Identifier: Apache-2.0
// Matrices of low rank, which are added to those of a model: y += B (A x), B of [rows][rank] and A
// of [rank][columns] (Hu et al. 2021, "LoRA"). `Shrink` multiplies A, `Expand` B, as Punica (Chen
// et al. 2023) calls the two. Either is laid out for its kernel, of floats or of bytes with scales
// (docs/decisions/0034-adapters.md says what the rounding costs).
//
// Shrink: blocks of four rows; for each group of 32 columns of a block: of bytes first the rows'
// four scales, float; then 32 values of each row. Rows that fill up the last block are zeros.
// Expand: panels of sixteen rows; for each panel: of bytes first the rows' sixteen scales,
// bfloat16; then for each place of the rank sixteen values, one of each row. Scales are such that
// the largest value beside them is at most +-127 of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernels/panel.h"

namespace hearth {

enum class LowRankType { kBytes, kFloats };

inline constexpr int32_t kShrinkRows = 4;  // side by side
inline constexpr int32_t kLowRankMax = 1024;

// Borrowed memory. Empty where `rows` is 0.
struct ShrinkMatrix {
  LowRankType type = LowRankType::kFloats;
  int32_t rows = 0;     // any number
  int32_t columns = 0;  // a multiple of kGroupColumns
  const std::byte* data = nullptr;

  int32_t blocks() const { return (rows + kShrinkRows - 1) / kShrinkRows; }
  std::size_t block_bytes() const;
  std::size_t bytes() const { return static_cast<std::size_t>(blocks()) * block_bytes(); }
};

struct ExpandMatrix {
  LowRankType type = LowRankType::kFloats;
  int32_t rows = 0;  // a multiple of kPanelRows
  int32_t rank = 0;
  const std::byte* data = nullptr;

  int32_t panels() const { return rows / kPanelRows; }
  std::size_t panel_bytes() const;
  std::size_t bytes() const { return static_cast<std::size_t>(panels()) * panel_bytes(); }
};

inline constexpr std::size_t kExpandScaleBytes = 2;

// Of a group of a block, and of a panel of `rank`.
constexpr std::size_t shrink_group_bytes(LowRankType type) {
  constexpr std::size_t kValues = std::size_t{kShrinkRows} * kGroupColumns;
  return type == LowRankType::kFloats ? kValues * sizeof(float)
                                      : kShrinkRows * sizeof(float) + kValues;
}
constexpr std::size_t expand_panel_bytes(LowRankType type, int32_t rank) {
  const std::size_t values = static_cast<std::size_t>(kPanelRows) * static_cast<std::size_t>(rank);
  return type == LowRankType::kFloats ? values * sizeof(float)
                                      : kPanelRows * kExpandScaleBytes + values;
}

inline std::size_t ShrinkMatrix::block_bytes() const {
  return static_cast<std::size_t>(columns / kGroupColumns) * shrink_group_bytes(type);
}
inline std::size_t ExpandMatrix::panel_bytes() const { return expand_panel_bytes(type, rank); }

// Writes finite `values` [rows][columns] as row `first` and those after it of a matrix whose bytes
// are at `out`, and were zeros before.
void pack_shrink_rows(const ShrinkMatrix& matrix, int32_t first, std::span<const float> values,
                      std::byte* out);
// Writes finite `values` [rows][rank], all of them.
void pack_expand(const ExpandMatrix& matrix, std::span<const float> values, std::byte* out);

// Token i of a product is row tokens[i]. Its inputs stand, and its outputs go, where either kernel
// says.
struct LowRankTokens {
  const int32_t* tokens;  // [count]
  int32_t count;
  int32_t first;  // the row that stands first among those of the model's activations
};

// out[tokens[i] * out_stride + r] = scales[i] * (row r of the blocks times the inputs of token i,
// at inputs + (tokens[i] - first) * columns), r from kShrinkRows * block_begin on.
//
// Of either step `ahead` are bytes that the thread will probably read next, if any: it asks memory
// for them on the way.
struct ShrinkArgs {
  const ShrinkMatrix* weights;
  int32_t block_begin;
  int32_t block_end;
  LowRankTokens tokens;
  const float* scales;  // [count]
  const float* inputs;
  float* out;
  std::size_t out_stride;
  std::span<const std::byte> ahead = {};
};

// out[(tokens[i] - first) * out_stride + r] grows by the product of row panel_begin * 16 + r with
// the `rank` inputs of token i at inputs + tokens[i] * in_stride.
struct ExpandArgs {
  const ExpandMatrix* weights;
  int32_t panel_begin;
  int32_t panel_end;
  LowRankTokens tokens;
  const float* inputs;
  std::size_t in_stride;
  float* out;
  std::size_t out_stride;
  std::span<const std::byte> ahead = {};
};

}  // namespace hearth

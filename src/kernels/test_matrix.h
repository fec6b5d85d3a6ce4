// SPDX-License-Identifier: Apache-2.0
// For the tests and benchmarks of kernels: random matrices of every element type and random inputs.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "kernels/kernels.h"
#include "tensor/dequantize.h"
#include "tensor/half.h"

namespace hearth {

inline constexpr DType kTypes[] = {DType::kF32,  DType::kF16,    DType::kBF16, DType::kQ4_0,
                                   DType::kQ4_1, DType::kQ5_0,   DType::kQ5_1, DType::kQ8_0,
                                   DType::kQ2_K, DType::kQ3_K,   DType::kQ4_K, DType::kQ5_K,
                                   DType::kQ6_K, DType::kIQ4_NL, DType::kMXFP4};

inline void put_half(float value, std::byte* at) {
  const uint16_t half = float_to_half(value);
  std::memcpy(at, &half, sizeof half);
}

// Random blocks of a type: any bits for codes and for the small scales of superblocks, small scales
// and mins.
inline std::vector<std::byte> random_rows(DType dtype, int32_t rows, int32_t columns,
                                          std::mt19937& random) {
  const DTypeInfo& info = dtype_info(dtype);
  const std::size_t blocks = static_cast<std::size_t>(rows) * columns / info.block_values;
  std::vector<std::byte> bytes(blocks * info.block_bytes);
  std::normal_distribution<float> normal(0.0f, 0.05f);
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(random());
  for (std::size_t block = 0; block < blocks; ++block) {
    std::byte* at = bytes.data() + block * info.block_bytes;
    const float value = normal(random);
    switch (dtype) {
      case DType::kF32:
        std::memcpy(at, &value, sizeof value);
        break;
      case DType::kBF16: {
        const uint16_t bits = float_to_bfloat(value);
        std::memcpy(at, &bits, sizeof bits);
        break;
      }
      case DType::kMXFP4:  // 2^-12 .. 2^-1 mostly; now and then a scale that is subnormal
        *at = static_cast<std::byte>(random() % 20 == 0 ? random() % 3 : 116 + random() % 12);
        break;
      case DType::kQ2_K:
        put_half(value, at + 80);
        put_half(normal(random), at + 82);
        break;
      case DType::kQ3_K:
        put_half(value, at + 108);
        break;
      case DType::kQ6_K:
        put_half(value, at + 208);
        break;
      case DType::kQ4_1:
      case DType::kQ5_1:
      case DType::kQ4_K:
      case DType::kQ5_K:
        put_half(value, at);
        put_half(normal(random), at + 2);
        break;
      default:
        put_half(value, at);
    }
  }
  return bytes;
}

// The shortest row that every type can have, from a number of 32-value blocks.
inline int32_t columns_of(DType dtype, int32_t blocks) {
  return blocks * static_cast<int32_t>(std::max(32u, dtype_info(dtype).block_values));
}

// A random matrix, packed, and the same as float.
struct TestMatrix {
  TestMatrix(DType dtype, int32_t rows, int32_t columns, std::mt19937& random)
      : values(static_cast<std::size_t>(rows) * columns) {
    const auto blocks = random_rows(dtype, rows, columns, random);
    const std::size_t row_bytes = blocks.size() / rows;
    for (int32_t row = 0; row < rows; ++row) {
      dequantize(dtype, {blocks.data() + row * row_bytes, row_bytes},
                 {values.data() + static_cast<std::size_t>(row) * columns,
                  static_cast<std::size_t>(columns)});
    }
    packed = {
        .dtype = dtype, .rows = rows, .columns = columns, .layout = panel_layout(dtype, columns)};
    memory.resize(static_cast<std::size_t>(packed.panels()) * packed.layout.bytes);
    packed.data = memory.data();
    for (int32_t panel = 0; panel < packed.panels(); ++panel) {
      pack_panel(dtype, blocks.data() + static_cast<std::size_t>(panel) * kPanelRows * row_bytes,
                 row_bytes, std::min(kPanelRows, rows - panel * kPanelRows), columns,
                 memory.data() + panel * packed.layout.bytes);
    }
  }

  std::vector<float> values;  // [rows][columns]
  std::vector<std::byte> memory;
  PanelMatrix packed;
};

// Random inputs with an outlier now and then, rounded by a table's own kernel. As `fine_from` is,
// groups with an outlier have fine codes, and those of rows without one.
struct TestInputs {
  TestInputs(const KernelTable& kernels, Precision precision, int32_t tokens, int32_t columns,
             std::mt19937& random, float fine_from = 0.3f)
      : values(static_cast<std::size_t>(tokens) * columns),
        codes(values.size()),
        fine_codes(values.size()),
        bfloats(static_cast<std::size_t>((tokens + kTileTokens - 1) / kTileTokens) * kTileTokens *
                columns),
        groups(values.size() / kGroupColumns) {
    std::normal_distribution<float> normal;
    for (float& value : values) value = normal(random) * (random() % 50 == 0 ? 30.0f : 1.0f);
    view = {.precision = precision,
            .fine_from = fine_from,
            .columns = columns,
            .values = values.data(),
            .codes = codes.data(),
            .fine_codes = fine_codes.data(),
            .groups = groups.data(),
            .bfloats = bfloats.data()};
    for (int32_t token = 0; token < tokens; ++token) kernels.quantize(view, token);
  }

  // The value that a matmul with matrices of `dtype` sees.
  double rounded(std::size_t index, DType dtype) const {
    if (view.precision == Precision::kFloat || dtype_info(dtype).block_values == 1)
      return values[index];
    if (view.precision == Precision::kBfloat) return bfloat_to_float(bfloats[bfloat_index(index)]);
    const double code = view.precision == Precision::kInt16
                            ? 256.0 * codes[index] + fine_codes[index]
                            : codes[index];
    return code * groups[index / kGroupColumns].scale;
  }

  // Where a value lies among the tiles.
  std::size_t bfloat_index(std::size_t index) const {
    const auto columns = static_cast<std::size_t>(view.columns);
    const std::size_t row = index / columns;
    const std::size_t column = index % columns;
    const std::size_t tile = row / kTileTokens * (columns / kGroupColumns) + column / kGroupColumns;
    return (tile * kTileTokens + row % kTileTokens) * kGroupColumns + column % kGroupColumns;
  }

  std::vector<float> values;
  std::vector<int8_t> codes, fine_codes;
  std::vector<uint16_t> bfloats;
  std::vector<ActivationGroup> groups;
  Activations view;
};

// What a table rounds inputs to.
inline std::vector<Precision> precisions_of(const KernelTable& kernels) {
  std::vector<Precision> all = {Precision::kInt8, Precision::kInt16, Precision::kFloat};
  if (kernels.has_tiles()) all.push_back(Precision::kBfloat);
  return all;
}

inline std::vector<float> multiply(const KernelTable& kernels, const TestMatrix& matrix,
                                   const TestInputs& inputs, int32_t tokens, Epilogue epilogue,
                                   float start) {
  std::vector<float> out(static_cast<std::size_t>(tokens) * matrix.packed.rows, start);
  kernels.matmul({&matrix.packed, 0, matrix.packed.panels(), &inputs.view, tokens, out.data(),
                  static_cast<std::size_t>(matrix.packed.rows), epilogue});
  return out;
}

}  // namespace hearth

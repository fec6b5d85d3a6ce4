// SPDX-License-Identifier: Apache-2.0
// The kernels of the amx instruction set: those of avx512, and for Precision::kBfloat its own.
#if defined(__x86_64__)
#include "kernels/vector_avx512.h"
// The loops need the primitives above them.
#if defined(HEARTH_EMULATED_TILES)
#include "kernels/tiles_emulated.h"
#else
#include "kernels/tiles_amx.h"
#endif
#include "kernels/loops_bfloat.h"

namespace hearth {

extern const KernelTable kKernelsAvx512;

namespace {

void matmul(const MatmulArgs& args) {
  if (args.inputs->precision != Precision::kBfloat || !args.weights->is_block_type())
    return kKernelsAvx512.matmul(args);
  with_format(args.weights->dtype, [&]<typename Format>(Format) { multiply_bfloat<Format>(args); });
}

void quantize_groups(const float* in, const Activations& x, std::size_t first, int32_t count) {
  if (x.precision != Precision::kBfloat) return kKernelsAvx512.quantize_groups(in, x, first, count);
  round_bfloat_groups(in, x, first, count);
}

void quantize(const Activations& x, int32_t token) {
  if (x.precision != Precision::kBfloat) return kKernelsAvx512.quantize(x, token);
  const int32_t groups = x.columns / kGroupColumns;
  const std::size_t first = static_cast<std::size_t>(token) * static_cast<std::size_t>(groups);
  round_bfloat_groups(x.values + first * kGroupColumns, x, first, groups);
}

struct NothingBetween {
  void step() {}
};

int64_t tile_peak(int64_t rounds) {
  constexpr uint16_t kOne = 0x3F80;
  alignas(64) uint16_t tiles[4][kTilePeakGroups * kTileValues];
  for (auto& run : tiles) {
    for (uint16_t& value : run) value = kOne;
  }
  const uint16_t* const tokens[2] = {tiles[0], tiles[1]};
  const uint16_t* const weights[2] = {tiles[2], tiles[3]};
  NothingBetween nothing;
  int64_t total = 0;
  Tiles::begin();
  for (int64_t round = 0; round < rounds; ++round) {
    alignas(64) float sums[2][2][kTileTokens * kPanelRows];
    Tiles::multiply(tokens, weights, kTilePeakGroups, sums, nothing);
    total += static_cast<int64_t>(sums[0][0][0] + sums[0][1][0] + sums[1][0][0] + sums[1][1][0]);
  }
  Tiles::end();
  return total;
}

}  // namespace

KernelTable amx_kernels() {
  KernelTable table = kKernelsAvx512;
  table.isa = Isa::kAmx;
  table.matmul = matmul;
  table.quantize = quantize;
  table.quantize_groups = quantize_groups;
  table.tile_peak = tile_peak;
  return table;
}

}  // namespace hearth
#endif

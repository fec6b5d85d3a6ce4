// SPDX-License-Identifier: Apache-2.0
// What tiles_amx.h does, by the primitives of vector_avx512.h, with the sums in the order that
// Intel describes for TDPBF16PS: for tests of the code around it, on CPUs with AVX-512 but no AMX.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace hearth {
namespace {

constexpr std::size_t kTileValues = 16 * 32;

struct Tiles {
  static void begin() {}
  static void end() {}

  template <int kTokenTiles, int kPanels, typename Between>
  static void multiply(const uint16_t* const (&tokens)[kTokenTiles],
                       const uint16_t* const (&weights)[kPanels], std::size_t count,
                       float (&sums)[kTokenTiles][kPanels][16 * 16], Between& between) {
    for (std::size_t i = 0; i < count; ++i) between.step();
    for (int t = 0; t < kTokenTiles; ++t) {
      for (int p = 0; p < kPanels; ++p) {
        for (float& sum : sums[t][p]) sum = 0.0f;
        for (std::size_t tile = 0; tile < count; ++tile)
          add_product(tokens[t] + tile * kTileValues, weights[p] + tile * kTileValues, sums[t][p]);
      }
    }
  }

 private:
  static float widened(uint16_t bits) {
    const uint32_t wide = uint32_t{bits} << 16;
    float value;
    std::memcpy(&value, &wide, sizeof value);
    return value;
  }

  // Columns two by two: those at even places are summed apart from those at odd ones.
  static void add_product(const uint16_t* tokens, const uint16_t* weights, float* sums) {
    VecF rows[16][2];  // [pair of columns][column]
    for (int pair = 0; pair < 16; ++pair) {
      const VecI both = i_load(weights + pair * 32);
      rows[pair][0] = f_from_bits(i_shift_left<16>(both));
      rows[pair][1] = f_from_bits(i_and(both, i_set1(-1 << 16)));
    }
    for (int token = 0; token < 16; ++token) {
      VecF even = f_set1(0.0f);
      VecF odd = f_set1(0.0f);
      for (int pair = 0; pair < 16; ++pair) {
        const uint16_t* columns = tokens + token * 32 + pair * 2;
        even = f_add(even, f_mul(f_set1(widened(columns[0])), rows[pair][0]));
        odd = f_add(odd, f_mul(f_set1(widened(columns[1])), rows[pair][1]));
      }
      float* at = sums + token * 16;
      f_store(at, f_add(f_load(at), f_add(even, odd)));
    }
  }
};

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Products of bfloat16 tiles by Intel AMX (Intel, Architecture Instruction Set Extensions, chapter
// 3). A tile is 16 rows of 64 bytes; see loops_bfloat.h for how they lie. The process
// has asked the kernel for the tiles' registers before (isa.cc).
//
// Threading: a thread's registers hold tiles between begin() and end(); between them it calls
// nothing but this.
#pragma once

#include <immintrin.h>

#include <cstddef>
#include <cstdint>

namespace hearth {
namespace {

// Eight tiles of 16 rows of 64 bytes. A constant in memory: GCC 12 does not know that
// _tile_loadconfig() reads more than its first 8 bytes, and would not write the others of a
// variable.
struct alignas(64) TileConfiguration {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfiguration) == 64);
constexpr TileConfiguration kTileConfiguration = {};

constexpr std::size_t kTileValues = 16 * 32;

struct Tiles {
  static void begin() { _tile_loadconfig(&kTileConfiguration); }
  static void end() { _tile_release(); }

  // sums[t][p][16 tokens][16 rows] = the products of `count` tiles each, that follow each other
  // from tokens[t] and weights[p] on. `between`.step() is called `count` times: vector instructions
  // in it run while the tiles' unit is busy. The intrinsics take numbers of registers only: 0 to 3
  // hold sums, 4 and 5 tokens, 6 and 7 weights.
  template <int kTokenTiles, int kPanels, typename Between>
  static void multiply(const uint16_t* const (&tokens)[kTokenTiles],
                       const uint16_t* const (&weights)[kPanels], std::size_t count,
                       float (&sums)[kTokenTiles][kPanels][16 * 16], Between& between) {
    constexpr bool kSecondToken = kTokenTiles == 2;
    constexpr bool kSecondPanel = kPanels == 2;
    // What was written by stores that the compiler does not see as what these loads read.
    __asm__ volatile("" ::: "memory");
    _tile_zero(0);
    if constexpr (kSecondPanel) _tile_zero(1);
    if constexpr (kSecondToken) _tile_zero(2);
    if constexpr (kSecondToken && kSecondPanel) _tile_zero(3);
    for (std::size_t at = 0; at < count * kTileValues; at += kTileValues) {
      _tile_loadd(4, tokens[0] + at, 64);
      _tile_loadd(6, weights[0] + at, 64);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (kSecondPanel) {
        _tile_loadd(7, weights[1] + at, 64);
        _tile_dpbf16ps(1, 4, 7);
      }
      if constexpr (kSecondToken) {
        _tile_loadd(5, tokens[1] + at, 64);
        _tile_dpbf16ps(2, 5, 6);
      }
      if constexpr (kSecondToken && kSecondPanel) _tile_dpbf16ps(3, 5, 7);
      between.step();
    }
    _tile_stored(0, sums[0][0], 64);
    if constexpr (kSecondPanel) _tile_stored(1, sums[0][1], 64);
    if constexpr (kSecondToken) _tile_stored(2, sums[1][0], 64);
    if constexpr (kSecondToken && kSecondPanel) _tile_stored(3, sums[1][1], 64);
    __asm__ volatile("" ::: "memory");
  }
};

}  // namespace
}  // namespace hearth

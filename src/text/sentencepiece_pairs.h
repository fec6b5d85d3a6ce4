// SPDX-License-Identifier: Apache-2.0
// What SentencePiece knows of two bytes that follow each other.
#pragma once

#include <cstddef>
#include <cstdint>

namespace hearth {

// A set of these bits.
inline constexpr uint8_t kPairCut = 1;
inline constexpr uint8_t kPairUserDefined = 2;
inline constexpr std::size_t kPairs = 256 * 256;

inline std::size_t byte_pair(char first, char second) {
  return static_cast<std::size_t>(static_cast<unsigned char>(first)) << 8 |
         static_cast<unsigned char>(second);
}

}  // namespace hearth

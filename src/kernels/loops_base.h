// SPDX-License-Identifier: Apache-2.0
// What all loops stand on beside the primitives of an instruction set. See loops.h for how it is
// included.
#pragma once

#include <cstddef>

// These small functions pass vectors by reference; not inlined they would go through memory.
#define HEARTH_INLINE [[gnu::always_inline]] inline

namespace hearth {
namespace {

// Asks for a line of memory that will be read soon. Into the second-level cache: the first one has
// fewer requests under way at once than memory needs, and what is in it is in use.
inline void fetch(const std::byte* at) {
  constexpr int kForReading = 0;
  constexpr int kSecondLevel = 2;
  __builtin_prefetch(at, kForReading, kSecondLevel);
}

constexpr int kParts = 16 / kLanes;  // vectors that make up 16 virtual lanes

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Tables of Unicode's simple case mappings (case.cc is generated).
#pragma once

#include <cstdint>
#include <span>

namespace hearth::jinja {

// Every `stride`-th code point of [first, last] maps to itself plus `delta`.
struct CaseRange {
  char32_t first;
  char32_t last;
  uint32_t stride;
  int32_t delta;
};

// Ascending. They live as long as the program.
std::span<const CaseRange> upper_ranges();
std::span<const CaseRange> lower_ranges();

// What `code_point` maps to; itself where `ranges` do not name it.
char32_t mapped(std::span<const CaseRange> ranges, char32_t code_point);

}  // namespace hearth::jinja

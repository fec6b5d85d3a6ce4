// SPDX-License-Identifier: Apache-2.0
// What must not be in an answer: secrets, canaries, a text that goes round in a circle, more than
// was asked for. Linear in the answer. Pure functions.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "guard/guard.h"

namespace hearth {

enum class OutputFault : uint8_t { kSecret, kCanary, kLoop, kTooLong };

struct OutputFinding {
  OutputFault fault;
  std::size_t begin;  // bytes of the answer
  std::size_t end;

  bool operator==(const OutputFinding&) const = default;
};

struct OutputLimits {
  std::size_t bytes_max = 1 << 20;
  std::size_t loop_bytes_min = 400;  // of a circle, until it is one
  std::size_t loop_rounds_min = 4;
  std::vector<std::string> canaries;  // found in any case, and however they are disguised
};

// In order of where they begin. A secret that is in `known` (the user's own text) is none.
std::vector<OutputFinding> check_output(const Guard& guard, std::string_view answer,
                                        const OutputLimits& limits, std::string_view known = {});

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// adapter_config.json, with which PEFT (Hugging Face) describes a LoRA adapter: untrusted bytes to
// the few settings that matter to whoever applies it. What would change the numbers and is not
// supported is refused by name; everything else is skipped. Of members that occur twice the last
// one counts, as in Python. Source: `peft.LoraConfig`.
//
// Ownership: owns what it holds. Threading: immutable after parse().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace hearth {

// What the reader accepts at most.
inline constexpr std::size_t kPeftConfigBytesMax = std::size_t{4} << 20;
inline constexpr std::size_t kPeftPatternsMax = 65536;
inline constexpr std::size_t kPeftTextBytesMax = 4096;  // of a name or pattern
inline constexpr int32_t kLoraRankMax = 1024;

// The number for modules whose name fits the first.
using PeftPatterns = std::vector<std::pair<std::string, double>>;

struct PeftConfig {
  int32_t rank = 0;                 // 1..kLoraRankMax
  double alpha = 0.0;               // finite
  bool is_rank_stabilised = false;  // alpha / sqrt(rank) (rsLoRA, Kalajdzievski 2023)
  PeftPatterns ranks;               // whole numbers 1..kLoraRankMax
  PeftPatterns alphas;              // finite
  std::string base_model;           // where it was trained on, as far as it says

  // `name` is what errors call the file. Errors: kCorrupt (malformed, a setting absent or out of
  // range: says which), kUnsupported (another method than LoRA, or a part of it that hearth does
  // not apply: named).
  static Result<PeftConfig> parse(std::string_view text, std::string_view name);
};

}  // namespace hearth

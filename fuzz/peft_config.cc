// SPDX-License-Identifier: Apache-2.0
// The reader of adapter_config.json on any bytes: it refuses them in one line, or what it says lies
// within its bounds.
#include <cmath>
#include <cstdint>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "check_error.h"
#include "format/peft_config.h"

using namespace hearth;  // NOLINT: a harness is a program of its own

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const auto config =
      PeftConfig::parse({reinterpret_cast<const char*>(data), size}, "adapter_config.json");
  if (!config.ok()) {
    check_error(config.error());
    return 0;
  }
  HEARTH_CHECK(config->rank >= 1 && config->rank <= kLoraRankMax);
  HEARTH_CHECK(std::isfinite(config->alpha));
  HEARTH_CHECK(sanitize_utf8(config->base_model) == config->base_model);
  HEARTH_CHECK(config->ranks.size() <= kPeftPatternsMax);
  for (const auto& [pattern, rank] : config->ranks) {
    HEARTH_CHECK(sanitize_utf8(pattern) == pattern);
    HEARTH_CHECK(rank >= 1.0 && rank <= kLoraRankMax && std::floor(rank) == rank);
  }
  for (const auto& [pattern, alpha] : config->alphas) HEARTH_CHECK(std::isfinite(alpha));
  return 0;
}

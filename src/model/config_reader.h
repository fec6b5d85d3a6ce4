// SPDX-License-Identifier: Apache-2.0
// Reads "<architecture>.<key>" entries of GGUF metadata within stated ranges.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/strings.h"
#include "format/gguf.h"

namespace hearth {

// Borrows file and name. Errors of all: kCorrupt, naming the key (absent without a fallback, of
// another type, outside the range: both).
class ConfigReader {
 public:
  ConfigReader(const GgufFile& gguf, std::string_view architecture)
      : gguf_(gguf), architecture_(architecture) {}

  std::string key_name(std::string_view key) const { return concat(architecture_, ".", key); }
  bool has(std::string_view key) const { return gguf_.find(key_name(key)) != nullptr; }

  Result<int32_t> integer(std::string_view key, int32_t low, int32_t high,
                          std::optional<int32_t> fallback = {}) const;
  Result<float> number(std::string_view key, double low, double high,
                       std::optional<float> fallback = {}) const;
  // Absent is empty.
  Result<std::string_view> text(std::string_view key) const;

 private:
  const GgufFile& gguf_;
  std::string_view architecture_;
};

}  // namespace hearth

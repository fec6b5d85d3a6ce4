// SPDX-License-Identifier: Apache-2.0
#include "model/config_reader.h"

namespace hearth {
namespace {

Error absent(const std::string& name) {
  return Error(ErrorCode::kCorrupt, concat(name, ": is absent; fetch the model again"));
}

template <typename Value, typename Bound>
Error outside(const std::string& name, Value value, Bound low, Bound high) {
  return Error(ErrorCode::kCorrupt, concat(name, ": ", value, " is outside ", low, " to ", high,
                                           "; fetch the model again"));
}

}  // namespace

Result<int32_t> ConfigReader::integer(std::string_view key, int32_t low, int32_t high,
                                      std::optional<int32_t> fallback) const {
  const std::string name = key_name(key);
  HEARTH_ASSIGN(const auto value, gguf_.get_uint(name));
  if (!value && fallback) return *fallback;
  if (!value) return absent(name);
  if (*value < static_cast<uint64_t>(low) || *value > static_cast<uint64_t>(high))
    return outside(name, *value, low, high);
  return static_cast<int32_t>(*value);
}

Result<float> ConfigReader::number(std::string_view key, double low, double high,
                                   std::optional<float> fallback) const {
  const std::string name = key_name(key);
  HEARTH_ASSIGN(const auto value, gguf_.get_float(name));
  if (!value && fallback) return *fallback;
  if (!value) return absent(name);
  if (!(*value >= low && *value <= high)) return outside(name, *value, low, high);
  return static_cast<float>(*value);
}

Result<std::string_view> ConfigReader::text(std::string_view key) const {
  HEARTH_ASSIGN(const auto value, gguf_.get_string(key_name(key)));
  return value.value_or(std::string_view());
}

}  // namespace hearth

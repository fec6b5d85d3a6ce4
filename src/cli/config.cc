// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <algorithm>
#include <array>

#include "base/files.h"
#include "base/strings.h"
#include "toml/toml_reader.h"

namespace hearth {
namespace {

constexpr std::size_t kConfigBytesMax = 1 << 20;

// All of them, sorted. Each belongs to an option of some command, which checks the value.
constexpr std::array<std::string_view, 25> kSettings = {"context",
                                                        "exact",
                                                        "frequency_penalty",
                                                        "history",
                                                        "history_days",
                                                        "host",
                                                        "isa",
                                                        "kept_days",
                                                        "kv_bits",
                                                        "loop_limit",
                                                        "memory",
                                                        "min_p",
                                                        "model",
                                                        "parallel",
                                                        "port",
                                                        "presence_penalty",
                                                        "repeat_penalty",
                                                        "seed",
                                                        "speculate",
                                                        "system",
                                                        "temperature",
                                                        "threads",
                                                        "tokens",
                                                        "top_k",
                                                        "top_p"};
static_assert(std::is_sorted(kSettings.begin(), kSettings.end()));

std::string known_settings() {
  std::string names;
  for (const std::string_view name : kSettings) names += concat(names.empty() ? "" : ", ", name);
  return names;
}

}  // namespace

bool is_setting(std::string_view key) {
  return std::binary_search(kSettings.begin(), kSettings.end(), key);
}

std::string setting_variable(std::string_view key) {
  std::string name = "HEARTH_";
  for (const char c : key) name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

Result<std::map<std::string, std::string>> read_config(const std::filesystem::path& path) {
  std::map<std::string, std::string> settings;
  const auto text = read_file(path, kConfigBytesMax);
  if (!text.ok()) {
    if (text.error().code() == ErrorCode::kNotFound) return settings;
    return text.error();
  }
  const std::string name = printable(path.string(), 300);
  HEARTH_ASSIGN(TomlReader reader, TomlReader::parse(*text, name));
  for (const std::string& key : reader.keys()) {
    if (!is_setting(key)) {
      return Error(ErrorCode::kUsage, concat(name, ": ", printable(key),
                                             ": unknown setting; known are ", known_settings()));
    }
    if (auto value = reader.scalar_if(key)) settings[key] = std::move(*value);
  }
  HEARTH_TRY(reader.finish());
  return settings;
}

}  // namespace hearth

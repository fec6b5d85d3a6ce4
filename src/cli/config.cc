// SPDX-License-Identifier: Apache-2.0
#include "cli/config.h"

#include <algorithm>
#include <array>

#define TOML_EXCEPTIONS 0
#define TOML_HEADER_ONLY 1
#include <toml++/toml.h>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kConfigBytesMax = 1 << 20;

// All of them, sorted. Each belongs to an option of some command, which checks the value.
constexpr std::array<std::string_view, 23> kSettings = {"context",
                                                        "exact",
                                                        "frequency_penalty",
                                                        "history",
                                                        "host",
                                                        "isa",
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

Result<std::string> value_text(const toml::node& node, std::string_view place) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return concat(number->get());
  if (const auto* number = node.as_floating_point()) return concat(number->get());
  if (const auto* boolean = node.as_boolean()) {
    return std::string(boolean->get() ? "true" : "false");
  }
  return Error(ErrorCode::kUsage,
               concat(place, ": is neither text, a number nor a boolean; write key = value"));
}

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
  const toml::parse_result parsed = toml::parse(std::string_view(*text));
  if (!parsed) {
    const auto& error = parsed.error();
    return Error(ErrorCode::kCorrupt, concat(name, ": line ", error.source().begin.line, ": ",
                                             printable(error.description(), 200), "; correct it"));
  }
  for (const auto& [key, node] : parsed.table()) {
    const std::string place = concat(name, ": ", printable(key.str()));
    if (!is_setting(key.str())) {
      return Error(ErrorCode::kUsage,
                   concat(place, ": unknown setting; known are ", known_settings()));
    }
    HEARTH_ASSIGN(settings[std::string(key.str())], value_text(node, place));
  }
  return settings;
}

}  // namespace hearth

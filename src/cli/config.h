// SPDX-License-Identifier: Apache-2.0
// The user's defaults: $XDG_CONFIG_HOME/hearth/config.toml, a flat table of the settings that
// options declare (options.h). Every setting can also be given as HEARTH_<KEY> in the environment.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

// Values as text, by key; empty where there is no such file. Errors: kCorrupt (not TOML: line and
// cause), kUsage (an unknown key, or a value that is neither text, number nor boolean: named),
// kUnavailable (permission).
Result<std::map<std::string, std::string>> read_config(const std::filesystem::path& path);

// Whether `key` may stand in config.toml.
bool is_setting(std::string_view key);

// "top_k" to "HEARTH_TOP_K".
std::string setting_variable(std::string_view key);

}  // namespace hearth

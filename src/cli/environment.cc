// SPDX-License-Identifier: Apache-2.0
#include "cli/environment.h"

#include <unistd.h>

#include <cstdlib>

#include "base/strings.h"

namespace hearth {

Environment Environment::read() {
  Environment environment;
  environment.stdin_is_terminal_ = ::isatty(0) == 1;
  environment.stdout_is_terminal_ = ::isatty(1) == 1;
  environment.stderr_is_terminal_ = ::isatty(2) == 1;
  const std::string terminal = environment.variable("TERM").value_or("dumb");
  environment.colour_ =
      environment.stdout_is_terminal_ && terminal != "dumb" && !environment.variable("NO_COLOR");
  return environment;
}

std::optional<std::string> Environment::variable(const std::string& name) const {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr || *value == '\0') return std::nullopt;
  return value;
}

Result<std::filesystem::path> Environment::folder(const std::string& variable_name,
                                                  std::string_view below_home) const {
  if (const auto value = variable(variable_name)) {
    if (const std::filesystem::path path = *value; path.is_absolute()) return path / "hearth";
  }
  if (const auto home = variable("HOME")) {
    return std::filesystem::path(*home) / below_home / "hearth";
  }
  return Error(ErrorCode::kUnavailable,
               concat("environment: neither ", variable_name, " nor HOME is set; set one of them"));
}

Result<std::filesystem::path> Environment::data_folder() const {
  return folder("XDG_DATA_HOME", ".local/share");
}

Result<std::filesystem::path> Environment::state_folder() const {
  return folder("XDG_STATE_HOME", ".local/state");
}

Result<std::filesystem::path> Environment::cache_folder(std::string_view part) const {
  HEARTH_ASSIGN(const auto path, folder("XDG_CACHE_HOME", ".cache"));
  return path / part;
}

Result<std::filesystem::path> Environment::packed_folder() const { return cache_folder("packed"); }

Result<std::filesystem::path> Environment::costs_folder() const { return cache_folder("costs"); }

Result<std::filesystem::path> Environment::config_file() const {
  HEARTH_ASSIGN(const auto path, folder("XDG_CONFIG_HOME", ".config"));
  return path / "config.toml";
}

}  // namespace hearth

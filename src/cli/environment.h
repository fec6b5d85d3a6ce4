// SPDX-License-Identifier: Apache-2.0
// What the process was started with: environment variables, the user's folders, the terminals. The
// only place that reads environment variables.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

class Environment {
 public:
  static Environment read();

  // The variable's value; absent and empty are the same.
  std::optional<std::string> variable(const std::string& name) const;

  // hearth's folders by the XDG Base Directory specification; they need not exist. Relative paths
  // in XDG_* are ignored, as it demands. Errors: kUnavailable (HOME is not set either).
  Result<std::filesystem::path> data_folder() const;    // models
  Result<std::filesystem::path> state_folder() const;   // history
  Result<std::filesystem::path> packed_folder() const;  // weights that `prepare` packed: a cache
  Result<std::filesystem::path> costs_folder() const;   // what `bench` measured: a cache
  Result<std::filesystem::path> config_file() const;

  bool stdin_is_terminal() const { return stdin_is_terminal_; }
  bool stdout_is_terminal() const { return stdout_is_terminal_; }
  bool stderr_is_terminal() const { return stderr_is_terminal_; }
  // Whether escape sequences may be written to stdout: a capable terminal, and no NO_COLOR.
  bool colour() const { return colour_; }

 private:
  Environment() = default;
  Result<std::filesystem::path> folder(const std::string& variable_name,
                                       std::string_view below_home) const;
  Result<std::filesystem::path> cache_folder(std::string_view part) const;

  bool stdin_is_terminal_ = false;
  bool stdout_is_terminal_ = false;
  bool stderr_is_terminal_ = false;
  bool colour_ = false;
};

}  // namespace hearth

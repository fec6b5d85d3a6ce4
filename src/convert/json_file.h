// SPDX-License-Identifier: Apache-2.0
// A JSON file of a checkpoint, with typed access whose errors name file and member. Internal to the
// folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

using Json = nlohmann::ordered_json;

class JsonFile {
 public:
  // Errors: those of read_file; kCorrupt (neither a JSON object nor an array).
  static Result<JsonFile> read(const std::filesystem::path& path);
  // The same; nothing where there is no such file.
  static Result<std::optional<JsonFile>> read_if_there(const std::filesystem::path& path);

  const Json& root() const { return root_; }
  const std::string& name() const { return name_; }  // printable

  // Members of the root. Absent and null are nullopt. Errors: kCorrupt (another type or out of
  // range: named).
  Result<std::optional<int64_t>> integer(std::string_view key) const;
  Result<std::optional<double>> number(std::string_view key) const;
  Result<std::optional<bool>> boolean(std::string_view key) const;
  Result<std::optional<std::string>> text(std::string_view key) const;
  // The same for a member that has to be there, and lies in this range.
  Result<uint32_t> natural(std::string_view key, uint32_t low, uint32_t high) const;
  // nullptr where absent or null.
  const Json* find(std::string_view key) const;

  // "config.json: hidden_act " and then `what`, with its remedy.
  Error error(ErrorCode code, std::string_view key, std::string_view what) const;

 private:
  JsonFile(Json root, std::string name) : root_(std::move(root)), name_(std::move(name)) {}

  Json root_;
  std::string name_;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// The JSON Schema that a key of a task file or of output tests holds.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "evaluate/json_schema.h"
#include "toml/toml_reader.h"

namespace hearth {

// A table, or the path of a JSON file from `folder`; nothing where the key is absent, or was
// refused: reader.finish() tells then. Errors: those of read_file().
Result<std::optional<JsonSchema>> read_schema(TomlReader& reader, std::string_view key,
                                              const std::filesystem::path& folder);

}  // namespace hearth

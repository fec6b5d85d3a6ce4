// SPDX-License-Identifier: Apache-2.0
#include "evaluate/toml_schema.h"

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kSchemaBytesMax = 1 << 20;

}  // namespace

Result<std::optional<JsonSchema>> read_schema(TomlReader& reader, std::string_view key,
                                              const std::filesystem::path& folder) {
  const std::optional<JsonSchema> none;
  if (!reader.has(key)) return none;
  nlohmann::ordered_json document;
  if (reader.is_text(key)) {
    const std::string file = reader.text(key);
    HEARTH_ASSIGN(const std::string text, read_file(folder / file, kSchemaBytesMax));
    document = nlohmann::ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
    if (document.is_discarded()) {
      reader.fail(key, concat(printable(file), " is not JSON; correct it"), ErrorCode::kCorrupt);
      return none;
    }
  } else if (auto table = reader.json_if(key)) {
    document = std::move(*table);
  } else {
    return none;
  }
  auto schema = JsonSchema::parse(document);
  if (schema.ok()) return std::optional(std::move(schema).value());
  reader.fail(key, schema.error().message(), schema.error().code());
  return none;
}

}  // namespace hearth

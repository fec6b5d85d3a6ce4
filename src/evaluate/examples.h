// SPDX-License-Identifier: Apache-2.0
// The examples of a task: JSON objects, one a line, and prompts made from their fields.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace hearth {

inline constexpr std::size_t kExamplesMax = 1000000;
inline constexpr std::size_t kExampleFileBytesMax = std::size_t{1} << 30;

struct Example {
  nlohmann::ordered_json fields;  // an object
  std::string place;              // "file:line", for errors
};

// The objects of a JSON Lines text; empty lines are skipped. `name` is what errors call it. Errors,
// with the line: kCorrupt (not JSON, not UTF-8, no object, a key twice), kUsage (there is none, too
// many).
Result<std::vector<Example>> parse_examples(std::string_view text, std::string_view name);
// Those of a file. Errors: also those of read_file().
Result<std::vector<Example>> read_examples(const std::filesystem::path& path);

// The text of a field: a string, or a number or truth value as JSON writes it. Errors: kCorrupt,
// with the example's place (absent, or of another kind).
Result<std::string> field_text(const Example& example, std::string_view field);

// A prompt with places for fields: "Review: {text}\nSentiment:"; {{ and }} are braces.
class PromptTemplate {
 public:
  // Errors: kUsage (a brace without its other, an empty or odd field name: says where).
  static Result<PromptTemplate> parse(std::string_view text);

  // `extra` is one more field, before those of the example. Errors: those of field_text().
  struct Extra {
    std::string_view name;
    std::string text;
  };
  Result<std::string> render(const Example& example,
                             const std::optional<Extra>& extra = std::nullopt) const;
  bool uses(std::string_view field) const;

 private:
  struct Part {
    bool is_field;
    std::string text;  // or the field's name
  };
  std::vector<Part> parts_;
};

}  // namespace hearth

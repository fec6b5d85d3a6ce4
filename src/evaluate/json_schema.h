// SPDX-License-Identifier: Apache-2.0
// Whether a JSON value fits a schema: a subset of JSON Schema 2020-12 that is checked exactly. A
// keyword outside of it is refused by name, never ignored, so that a schema cannot seem to check
// what it does not.
//
// Known: type (a name or a list), properties, required, additionalProperties, items, enum, const,
// minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength (code points), pattern
// (pattern.h), minItems, maxItems; title, description, $schema, default, examples, $comment say
// nothing about validity. true and false are schemas.
//
// Threading: immutable after parse(); share freely.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

class JsonSchema {
 public:
  // Errors: kUnsupported (a keyword: named, with its place), kUsage (a keyword's value makes no
  // sense, nested more than 64 deep).
  static Result<JsonSchema> parse(const nlohmann::ordered_json& schema);

  // Why `value` does not fit: "/path: cause"; nothing where it does.
  std::optional<std::string> mismatch(const nlohmann::ordered_json& value) const;
  // The same for a text that should be one JSON document, with nothing around it but white space.
  std::optional<std::string> mismatch_of_text(std::string_view text) const;

  struct Node;

 private:
  explicit JsonSchema(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
  std::shared_ptr<const Node> root_;
};

}  // namespace hearth

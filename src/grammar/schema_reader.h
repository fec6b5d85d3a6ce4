// SPDX-License-Identifier: Apache-2.0
// JSON Schema 2020-12, read: what several schemas say together, with $ref, allOf, anyOf and oneOf
// resolved. A keyword that is not known is refused by name, never ignored.
//
// Known: type, enum, const; properties, required, additionalProperties, minProperties,
// maxProperties; items, prefixItems, minItems, maxItems; minimum, maximum, exclusiveMinimum,
// exclusiveMaximum, multipleOf; minLength, maxLength, pattern, format; anyOf, oneOf of branches
// that exclude each other, allOf; $ref inside the document, $defs, definitions. What only remarks
// ($schema, $id, $comment, title, description, default, examples, deprecated, readOnly, writeOnly,
// discriminator) says nothing about validity. true and false are schemas.
//
// Ownership: a Schema points into the document. Threading: immutable once read.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "grammar/number_text.h"

namespace hearth {

// Of a document, schemas that hold together. Sorted, each once.
using SchemaParts = std::vector<const nlohmann::ordered_json*>;

// Where each value of a document stands, as a JSON pointer.
using SchemaPlaces = std::unordered_map<const nlohmann::ordered_json*, std::string>;

enum class JsonType : uint8_t { kNull, kBoolean, kObject, kArray, kNumber, kInteger, kString };
inline constexpr uint8_t kAllJsonTypes = 0x7F;
constexpr uint8_t type_bit(JsonType type) {
  return static_cast<uint8_t>(1u << static_cast<uint8_t>(type));
}

// One way in which a value can be valid.
struct Schema {
  uint8_t types = kAllJsonTypes;  // kInteger is also in where kNumber is
  bool has_types = false;         // whether `type` was said
  std::optional<std::vector<nlohmann::ordered_json>> values;  // enum, const

  std::vector<std::pair<std::string, SchemaParts>> properties;  // in the document's order
  std::vector<std::string> required;
  // Of properties that have no schema; none: nothing was said.
  std::optional<SchemaParts> additional;
  int32_t properties_min = 0;
  int32_t properties_max = Rules::kNoLimit;

  std::vector<SchemaParts> first_items;
  SchemaParts items;  // of the others; none: anything
  int32_t items_min = 0;
  int32_t items_max = Rules::kNoLimit;

  NumberLimits number;
  int32_t length_min = 0;  // characters
  int32_t length_max = Rules::kNoLimit;
  std::vector<std::string> patterns;
  std::vector<std::string> formats;

  const SchemaParts* property(std::string_view name) const;
  bool requires_property(std::string_view name) const;
  // The types of whose values it says more than what they are.
  uint8_t spoken_types() const;
  // The types of the values that are written for it: where `type` is not said and other keywords
  // speak of some types only, these.
  uint8_t written_types() const;
  // Whether only its properties are written: additionalProperties says nothing, properties does.
  bool is_closed() const { return !additional && !properties.empty(); }
};

class SchemaReader {
 public:
  static constexpr std::size_t kWaysMax = 1000;  // of one place: products of anyOf

  explicit SchemaReader(const nlohmann::ordered_json& document);

  // The ways in which a value is valid by all of `parts`; none: it never is. Errors: kUsage (a
  // keyword or format that is not known: named, with its place; a keyword's value that makes no
  // sense; $ref that leads nowhere or to itself; more than kWaysMax ways).
  Result<std::vector<Schema>> read(const SchemaParts& parts) const;
  // Where the first of them stands, as a JSON pointer, for messages.
  std::string place_of(const SchemaParts& parts) const;

 private:
  const nlohmann::ordered_json* document_;
  SchemaPlaces places_;
};

}  // namespace hearth

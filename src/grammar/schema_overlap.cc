// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_overlap.h"

#include <algorithm>

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;
using Values = std::vector<Json>;

bool are_disjoint(const Values& a, const Values& b) {
  return std::ranges::none_of(
      a, [&](const Json& value) { return std::ranges::find(b, value) != b.end(); });
}

// What enum and const leave of a property, where they stand in its schema itself.
std::optional<Values> plain_values(const SchemaParts* parts) {
  if (parts == nullptr) return std::nullopt;
  for (const Json* part : *parts) {
    if (!part->is_object()) continue;
    if (const auto one = part->find("const"); one != part->end()) return Values{*one};
    if (const auto list = part->find("enum"); list != part->end() && list->is_array())
      return Values(list->begin(), list->end());
  }
  return std::nullopt;
}

bool allows_no_others(const Schema& schema) {
  return schema.additional &&
         std::ranges::any_of(*schema.additional, [](const Json* part) { return *part == false; });
}

bool never_writes(const Schema& schema, const std::string& name) {
  return schema.property(name) == nullptr && (schema.is_closed() || allows_no_others(schema));
}

bool objects_never_fit(const Schema& written, const Schema& other) {
  for (const std::string& name : other.required) {
    if (never_writes(written, name)) return true;
  }
  for (const std::string& name : written.required) {
    if (other.property(name) == nullptr && allows_no_others(other)) return true;
    const auto here = plain_values(written.property(name));
    const auto there = plain_values(other.property(name));
    if (here && there && are_disjoint(*here, *there)) return true;
  }
  return false;
}

}  // namespace

bool written_never_fits(const Schema& written, const Schema& other) {
  const auto common = static_cast<uint8_t>(written.written_types() & other.types);
  if (common == 0) return true;
  if (written.values && other.values && are_disjoint(*written.values, *other.values)) return true;
  return common == type_bit(JsonType::kObject) && objects_never_fit(written, other);
}

}  // namespace hearth

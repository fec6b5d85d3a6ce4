// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_reader.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string_view>

#include "base/strings.h"
#include "grammar/schema_overlap.h"
#include "grammar/string_formats.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// Longer strings and lists no model writes; what allows more allows these.
constexpr int32_t kCountMax = 100'000;

constexpr std::array<std::string_view, 17> kNoAssertions = {
    "$schema",       "$id",     "$comment", "$defs",      "definitions", "title",
    "description",   "default", "examples", "deprecated", "readOnly",    "writeOnly",
    "discriminator", "$ref",    "allOf",    "anyOf",      "oneOf"};

struct TypeName {
  std::string_view name;
  uint8_t bits;
};
constexpr std::array<TypeName, 7> kTypeNames = {
    {{"null", type_bit(JsonType::kNull)},
     {"boolean", type_bit(JsonType::kBoolean)},
     {"object", type_bit(JsonType::kObject)},
     {"array", type_bit(JsonType::kArray)},
     {"number", type_bit(JsonType::kNumber) | type_bit(JsonType::kInteger)},
     {"integer", type_bit(JsonType::kInteger)},
     {"string", type_bit(JsonType::kString)}}};

SchemaParts together(SchemaParts a, const SchemaParts& b) {
  a.insert(a.end(), b.begin(), b.end());
  std::ranges::sort(a);
  a.erase(std::unique(a.begin(), a.end()), a.end());
  return a;
}

double value_of(const Decimal& decimal) {
  const double magnitude =
      std::strtod(concat(decimal.whole, ".", decimal.fraction, "0").c_str(), nullptr);
  return decimal.negative ? -magnitude : magnitude;
}

// ---- places, for messages ----

void find_places(const Json& value, const std::string& place, SchemaPlaces& places) {
  places.emplace(&value, place);
  if (!value.is_structured()) return;
  std::size_t index = 0;
  for (auto it = value.begin(); it != value.end(); ++it, ++index)
    find_places(*it, concat(place, "/", value.is_object() ? it.key() : std::to_string(index)),
                places);
}

std::string place_in(const SchemaPlaces& places, const Json* what) {
  const auto found = places.find(what);
  return found == places.end() || found->second.empty() ? "the whole" : printable(found->second);
}

// ---- one schema's keywords, added to what was read before ----

class KeywordReader {
 public:
  KeywordReader(const SchemaPlaces& places, const Json& part, Schema& schema)
      : places_(places), part_(part), schema_(schema) {}

  Result<void> read() {
    for (const auto& [keyword, value] : part_.items()) {
      HEARTH_TRY(read_keyword(keyword, value));
    }
    HEARTH_TRY(read_properties());
    HEARTH_TRY(read_items());
    return {};
  }

 private:
  Error wrong(std::string_view keyword, std::string_view why) const {
    return Error(ErrorCode::kUsage,
                 concat("schema: ", place_in(places_, &part_), ": ", printable(keyword), " ", why));
  }

  Result<void> read_keyword(const std::string& keyword, const Json& value) {
    if (std::ranges::find(kNoAssertions, keyword) != kNoAssertions.end()) return {};
    if (keyword == "type") return read_types(value);
    if (keyword == "enum" || keyword == "const") return read_values(keyword, value);
    if (keyword == "minLength") return read_count(keyword, value, schema_.length_min, true);
    if (keyword == "maxLength") return read_count(keyword, value, schema_.length_max, false);
    if (keyword == "minItems") return read_count(keyword, value, schema_.items_min, true);
    if (keyword == "maxItems") return read_count(keyword, value, schema_.items_max, false);
    if (keyword == "minProperties") return read_count(keyword, value, schema_.properties_min, true);
    if (keyword == "maxProperties")
      return read_count(keyword, value, schema_.properties_max, false);
    if (keyword == "minimum")
      return read_limit(keyword, value, schema_.number.minimum, true, false);
    if (keyword == "exclusiveMinimum")
      return read_limit(keyword, value, schema_.number.minimum, true, true);
    if (keyword == "maximum")
      return read_limit(keyword, value, schema_.number.maximum, false, false);
    if (keyword == "exclusiveMaximum")
      return read_limit(keyword, value, schema_.number.maximum, false, true);
    if (keyword == "multipleOf") return read_multiple(value);
    if (keyword == "pattern" || keyword == "format") return read_string_rule(keyword, value);
    if (keyword == "required") return read_required(value);
    if (keyword == "uniqueItems" && value == false) return {};
    for (const std::string_view later :
         {"properties", "additionalProperties", "items", "prefixItems"}) {
      if (keyword == later) return {};  // read_properties(), read_items()
    }
    return wrong(keyword, "is not supported; write the schema without it");
  }

  Result<void> read_types(const Json& value) {
    uint8_t types = 0;
    for (const Json& name : value.is_array() ? value : Json::array({value})) {
      const auto known =
          std::ranges::find_if(kTypeNames, [&](const TypeName& type) { return name == type.name; });
      if (known == kTypeNames.end()) return wrong("type", "names no JSON type; correct it");
      types |= known->bits;
    }
    schema_.types &= types;
    schema_.has_types = true;
    return {};
  }

  Result<void> read_values(const std::string& keyword, const Json& value) {
    if (keyword == "enum" && (!value.is_array() || value.empty()))
      return wrong(keyword, "is no list with values; write one");
    std::vector<Json> values;
    for (const Json& one : keyword == "enum" ? value : Json::array({value})) {
      const bool was_in =
          !schema_.values || std::ranges::find(*schema_.values, one) != schema_.values->end();
      if (was_in) values.push_back(one);
    }
    schema_.values = std::move(values);
    return {};
  }

  Result<void> read_count(const std::string& keyword, const Json& value, int32_t& count,
                          bool is_min) {
    const double number = value.is_number() ? value.get<double>() : -1.0;
    if (number < 0 || number != std::floor(number))
      return wrong(keyword, "is no count; write 0 or more");
    if (is_min && number > kCountMax)
      return wrong(keyword, concat("is more than ", kCountMax, "; write less"));
    const auto read = static_cast<int32_t>(std::min<double>(number, kCountMax));
    count =
        is_min ? std::max(count, read) : (count == Rules::kNoLimit ? read : std::min(count, read));
    return {};
  }

  Result<void> read_limit(const std::string& keyword, const Json& value,
                          std::optional<NumberLimit>& limit, bool is_minimum, bool is_excluded) {
    if (!value.is_number()) return wrong(keyword, "is no number; write one");
    const bool fits_int64 =
        value.is_number_integer() &&
        (!value.is_number_unsigned() || value.get<uint64_t>() <= uint64_t{INT64_MAX});
    const NumberLimit read = {
        fits_int64 ? decimal(value.get<int64_t>()) : decimal(value.get<double>()), is_excluded};
    if (limit) {
      const double before = value_of(limit->value);
      const double now = value_of(read.value);
      const bool is_tighter =
          before == now ? is_excluded : (is_minimum ? now > before : now < before);
      if (!is_tighter) return {};
    }
    limit = read;
    return {};
  }

  Result<void> read_multiple(const Json& value) {
    const double number = value.is_number() ? value.get<double>() : 0.0;
    if (number <= 0) return wrong("multipleOf", "is no number above 0; write one");
    if (number != std::floor(number) || number > kMultipleMax || schema_.number.multiple_of) {
      return wrong("multipleOf",
                   concat("is supported once, as a whole number up to ", kMultipleMax));
    }
    schema_.number.multiple_of = static_cast<int32_t>(number);
    return {};
  }

  Result<void> read_string_rule(const std::string& keyword, const Json& value) {
    if (!value.is_string()) return wrong(keyword, "is no text; write one");
    const auto& text = value.get_ref<const std::string&>();
    if (keyword == "pattern") {
      schema_.patterns.push_back(text);
    } else if (!format_pattern(text)) {
      return wrong(keyword,
                   concat("\"", printable(text), "\" is not supported; known: ", format_names()));
    } else {
      schema_.formats.push_back(text);
    }
    return {};
  }

  Result<void> read_required(const Json& value) {
    const bool is_list = value.is_array() && std::ranges::all_of(value, [](const Json& name) {
                           return name.is_string();
                         });
    if (!is_list) return wrong("required", "is no list of names; write one");
    for (const Json& name : value) {
      const auto& text = name.get_ref<const std::string&>();
      if (!schema_.requires_property(text)) schema_.required.push_back(text);
    }
    return {};
  }

  // A property that only one of two schemas names is held by the other's additionalProperties.
  Result<void> read_properties() {
    const auto of_others = part_.find("additionalProperties");
    const bool has_others = of_others != part_.end();
    const SchemaParts others = has_others ? SchemaParts{&*of_others} : SchemaParts{};
    const auto named = part_.find("properties");
    const Json none = Json::object();
    if (named != part_.end() && !named->is_object())
      return wrong("properties", "is no object; write one");
    const Json& properties = named == part_.end() ? none : *named;
    for (auto& [name, parts] : schema_.properties) {
      const auto here = properties.find(name);
      if (here != properties.end()) {
        parts = together(parts, {&*here});
      } else if (has_others) {
        parts = together(parts, others);
      }
    }
    for (const auto& [name, property] : properties.items()) {
      if (schema_.property(name) != nullptr) continue;
      schema_.properties.emplace_back(
          name, together(schema_.additional.value_or(SchemaParts{}), {&property}));
    }
    if (has_others)
      schema_.additional = together(schema_.additional.value_or(SchemaParts{}), others);
    return {};
  }

  Result<void> read_items() {
    const auto rest = part_.find("items");
    if (rest != part_.end() && rest->is_array())
      return wrong("items", "is a list; write prefixItems for what each item is");
    const SchemaParts others = rest == part_.end() ? SchemaParts{} : SchemaParts{&*rest};
    const auto first = part_.find("prefixItems");
    if (first != part_.end() && (!first->is_array() || first->empty()))
      return wrong("prefixItems", "is no list of schemas; write one");
    const std::size_t count = first == part_.end() ? 0 : first->size();
    for (std::size_t i = 0; i < std::max(count, schema_.first_items.size()); ++i) {
      if (i == schema_.first_items.size()) schema_.first_items.push_back(schema_.items);
      schema_.first_items[i] =
          together(schema_.first_items[i], i < count ? SchemaParts{&(*first)[i]} : others);
    }
    schema_.items = together(schema_.items, others);
    return {};
  }

  const SchemaPlaces& places_;
  const Json& part_;
  Schema& schema_;
};

// ---- what several schemas say together ----

class WaysReader {
 public:
  WaysReader(const Json& document, const SchemaPlaces& places)
      : document_(document), places_(places) {}

  // `remaining`: parts that are still to be added to `schema`, the last one next.
  Result<void> add(Schema schema, std::vector<const Json*> remaining, std::vector<Schema>& ways) {
    while (!remaining.empty()) {
      const Json& part = *remaining.back();
      remaining.pop_back();
      if (part == false) return {};
      if (part == true) continue;
      if (!part.is_object()) return fail(&part, "is no schema; write an object, true or false");
      HEARTH_TRY(KeywordReader(places_, part, schema).read());
      HEARTH_ASSIGN(const std::vector<const Json*> also, held_too(part));
      remaining.insert(remaining.end(), also.rbegin(), also.rend());
      std::vector<const Json*> choices;
      for (const std::string_view keyword : {"anyOf", "oneOf"}) {
        const auto list = part.find(keyword);
        if (list == part.end()) continue;
        if (!list->is_array() || list->empty())
          return fail(&*list, "is no list of schemas; write one");
        if (keyword == "oneOf") HEARTH_TRY(check_exclusive(*list));
        choices.push_back(&*list);
      }
      if (!choices.empty()) return add_choices(schema, remaining, choices, ways);
    }
    if (schema.types != 0) ways.push_back(std::move(schema));
    if (ways.size() > SchemaReader::kWaysMax)
      return fail(&document_, "anyOf and oneOf can be combined in too many ways; write fewer");
    return {};
  }

  // Schemas that hold the same value must not lead to themselves. `path`: those that led here.
  Result<void> check_circles(const Json& part, std::vector<const Json*>& path) {
    if (std::ranges::find(path, &part) != path.end())
      return fail(&part, "$ref leads to itself; let it lead to something else");
    if (!part.is_object() || !checked_.insert(&part).second) return {};
    path.push_back(&part);
    HEARTH_ASSIGN(std::vector<const Json*> next, held_too(part));
    for (const std::string_view keyword : {"anyOf", "oneOf"}) {
      const auto list = part.find(keyword);
      if (list == part.end() || !list->is_array()) continue;
      for (const Json& one : *list) next.push_back(&one);
    }
    for (const Json* one : next) HEARTH_TRY(check_circles(*one, path));
    path.pop_back();
    return {};
  }

 private:
  Error fail(const Json* where, std::string_view why) const {
    return Error(ErrorCode::kUsage, concat("schema: ", place_in(places_, where), ": ", why));
  }

  // What $ref and allOf name.
  Result<std::vector<const Json*>> held_too(const Json& part) const {
    std::vector<const Json*> found;
    if (const auto ref = part.find("$ref"); ref != part.end()) {
      const std::string target = ref->is_string() ? ref->get<std::string>() : "";
      if (!target.starts_with('#'))
        return fail(&*ref, "does not begin with #; only places of the same document can be named");
      try {
        found.push_back(&document_.at(Json::json_pointer(target.substr(1))));
      } catch (const nlohmann::json::exception&) {
        return fail(&*ref, concat("names no place, ", printable(target), "; correct it"));
      }
    }
    if (const auto all = part.find("allOf"); all != part.end()) {
      if (!all->is_array() || all->empty()) return fail(&*all, "is no list of schemas; write one");
      for (const Json& one : *all) found.push_back(&one);
    }
    return found;
  }

  // One branch of each list.
  Result<void> add_choices(const Schema& schema, const std::vector<const Json*>& remaining,
                           std::span<const Json* const> choices, std::vector<Schema>& ways) {
    for (const Json& branch : *choices.front()) {
      std::vector<const Json*> with_branch = remaining;
      with_branch.push_back(&branch);
      if (choices.size() == 1) {
        HEARTH_TRY(add(schema, std::move(with_branch), ways));
      } else {
        HEARTH_TRY(add_choices(schema, with_branch, choices.subspan(1), ways));
      }
    }
    return {};
  }

  Result<void> check_exclusive(const Json& list) {
    std::vector<std::vector<Schema>> branches;
    for (const Json& branch : list) {
      HEARTH_TRY(add({}, {&branch}, branches.emplace_back()));
    }
    for (std::size_t i = 0; i < branches.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        for (const Schema& a : branches[i]) {
          for (const Schema& b : branches[j]) {
            if (written_never_fits(a, b) && written_never_fits(b, a)) continue;
            return fail(&list, concat("has branches that can fit at once, ", j, " and ", i,
                                      "; write anyOf, or a property with a const in each"));
          }
        }
      }
    }
    return {};
  }

  const Json& document_;
  const SchemaPlaces& places_;
  std::set<const Json*> checked_;  // no circles from here
};

}  // namespace

uint8_t Schema::spoken_types() const {
  uint8_t spoken_of = 0;
  if (!properties.empty() || !required.empty() || additional || properties_min > 0 ||
      properties_max != Rules::kNoLimit) {
    spoken_of |= type_bit(JsonType::kObject);
  }
  if (!first_items.empty() || !items.empty() || items_min > 0 || items_max != Rules::kNoLimit)
    spoken_of |= type_bit(JsonType::kArray);
  if (number.multiple_of) spoken_of |= type_bit(JsonType::kInteger);
  if (number.minimum || number.maximum)
    spoken_of |= uint8_t{type_bit(JsonType::kInteger) | type_bit(JsonType::kNumber)};
  if (length_min > 0 || length_max != Rules::kNoLimit || !patterns.empty() || !formats.empty())
    spoken_of |= type_bit(JsonType::kString);
  return spoken_of;
}

uint8_t Schema::written_types() const {
  const uint8_t spoken_of = spoken_types();
  if (has_types || values || spoken_of == 0) return types;
  return static_cast<uint8_t>(types & spoken_of);
}

const SchemaParts* Schema::property(std::string_view name) const {
  for (const auto& [known, parts] : properties) {
    if (known == name) return &parts;
  }
  return nullptr;
}

bool Schema::requires_property(std::string_view name) const {
  return std::ranges::find(required, name) != required.end();
}

SchemaReader::SchemaReader(const Json& document) : document_(&document) {
  find_places(document, "", places_);
}

std::string SchemaReader::place_of(const SchemaParts& parts) const {
  return place_in(places_, parts.empty() ? document_ : parts.front());
}

Result<std::vector<Schema>> SchemaReader::read(const SchemaParts& parts) const {
  WaysReader reader(*document_, places_);
  std::vector<const Json*> path;
  for (const Json* part : parts) HEARTH_TRY(reader.check_circles(*part, path));
  std::vector<Schema> ways;
  HEARTH_TRY(reader.add({}, {parts.rbegin(), parts.rend()}, ways));
  return ways;
}

}  // namespace hearth

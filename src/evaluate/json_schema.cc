// SPDX-License-Identifier: Apache-2.0
#include "evaluate/json_schema.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "base/strings.h"
#include "evaluate/pattern.h"
#include "evaluate/text_words.h"

namespace hearth {

using Json = nlohmann::ordered_json;

struct JsonSchema::Node {
  bool never = false;              // the schema false
  std::vector<std::string> types;  // empty: all
  std::map<std::string, std::shared_ptr<const Node>, std::less<>> properties;
  std::vector<std::string> required;
  std::shared_ptr<const Node> additional;   // of properties that have no schema; null: anything
  std::shared_ptr<const Node> items;        // null: anything
  std::optional<std::vector<Json>> values;  // enum, const
  std::optional<double> minimum, maximum, above, below;
  std::optional<double> length_min, length_max, items_min, items_max;
  std::optional<Pattern> pattern;
};

namespace {

using Node = JsonSchema::Node;

constexpr int kDepthMax = 64;
constexpr std::array<std::string_view, 7> kTypes = {"null",   "boolean", "object", "array",
                                                    "number", "string",  "integer"};
constexpr std::array<std::string_view, 6> kRemarks = {"title",   "description", "$schema",
                                                      "default", "examples",    "$comment"};

Error wrong(std::string_view place, std::string_view keyword, std::string_view why) {
  return Error(ErrorCode::kUsage, concat("schema ", place, printable(keyword), ": ", why));
}

Result<std::shared_ptr<const Node>> parse_node(const Json& schema, const std::string& place,
                                               int depth);

Result<std::vector<std::string>> parse_names(const Json& value, std::string_view place,
                                             std::string_view keyword) {
  std::vector<std::string> names;
  const bool is_list = value.is_array() && std::all_of(value.begin(), value.end(),
                                                       [](const Json& v) { return v.is_string(); });
  if (!is_list) return wrong(place, keyword, "is no list of texts; write one");
  for (const Json& name : value) names.push_back(name.get<std::string>());
  return names;
}

Result<void> parse_types(const Json& value, const std::string& place, Node& node) {
  HEARTH_ASSIGN(node.types,
                parse_names(value.is_string() ? Json::array({value}) : value, place, "type"));
  for (const std::string& type : node.types) {
    if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end()) {
      return wrong(place, "type", concat("\"", printable(type), "\" is no JSON type; correct it"));
    }
  }
  if (node.types.empty()) return wrong(place, "type", "is an empty list; name a type");
  return {};
}

Result<void> parse_properties(const Json& value, const std::string& place, int depth, Node& node) {
  if (!value.is_object()) return wrong(place, "properties", "is no object; write one");
  for (const auto& [name, schema] : value.items()) {
    HEARTH_ASSIGN(
        node.properties[name],
        parse_node(schema, concat(place, "properties/", printable(name), "/"), depth + 1));
  }
  return {};
}

Result<void> parse_values(const std::string& keyword, const Json& value, const std::string& place,
                          Node& node) {
  std::vector<Json> allowed;
  if (keyword == "const") {
    allowed.push_back(value);
  } else if (value.is_array() && !value.empty()) {
    allowed.assign(value.begin(), value.end());
  } else {
    return wrong(place, keyword, "is no list with values; write one");
  }
  if (node.values) return wrong(place, keyword, "enum and const exclude each other; choose one");
  node.values = std::move(allowed);
  return {};
}

// Where the limit that a keyword sets is kept; null for other keywords.
std::optional<double>* limit_of(Node& node, std::string_view keyword) {
  if (keyword == "minimum") return &node.minimum;
  if (keyword == "maximum") return &node.maximum;
  if (keyword == "exclusiveMinimum") return &node.above;
  if (keyword == "exclusiveMaximum") return &node.below;
  if (keyword == "minLength") return &node.length_min;
  if (keyword == "maxLength") return &node.length_max;
  if (keyword == "minItems") return &node.items_min;
  if (keyword == "maxItems") return &node.items_max;
  return nullptr;
}

Result<void> parse_keyword(const std::string& keyword, const Json& value, const std::string& place,
                           int depth, Node& node) {
  if (std::find(kRemarks.begin(), kRemarks.end(), keyword) != kRemarks.end()) return {};
  if (keyword == "type") return parse_types(value, place, node);
  if (keyword == "properties") return parse_properties(value, place, depth, node);
  if (keyword == "enum" || keyword == "const") return parse_values(keyword, value, place, node);
  if (keyword == "required") {
    HEARTH_ASSIGN(node.required, parse_names(value, place, keyword));
    return {};
  }
  if (keyword == "additionalProperties" || keyword == "items") {
    HEARTH_ASSIGN(auto child, parse_node(value, concat(place, keyword, "/"), depth + 1));
    (keyword == "items" ? node.items : node.additional) = std::move(child);
    return {};
  }
  if (keyword == "pattern") {
    if (!value.is_string()) return wrong(place, keyword, "is no text; give a regular expression");
    auto pattern = Pattern::compile(value.get<std::string>());
    if (!pattern.ok()) return wrong(place, keyword, pattern.error().message());
    node.pattern = std::move(pattern).value();
    return {};
  }
  if (std::optional<double>* const limit = limit_of(node, keyword)) {
    if (!value.is_number()) return wrong(place, keyword, "is no number; give one");
    *limit = value.get<double>();
    return {};
  }
  return Error(ErrorCode::kUnsupported,
               concat("schema ", place, printable(keyword),
                      ": this keyword is not supported, and ignoring it would check less than it "
                      "says; leave it out"));
}

Result<std::shared_ptr<const Node>> parse_node(const Json& schema, const std::string& place,
                                               int depth) {
  auto node = std::make_shared<Node>();
  if (schema.is_boolean()) {
    node->never = !schema.get<bool>();
    return std::shared_ptr<const Node>(std::move(node));
  }
  if (!schema.is_object()) return wrong(place, "", "is neither an object nor true or false");
  if (depth > kDepthMax) return wrong(place, "", "is nested too deeply; make it flatter");
  for (const auto& [keyword, value] : schema.items()) {
    HEARTH_TRY(parse_keyword(keyword, value, place, depth, *node));
  }
  return std::shared_ptr<const Node>(std::move(node));
}

bool is_whole(const Json& value) {
  if (value.is_number_integer()) return true;
  return value.is_number_float() && std::isfinite(value.get<double>()) &&
         std::trunc(value.get<double>()) == value.get<double>();
}

bool is_of_type(const Json& value, std::string_view type) {
  if (type == "null") return value.is_null();
  if (type == "boolean") return value.is_boolean();
  if (type == "object") return value.is_object();
  if (type == "array") return value.is_array();
  if (type == "string") return value.is_string();
  return type == "integer" ? is_whole(value) : value.is_number();
}

// JSON Schema compares numbers by value and objects whatever their order.
bool same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return a == b;
  if (a.type() != b.type() || a.size() != b.size()) return false;
  if (a.is_array()) {
    return std::equal(a.begin(), a.end(), b.begin(),
                      [](const Json& x, const Json& y) { return same(x, y); });
  }
  if (!a.is_object()) return a == b;
  for (const auto& [key, member] : a.items()) {
    const auto other = b.find(key);
    if (other == b.end() || !same(member, *other)) return false;
  }
  return true;
}

std::string cause(const std::string& path, std::string_view why) {
  return concat(path.empty() ? "/" : path, ": ", why);
}

using Mismatch = std::optional<std::string>;
Mismatch check(const Node& node, const Json& value, const std::string& path);

Mismatch check_number(const Node& node, double number, const std::string& path) {
  if (node.minimum && number < *node.minimum)
    return cause(path, concat("is below ", *node.minimum));
  if (node.maximum && number > *node.maximum)
    return cause(path, concat("is above ", *node.maximum));
  if (node.above && number <= *node.above) return cause(path, concat("is not above ", *node.above));
  if (node.below && number >= *node.below) return cause(path, concat("is not below ", *node.below));
  return std::nullopt;
}

Mismatch check_text(const Node& node, const std::string& text, const std::string& path) {
  const auto length = static_cast<double>(code_points(text).size());
  if (node.length_min && length < *node.length_min) {
    return cause(path, concat("is shorter than ", *node.length_min));
  }
  if (node.length_max && length > *node.length_max) {
    return cause(path, concat("is longer than ", *node.length_max));
  }
  if (node.pattern && !node.pattern->is_in(text)) return cause(path, "does not fit its pattern");
  return std::nullopt;
}

Mismatch check_object(const Node& node, const Json& object, const std::string& path) {
  for (const std::string& name : node.required) {
    if (!object.contains(name)) return cause(path, concat("lacks \"", printable(name), "\""));
  }
  for (const auto& [name, member] : object.items()) {
    const auto found = node.properties.find(name);
    const Node* schema =
        found != node.properties.end() ? found->second.get() : node.additional.get();
    if (schema == nullptr) continue;
    if (auto why = check(*schema, member, concat(path, "/", printable(name)))) return why;
  }
  return std::nullopt;
}

Mismatch check_array(const Node& node, const Json& array, const std::string& path) {
  const auto count = static_cast<double>(array.size());
  if (node.items_min && count < *node.items_min) {
    return cause(path, concat("has fewer than ", *node.items_min, " items"));
  }
  if (node.items_max && count > *node.items_max) {
    return cause(path, concat("has more than ", *node.items_max, " items"));
  }
  for (std::size_t i = 0; node.items && i < array.size(); ++i) {
    if (auto why = check(*node.items, array[i], concat(path, "/", i))) return why;
  }
  return std::nullopt;
}

Mismatch check(const Node& node, const Json& value, const std::string& path) {
  if (node.never) return cause(path, "must not be there");
  const bool typed = node.types.empty() ||
                     std::any_of(node.types.begin(), node.types.end(),
                                 [&](const std::string& type) { return is_of_type(value, type); });
  if (!typed) return cause(path, concat("is ", value.type_name(), ", not ", node.types.front()));
  if (node.values && std::none_of(node.values->begin(), node.values->end(),
                                  [&](const Json& allowed) { return same(allowed, value); })) {
    return cause(path, "is none of the allowed values");
  }
  if (value.is_number()) return check_number(node, value.get<double>(), path);
  if (value.is_string()) return check_text(node, value.get<std::string>(), path);
  if (value.is_object()) return check_object(node, value, path);
  if (value.is_array()) return check_array(node, value, path);
  return std::nullopt;
}

}  // namespace

Result<JsonSchema> JsonSchema::parse(const Json& schema) {
  HEARTH_ASSIGN(auto root, parse_node(schema, "/", 0));
  return JsonSchema(std::move(root));
}

std::optional<std::string> JsonSchema::mismatch(const Json& value) const {
  return check(*root_, value, "");
}

std::optional<std::string> JsonSchema::mismatch_of_text(std::string_view text) const {
  bool deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    deep = deep || depth > kDepthMax;
    return !deep;
  };
  const Json value = Json::parse(text, watch, /*allow_exceptions=*/false);
  if (deep) return "is nested too deeply";
  if (value.is_discarded()) return "is not JSON";
  return mismatch(value);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "grammar/schema_grammar.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "base/strings.h"
#include "grammar/json_text.h"
#include "grammar/matcher.h"
#include "grammar/regex.h"
#include "grammar/schema_reader.h"
#include "grammar/string_formats.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kDepthMax = 100;  // of a schema's objects and lists in each other

Error impossible(std::string_view place) {
  return Error(ErrorCode::kUsage,
               concat("schema: ", place, ": no value is valid by it; correct it"));
}

bool is_deeper_than(const Json& value, int depth) {
  if (!value.is_structured()) return false;
  if (depth == 0) return true;
  return std::ranges::any_of(value, [&](const Json& in) { return is_deeper_than(in, depth - 1); });
}

bool has_false(const SchemaParts& parts) {
  return std::ranges::any_of(parts, [](const Json* part) { return *part == false; });
}

JsonType type_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::null:
      return JsonType::kNull;
    case Json::value_t::boolean:
      return JsonType::kBoolean;
    case Json::value_t::string:
      return JsonType::kString;
    case Json::value_t::array:
      return JsonType::kArray;
    case Json::value_t::object:
      return JsonType::kObject;
    case Json::value_t::number_float:
      return JsonType::kNumber;
    default:
      return JsonType::kInteger;
  }
}

// ---- strings and numbers ----

// Whether nothing is between two limits.
bool is_empty_range(int32_t min, int32_t max) { return max != Rules::kNoLimit && min > max; }

// A string that is valid; none where none is.
Result<std::optional<ExpressionId>> string_text(Rules& rules, JsonText& json,
                                                const Schema& schema) {
  if (is_empty_range(schema.length_min, schema.length_max)) return std::optional<ExpressionId>();
  std::vector<ExpressionId> all;
  const auto spell = [&](std::vector<CharRange> ranges) { return json.spell(std::move(ranges)); };
  for (const std::string& pattern : schema.patterns) {
    HEARTH_ASSIGN(const ExpressionId fits, read_regex(pattern, RegexFit::kSomewhere, rules, spell));
    all.push_back(fits);
  }
  for (const std::string& format : schema.formats) {
    HEARTH_ASSIGN(const ExpressionId fits,
                  read_regex(format_pattern(format).value(), RegexFit::kWhole, rules, spell));
    all.push_back(fits);
  }
  if (all.empty()) return std::optional(json.string(schema.length_min, schema.length_max));
  if (schema.length_min > 0 || schema.length_max != Rules::kNoLimit)
    all.push_back(rules.repeat(json.any_char(), schema.length_min, schema.length_max));
  ExpressionId inside = all.front();
  for (std::size_t i = 1; i < all.size(); ++i) inside = rules.both(inside, all[i]);
  return std::optional(json.quoted(inside));
}

ExpressionId number_text_of(Rules& rules, const Schema& schema, uint8_t types) {
  NumberLimits limits = schema.number;
  limits.is_integer = (types & type_bit(JsonType::kNumber)) == 0 || limits.multiple_of.has_value();
  return number_text(rules, limits);
}

// Whether a value of enum or const is valid by what else the schema says. Errors: kUsage (of
// objects and lists, unless it says nothing of them).
Result<bool> fits_the_rest(const Schema& schema, const Json& value) {
  const JsonType type = type_of(value);
  const bool is_whole =
      type == JsonType::kNumber && value.get<double>() == std::floor(value.get<double>());
  if ((schema.types & type_bit(is_whole ? JsonType::kInteger : type)) == 0) return false;
  if ((schema.spoken_types() & type_bit(type)) == 0) return true;
  if (value.is_structured()) {
    return Error(ErrorCode::kUsage,
                 "schema: enum or const with objects or lists beside other keywords is not "
                 "supported; leave out the others");
  }
  Rules rules;
  JsonText json(rules);
  std::optional<ExpressionId> body;
  if (value.is_string()) {
    HEARTH_ASSIGN(body, string_text(rules, json, schema));
  } else {
    body = number_text_of(rules, schema, type_bit(JsonType::kNumber));
  }
  if (!body) return false;
  const RuleId root = rules.add_rule("value");
  rules.define(root, *body);
  const Result<Automaton> automaton = Automaton::compile(rules, root);
  if (!automaton.ok()) return false;  // nothing fits
  return fits(automaton.value(), value.dump());
}

// ---- schemas ----

class SchemaCompiler {
 public:
  SchemaCompiler(const Json& document, Rules& rules)
      : reader_(document), rules_(rules), json_(rules) {}

  Result<RuleId> compile(const Json& root) {
    const RuleId rule = rule_for({&root});
    while (!waiting_.empty()) {
      const auto [parts, of] = waiting_.back();
      waiting_.pop_back();
      HEARTH_TRY(define(parts, of));
    }
    return rule;
  }

 private:
  // The rule of what several schemas say together; the same one for the same.
  RuleId rule_for(const SchemaParts& parts) {
    const auto known = rule_ids_.find(parts);
    if (known != rule_ids_.end()) return known->second;
    const RuleId rule = rules_.add_rule(reader_.place_of(parts));
    rule_ids_.emplace(parts, rule);
    waiting_.emplace_back(parts, rule);
    return rule;
  }
  ExpressionId value_of(const SchemaParts& parts) {
    const bool is_anything = std::ranges::all_of(parts, [](const Json* part) {
      return *part == true || (part->is_object() && part->empty());
    });
    return is_anything ? json_.any_value() : rules_.rule(rule_for(parts));
  }

  Result<void> define(const SchemaParts& parts, RuleId rule) {
    HEARTH_ASSIGN(const std::vector<Schema> ways, reader_.read(parts));
    std::vector<ExpressionId> choices;
    for (const Schema& way : ways) HEARTH_TRY(add_way(way, choices));
    if (choices.empty()) return impossible(reader_.place_of(parts));
    rules_.define(rule, rules_.choice(std::move(choices)));
    return {};
  }

  Result<void> add_way(const Schema& way, std::vector<ExpressionId>& choices) {
    if (way.values) {
      for (const Json& value : *way.values) {
        HEARTH_ASSIGN(const bool fits, fits_the_rest(way, value));
        if (fits) choices.push_back(json_.value(value));
      }
      return {};
    }
    const uint8_t types = way.written_types();
    const auto writes = [types](JsonType type) { return (types & type_bit(type)) != 0; };
    if (writes(JsonType::kNull)) choices.push_back(rules_.literal("null"));
    if (writes(JsonType::kBoolean)) {
      choices.push_back(rules_.literal("true"));
      choices.push_back(rules_.literal("false"));
    }
    if (writes(JsonType::kNumber) || writes(JsonType::kInteger))
      choices.push_back(number_text_of(rules_, way, types));
    if (writes(JsonType::kString)) {
      HEARTH_ASSIGN(const auto text, string_text(rules_, json_, way));
      if (text) choices.push_back(*text);
    }
    if (writes(JsonType::kArray)) add_array(way, choices);
    if (writes(JsonType::kObject)) HEARTH_TRY(add_object(way, choices));
    return {};
  }

  void add_array(const Schema& way, std::vector<ExpressionId>& choices) {
    if (is_empty_range(way.items_min, way.items_max)) return;
    std::vector<ExpressionId> first;
    for (const SchemaParts& parts : way.first_items) {
      if (has_false(parts)) break;
      first.push_back(value_of(parts));
    }
    const bool has_rest = first.size() == way.first_items.size() && !has_false(way.items);
    const auto given = static_cast<int32_t>(first.size());
    if (!has_rest && way.items_min > given) return;
    const auto rest = has_rest ? std::optional(value_of(way.items)) : std::nullopt;
    choices.push_back(json_.array(first, rest, way.items_min, way.items_max));
  }

  Result<void> add_object(const Schema& way, std::vector<ExpressionId>& choices) {
    std::vector<JsonText::Member> members;
    std::vector<std::string> names;
    for (const auto& [name, parts] : way.properties) {
      const bool is_required = way.requires_property(name);
      names.push_back(name);
      if (!has_false(parts)) {
        members.push_back({json_.member(name, value_of(parts)), is_required});
      } else if (is_required) {
        return {};
      }
    }
    const SchemaParts additional = way.additional.value_or(SchemaParts{});
    const bool allows_others = !has_false(additional);
    for (const std::string& name : way.required) {
      if (way.property(name) != nullptr) continue;
      if (!allows_others) return {};
      names.push_back(name);
      members.push_back({json_.member(name, value_of(additional)), true});
    }
    std::optional<ExpressionId> others;
    if (allows_others && !way.is_closed())
      others = json_.member(json_.name_except(names), value_of(additional));
    return add_object_of(way, members, others, choices);
  }

  // How many others there may be follows from how many members there are, where that is plain.
  Result<void> add_object_of(const Schema& way, std::span<const JsonText::Member> members,
                             std::optional<ExpressionId> others,
                             std::vector<ExpressionId>& choices) {
    const auto named = static_cast<int32_t>(members.size());
    const auto required = static_cast<int32_t>(
        std::ranges::count_if(members, [](const auto& member) { return member.is_required; }));
    const bool has_max = way.properties_max != Rules::kNoLimit;
    if (has_max && way.properties_max < required) return {};
    if (!others && way.properties_min > named) return {};
    const bool is_plain = named == required || (way.properties_min <= required &&
                                                (!has_max || way.properties_max >= named));
    if (!is_plain) {
      return Error(ErrorCode::kUsage,
                   "schema: minProperties or maxProperties beside properties that can be left out "
                   "is not supported; leave one of them out");
    }
    const int32_t others_min = std::max(0, way.properties_min - named);
    if (others_min > 1) {  // nothing keeps two of them from having one name
      return Error(
          ErrorCode::kUsage,
          "schema: minProperties that asks for two members or more whose names are free is "
          "not supported; name them in properties");
    }
    const int32_t others_max = has_max ? way.properties_max - named : Rules::kNoLimit;
    choices.push_back(json_.object(members, others_max == 0 ? std::nullopt : others,
                                   others ? others_min : 0, others_max));
    return {};
  }

  SchemaReader reader_;
  Rules& rules_;
  JsonText json_;
  std::map<SchemaParts, RuleId> rule_ids_;
  std::vector<std::pair<SchemaParts, RuleId>> waiting_;
};

}  // namespace

Result<RuleId> add_json_schema(const Json& schema, Rules& rules) {
  if (is_deeper_than(schema, kDepthMax)) {
    return Error(ErrorCode::kUsage,
                 concat("schema: nested more than ", kDepthMax, " deep; make it flatter"));
  }
  return SchemaCompiler(schema, rules).compile(schema);
}

Result<Automaton> compile_json_schema(const Json& schema) {
  Rules rules;
  HEARTH_ASSIGN(const RuleId root, add_json_schema(schema, rules));
  return Automaton::compile(rules, root);
}

Result<Automaton> compile_json_schema_text(std::string_view text) {
  if (text.size() > kSchemaBytesMax) {
    return Error(ErrorCode::kUsage, concat("schema: ", text.size(), " bytes are more than ",
                                           kSchemaBytesMax, "; use a smaller one"));
  }
  const Json schema = Json::parse(text, nullptr, false);
  if (schema.is_discarded()) return Error(ErrorCode::kUsage, "schema: is no JSON; correct it");
  return compile_json_schema(schema);
}

Result<Automaton> compile_any_json_object() {
  return compile_json_schema(Json{{"type", "object"}});
}

}  // namespace hearth

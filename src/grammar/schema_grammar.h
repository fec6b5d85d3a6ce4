// SPDX-License-Identifier: Apache-2.0
// A JSON Schema as a grammar: every text that fits it is valid by the schema.
//
// Not every valid value is written: members stand in the order in which `properties` names them,
// others behind them; objects with `properties` have no others unless additionalProperties says so;
// numbers and white space are written as number_text.h and json_text.h say.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "base/result.h"
#include "grammar/automaton.h"
#include "grammar/expression.h"

namespace hearth {

inline constexpr std::size_t kSchemaBytesMax = 1 << 20;

// The rule of what is valid by the schema, added to `rules`. Errors: those of SchemaReader::read(),
// and kUsage where no value is valid: with its place.
Result<RuleId> add_json_schema(const nlohmann::ordered_json& schema, Rules& rules);
// Errors: also those of Automaton::compile().
Result<Automaton> compile_json_schema(const nlohmann::ordered_json& schema);
// The same of a text. Errors: also kUsage (not JSON, longer than kSchemaBytesMax).
Result<Automaton> compile_json_schema_text(std::string_view text);
// Any JSON object.
Result<Automaton> compile_any_json_object();

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Answers that may, or must, call functions, as a grammar: every call names a function that there
// is and gives arguments that are valid by its schema.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "grammar/automaton.h"
#include "toolcalls/tool_syntax.h"

namespace hearth {

struct Tool {
  std::string name;
  nlohmann::ordered_json parameters;  // a JSON Schema of an object
};

enum class ToolUse { kAllowed, kRequired };

// `tools`, not empty, are those that may be called; up to `calls_max` times. `content`: a JSON
// Schema of answers that call none, where they have one. Errors: kUsage (a schema's own, behind the
// function's name), those of Automaton::compile().
Result<Automaton> compile_tool_calls(const ToolSyntax& syntax, const std::vector<Tool>& tools,
                                     ToolUse use, int32_t calls_max,
                                     const std::optional<nlohmann::ordered_json>& content);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "toolcalls/tool_grammar.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "grammar/free_text.h"
#include "grammar/json_text.h"
#include "grammar/schema_grammar.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// One object that calls one of the functions.
Result<ExpressionId> any_call(const ToolSyntax& syntax, const std::vector<Tool>& tools,
                              Rules& rules) {
  JsonText json(rules);
  std::vector<ExpressionId> calls;
  for (const Tool& tool : tools) {
    auto arguments = add_json_schema(tool.parameters, rules);
    if (!arguments.ok())
      return std::move(arguments).error().with_context(concat("function ", tool.name));
    const std::vector<JsonText::Member> members = {
        {json.member(syntax.name_key, json.value(tool.name)), true},
        {json.member(syntax.arguments_key, rules.rule(*arguments)), true}};
    calls.push_back(json.object(members, std::nullopt, 0, 0));
  }
  const RuleId call = rules.add_rule("call");
  rules.define(call, rules.choice(std::move(calls)));
  return rules.rule(call);
}

}  // namespace

Result<Automaton> compile_tool_calls(const ToolSyntax& syntax, const std::vector<Tool>& tools,
                                     ToolUse use, int32_t calls_max,
                                     const std::optional<Json>& content) {
  Rules rules;
  HEARTH_ASSIGN(const ExpressionId call, any_call(syntax, tools, rules));
  const int32_t further = std::min(calls_max, syntax.calls_max) - 1;
  const ExpressionId next_call = rules.sequence({rules.literal(syntax.separator), call});
  const ExpressionId calls =
      rules.sequence({rules.literal(syntax.open), call, rules.repeat(next_call, 0, further),
                      rules.literal(syntax.close)});
  const RuleId root = rules.add_rule("answer");
  if (use == ToolUse::kRequired) {
    rules.define(root, calls);
  } else if (content) {
    HEARTH_ASSIGN(const RuleId text, add_json_schema(*content, rules));
    rules.define(root, rules.choice({calls, rules.rule(text)}));
  } else if (syntax.has_opening()) {
    const ExpressionId text = text_without(syntax.marker(), rules);
    rules.define(root, rules.sequence({text, rules.optional(calls)}));
  } else {
    const ExpressionId text = text_not_beginning_with(syntax.marker(), rules);
    rules.define(root, rules.choice({calls, text}));
  }
  return Automaton::compile(rules, root);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "grammar/choices.h"

#include <utility>
#include <vector>

#include "grammar/expression.h"

namespace hearth {

Result<Automaton> compile_choices(std::span<const std::string> texts) {
  if (texts.empty()) return Error(ErrorCode::kUsage, "there are none; give at least one");
  Rules rules;
  std::vector<ExpressionId> choices;
  for (const std::string& text : texts) choices.push_back(rules.literal(text));
  const RuleId root = rules.add_rule("choice");
  rules.define(root, rules.choice(std::move(choices)));
  return Automaton::compile(rules, root);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// One rule of a grammar as a deterministic automaton: what an Automaton is put together from.
//
// An expression becomes a nondeterministic automaton (Thompson 1968), whose subsets of states
// become states (Rabin and Scott 1959). Threading: pure.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "grammar/automaton.h"
#include "grammar/expression.h"

namespace hearth {

struct RuleAutomaton {
  struct State {
    std::vector<ByteEdge> bytes;  // sorted, of disjoint ranges
    std::vector<CallEdge> calls;  // one at most of each rule
    bool ends = false;
  };
  std::vector<State> states;  // the first is where it starts
};

// What compiling may still take, of all rules of a grammar together.
struct CompileBudget {
  int64_t states = Automaton::kStatesMax;
  int64_t steps = Automaton::kStepsMax;

  bool is_spent() const { return states < 0 || steps < 0; }
};

enum class RulesIn { kCalled, kWrittenOut };

// Errors: kUsage (the budget is spent; rules that are in themselves where they are to be written
// out, as in Rules::both(); Rules::after() of what begins with a rule).
Result<RuleAutomaton> compile_rule(const Rules& rules, ExpressionId body, RulesIn rules_in,
                                   CompileBudget& budget);

}  // namespace hearth

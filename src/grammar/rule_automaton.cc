// SPDX-License-Identifier: Apache-2.0
#include "grammar/rule_automaton.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/check.h"
#include "base/strings.h"

namespace hearth {
namespace {

struct NfaState {
  std::vector<ByteEdge> bytes;
  std::vector<CallEdge> calls;
  std::vector<int32_t> free;  // edges that take nothing
};

using Subset = std::vector<int32_t>;  // of states, sorted

Error too_large() {
  return Error(ErrorCode::kUsage,
               "grammar: too large, through long repetitions or much that can be read in several "
               "ways; make it simpler");
}

// ---- expression to nondeterministic automaton ----

class NfaBuilder {
 public:
  NfaBuilder(const Rules& rules, RulesIn rules_in, CompileBudget& budget)
      : rules_(rules), rules_in_(rules_in), budget_(budget) {}

  int32_t add_state() {
    --budget_.steps;
    states_.emplace_back();
    return static_cast<int32_t>(states_.size()) - 1;
  }
  // From `from`, what `id` says leads to the state that is returned.
  Result<int32_t> build(ExpressionId id, int32_t from);

  const std::vector<NfaState>& states() const { return states_; }

 private:
  NfaState& at(int32_t state) { return states_[static_cast<std::size_t>(state)]; }
  Result<int32_t> build_rule(RuleId rule, int32_t from);
  Result<int32_t> build_choice(const Rules::Node& node, int32_t from);
  Result<int32_t> build_repeat(const Rules::Node& node, int32_t from);
  Result<int32_t> build_both(const Rules::Node& node, int32_t from);
  Result<int32_t> build_after(const Rules::Node& node, int32_t from);
  int32_t copy(const std::vector<ByteGraph::State>& states, int32_t from);

  static constexpr int kDepthMax = 32;  // of rules that are written out in each other

  const Rules& rules_;
  RulesIn rules_in_;
  CompileBudget& budget_;
  std::vector<NfaState> states_;
  int depth_ = 0;
};

Result<int32_t> NfaBuilder::build(ExpressionId id, int32_t from) {
  if (budget_.is_spent() || states_.size() > Automaton::kStatesMax) return too_large();
  const Rules::Node& node = rules_.node(id);
  switch (node.kind) {
    case Rules::Kind::kBytes: {
      const int32_t to = add_state();
      for (const ByteRange range : node.bytes)
        at(from).bytes.push_back({range.first, range.last, to});
      return to;
    }
    case Rules::Kind::kRule:
      return build_rule(node.rule, from);
    case Rules::Kind::kSequence: {
      for (const ExpressionId child : node.children) {
        HEARTH_ASSIGN(from, build(child, from));
      }
      return from;
    }
    case Rules::Kind::kChoice:
      return build_choice(node, from);
    case Rules::Kind::kRepeat:
      return build_repeat(node, from);
    case Rules::Kind::kGraph:
      return copy(node.graph, from);
    case Rules::Kind::kBoth:
      return build_both(node, from);
    case Rules::Kind::kAfter:
      return build_after(node, from);
  }
  return from;
}

Result<int32_t> NfaBuilder::build_rule(RuleId rule, int32_t from) {
  if (rules_in_ == RulesIn::kCalled) {
    const int32_t to = add_state();
    at(from).calls.push_back({rule, to});
    return to;
  }
  const Rules::Rule& of = rules_.rules()[static_cast<std::size_t>(rule)];
  HEARTH_CHECK(of.body >= 0);
  if (depth_ == kDepthMax) {
    return Error(ErrorCode::kUsage, concat("grammar: what must hold at once is in itself, as \"",
                                           printable(of.name), "\" is; make it simpler"));
  }
  ++depth_;
  const Result<int32_t> end = build(of.body, from);
  --depth_;
  return end;
}

Result<int32_t> NfaBuilder::build_choice(const Rules::Node& node, int32_t from) {
  const int32_t to = add_state();
  for (const ExpressionId child : node.children) {
    const int32_t begin = add_state();
    at(from).free.push_back(begin);
    HEARTH_ASSIGN(const int32_t end, build(child, begin));
    at(end).free.push_back(to);
  }
  return to;
}

Result<int32_t> NfaBuilder::build_repeat(const Rules::Node& node, int32_t from) {
  const ExpressionId child = node.children.front();
  for (int32_t i = 0; i < node.min; ++i) {
    HEARTH_ASSIGN(from, build(child, from));
  }
  if (node.max == Rules::kNoLimit) {
    const int32_t loop = add_state();
    at(from).free.push_back(loop);
    HEARTH_ASSIGN(const int32_t end, build(child, loop));
    at(end).free.push_back(loop);
    return loop;
  }
  const int32_t to = add_state();
  for (int32_t i = node.min; i < node.max; ++i) {
    at(from).free.push_back(to);
    const int32_t begin = add_state();
    at(from).free.push_back(begin);
    HEARTH_ASSIGN(from, build(child, begin));
  }
  at(from).free.push_back(to);
  return to;
}

// States that are numbered among themselves, the first of which is where they start.
int32_t NfaBuilder::copy(const std::vector<ByteGraph::State>& states, int32_t from) {
  const auto first = static_cast<int32_t>(states_.size());
  for (std::size_t i = 0; i < states.size(); ++i) add_state();
  const int32_t to = add_state();
  at(from).free.push_back(first);
  for (std::size_t i = 0; i < states.size(); ++i) {
    NfaState& state = at(first + static_cast<int32_t>(i));
    for (const ByteEdge& edge : states[i].bytes)
      state.bytes.push_back({edge.first, edge.last, first + edge.to});
    if (states[i].ends) state.free.push_back(to);
  }
  return to;
}

// Pairs of states, one of each side, that the same bytes lead to.
Result<std::vector<ByteGraph::State>> product(const RuleAutomaton& a, const RuleAutomaton& b,
                                              CompileBudget& budget) {
  std::map<std::pair<int32_t, int32_t>, int32_t> ids;
  std::vector<std::pair<int32_t, int32_t>> pairs;
  const auto id_of = [&](int32_t left, int32_t right) {
    const auto [at, is_new] =
        ids.emplace(std::pair(left, right), static_cast<int32_t>(pairs.size()));
    if (is_new) pairs.emplace_back(left, right);
    return at->second;
  };
  id_of(0, 0);
  std::vector<ByteGraph::State> states;
  while (states.size() < pairs.size()) {
    const auto [left, right] = pairs[states.size()];
    const RuleAutomaton::State& x = a.states[static_cast<std::size_t>(left)];
    const RuleAutomaton::State& y = b.states[static_cast<std::size_t>(right)];
    ByteGraph::State state;
    state.ends = x.ends && y.ends;
    for (const ByteEdge& of_x : x.bytes) {
      for (const ByteEdge& of_y : y.bytes) {
        const uint8_t first = std::max(of_x.first, of_y.first);
        const uint8_t last = std::min(of_x.last, of_y.last);
        if (first <= last) state.bytes.push_back({first, last, id_of(of_x.to, of_y.to)});
      }
    }
    budget.steps -= static_cast<int64_t>(x.bytes.size() * y.bytes.size());
    --budget.states;
    if (budget.is_spent()) return too_large();
    states.push_back(std::move(state));
  }
  return states;
}

Result<int32_t> NfaBuilder::build_both(const Rules::Node& node, int32_t from) {
  const auto compiled = [&](ExpressionId side) {
    return compile_rule(rules_, side, RulesIn::kWrittenOut, budget_);
  };
  HEARTH_ASSIGN(const RuleAutomaton a, compiled(node.children[0]));
  HEARTH_ASSIGN(const RuleAutomaton b, compiled(node.children[1]));
  HEARTH_ASSIGN(const std::vector<ByteGraph::State> states, product(a, b, budget_));
  return copy(states, from);
}

Result<int32_t> NfaBuilder::build_after(const Rules::Node& node, int32_t from) {
  const int32_t begin = add_state();
  HEARTH_ASSIGN(const int32_t end, build(node.children.front(), begin));
  std::vector<int32_t> open = {begin};  // states that are reached without a byte
  for (std::size_t i = 0; i < open.size(); ++i) {
    const NfaState& state = at(open[i]);
    if (!state.calls.empty()) {
      return Error(
          ErrorCode::kUsage,
          "grammar: what follows a byte is asked of rules; write out what they begin with");
    }
    for (const int32_t next : state.free) {
      if (std::ranges::find(open, next) == open.end()) open.push_back(next);
    }
    for (const ByteEdge& edge : state.bytes) {
      if (edge.first <= node.byte && node.byte <= edge.last) at(from).free.push_back(edge.to);
    }
  }
  return end;
}

// ---- subsets ----

class SubsetConstruction {
 public:
  SubsetConstruction(const std::vector<NfaState>& nfa, CompileBudget& budget)
      : nfa_(nfa), budget_(budget), reached_(nfa.size(), 0) {}

  Result<RuleAutomaton> run(int32_t begin, int32_t end) {
    state_of(closure({begin}));
    while (!pending_.empty()) {
      const auto [subset, state] = pending_.back();
      pending_.pop_back();
      if (budget_.is_spent()) return too_large();
      RuleAutomaton::State done = {byte_edges(*subset), call_edges(*subset),
                                   std::ranges::binary_search(*subset, end)};
      automaton_.states[static_cast<std::size_t>(state)] = std::move(done);
    }
    return std::move(automaton_);
  }

 private:
  const NfaState& nfa(int32_t state) const { return nfa_[static_cast<std::size_t>(state)]; }

  Subset closure(Subset states) {
    ++closure_;
    for (const int32_t state : states) reached_[static_cast<std::size_t>(state)] = closure_;
    for (std::size_t i = 0; i < states.size(); ++i) {
      for (const int32_t to : nfa(states[i]).free) {
        if (reached_[static_cast<std::size_t>(to)] == closure_) continue;
        reached_[static_cast<std::size_t>(to)] = closure_;
        states.push_back(to);
      }
    }
    budget_.steps -= static_cast<int64_t>(states.size());
    std::ranges::sort(states);
    return states;
  }

  // The state that stands for a subset; new ones wait to be gone on from.
  AutomatonState state_of(Subset subset) {
    const auto next = static_cast<AutomatonState>(automaton_.states.size());
    const auto [at, is_new] = subsets_.emplace(std::move(subset), next);
    if (is_new) {
      --budget_.states;
      automaton_.states.emplace_back();
      pending_.emplace_back(&at->first, next);
    }
    return at->second;
  }

  std::vector<ByteEdge> byte_edges(const Subset& subset) {
    // Where one range ends or begins, the states that can be reached change.
    std::vector<int> cuts;
    for (const int32_t state : subset) {
      for (const ByteEdge& edge : nfa(state).bytes) {
        cuts.push_back(edge.first);
        cuts.push_back(edge.last + 1);
      }
    }
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<ByteEdge> edges;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      budget_.steps -= static_cast<int64_t>(subset.size());
      Subset targets;
      for (const int32_t state : subset) {
        for (const ByteEdge& edge : nfa(state).bytes) {
          if (edge.first <= cuts[i] && cuts[i] <= edge.last) targets.push_back(edge.to);
        }
      }
      if (targets.empty()) continue;
      std::ranges::sort(targets);
      targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
      const AutomatonState to = state_of(closure(std::move(targets)));
      if (!edges.empty() && edges.back().to == to && edges.back().last + 1 == cuts[i]) {
        edges.back().last = static_cast<uint8_t>(cuts[i + 1] - 1);
      } else {
        edges.push_back({static_cast<uint8_t>(cuts[i]), static_cast<uint8_t>(cuts[i + 1] - 1), to});
      }
    }
    return edges;
  }

  std::vector<CallEdge> call_edges(const Subset& subset) {
    std::map<RuleId, Subset> backs;
    for (const int32_t state : subset) {
      for (const CallEdge& edge : nfa(state).calls) backs[edge.rule].push_back(edge.back);
    }
    std::vector<CallEdge> edges;
    for (auto& [rule, states] : backs)
      edges.push_back({rule, state_of(closure(std::move(states)))});
    return edges;
  }

  const std::vector<NfaState>& nfa_;
  CompileBudget& budget_;
  RuleAutomaton automaton_;
  std::map<Subset, AutomatonState> subsets_;
  std::vector<std::pair<const Subset*, AutomatonState>> pending_;
  std::vector<int32_t> reached_;  // [states of nfa_] the closure that reached it last
  int32_t closure_ = 0;
};

}  // namespace

Result<RuleAutomaton> compile_rule(const Rules& rules, ExpressionId body, RulesIn rules_in,
                                   CompileBudget& budget) {
  NfaBuilder nfa(rules, rules_in, budget);
  const int32_t begin = nfa.add_state();
  HEARTH_ASSIGN(const int32_t end, nfa.build(body, begin));
  return SubsetConstruction(nfa.states(), budget).run(begin, end);
}

}  // namespace hearth

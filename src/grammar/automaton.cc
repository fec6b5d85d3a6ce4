// SPDX-License-Identifier: Apache-2.0
#include "grammar/automaton.h"

#include <algorithm>
#include <queue>
#include <utility>

#include "base/strings.h"
#include "grammar/rule_automaton.h"

namespace hearth {

class AutomatonCompiler {
 public:
  explicit AutomatonCompiler(const Rules& rules) : rules_(rules) {
    automaton_.starts_.assign(rules.rules().size(), -1);
  }

  Result<Automaton> compile(RuleId root) {
    automaton_.root_ = root;
    used_.push_back(root);
    std::vector<bool> seen(rules_.rules().size(), false);
    seen[static_cast<std::size_t>(root)] = true;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      HEARTH_ASSIGN(const RuleAutomaton states, compile_one(used_[i]));
      append(used_[i], states);
      for (const RuleAutomaton::State& state : states.states) {
        for (const CallEdge& call : state.calls) {
          if (seen[static_cast<std::size_t>(call.rule)]) continue;
          seen[static_cast<std::size_t>(call.rule)] = true;
          used_.push_back(call.rule);
        }
      }
    }
    measure();
    HEARTH_TRY(check());
    return std::move(automaton_);
  }

 private:
  std::string_view name(RuleId rule) const {
    return rules_.rules()[static_cast<std::size_t>(rule)].name;
  }

  Result<RuleAutomaton> compile_one(RuleId rule) {
    const ExpressionId body = rules_.rules()[static_cast<std::size_t>(rule)].body;
    if (body < 0) {
      return Error(ErrorCode::kUsage, concat("grammar: rule \"", printable(name(rule)),
                                             "\" is used but not defined; define it"));
    }
    return compile_rule(rules_, body, RulesIn::kCalled, budget_);
  }

  void append(RuleId rule, const RuleAutomaton& added) {
    const auto first = static_cast<AutomatonState>(automaton_.states_.size());
    automaton_.starts_[static_cast<std::size_t>(rule)] = first;
    for (const RuleAutomaton::State& from : added.states) {
      Automaton::State state;
      state.bytes = static_cast<uint32_t>(automaton_.byte_edges_.size());
      state.calls = static_cast<uint32_t>(automaton_.call_edges_.size());
      state.byte_count = static_cast<uint16_t>(from.bytes.size());
      state.call_count = static_cast<uint16_t>(from.calls.size());
      state.ends = from.ends;
      for (ByteEdge edge : from.bytes) {
        edge.to += first;
        automaton_.byte_edges_.push_back(edge);
      }
      for (CallEdge edge : from.calls) {
        edge.back += first;
        automaton_.call_edges_.push_back(edge);
      }
      automaton_.states_.push_back(state);
    }
  }

  // ---- the fewest bytes to the end ----

  // Knuth's generalisation of Dijkstra's algorithm (1977): the cheapest state is final, and what
  // leads to it can become cheaper. A call costs its rule and what comes behind.
  void measure() {
    const std::size_t count = automaton_.states_.size();
    struct Before {
      AutomatonState state;
      AutomatonState other;  // of a call: the rule's start, or where it goes on; else -1
    };
    std::vector<std::vector<Before>> before(count);
    for (std::size_t state = 0; state < count; ++state) {
      const auto from = static_cast<AutomatonState>(state);
      for (const ByteEdge& edge : automaton_.bytes(from))
        before[static_cast<std::size_t>(edge.to)].push_back({from, -1});
      for (const CallEdge& edge : automaton_.calls(from)) {
        const AutomatonState start = automaton_.start(edge.rule);
        before[static_cast<std::size_t>(edge.back)].push_back({from, start});
        before[static_cast<std::size_t>(start)].push_back({from, edge.back});
      }
    }
    using Entry = std::pair<int32_t, AutomatonState>;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    const auto reach = [&](AutomatonState state, int64_t bytes) {
      int32_t& known = automaton_.states_[static_cast<std::size_t>(state)].bytes_to_end;
      if (bytes >= known) return;
      known = static_cast<int32_t>(bytes);
      queue.emplace(known, state);
    };
    for (std::size_t state = 0; state < count; ++state) {
      if (automaton_.states_[state].ends) reach(static_cast<AutomatonState>(state), 0);
    }
    while (!queue.empty()) {
      const auto [bytes, state] = queue.top();
      queue.pop();
      if (bytes > automaton_.bytes_to_end(state)) continue;
      for (const Before& from : before[static_cast<std::size_t>(state)]) {
        if (from.other < 0) {
          reach(from.state, int64_t{bytes} + 1);
        } else if (automaton_.bytes_to_end(from.other) != Automaton::kUnending) {
          reach(from.state, int64_t{bytes} + automaton_.bytes_to_end(from.other));
        }
      }
    }
  }

  // ---- what cannot work ----

  // Rules that `rule` can call before it takes a byte.
  std::vector<RuleId> called_first(RuleId rule) const {
    std::vector<RuleId> found;
    std::vector<AutomatonState> open = {automaton_.start(rule)};
    std::vector<AutomatonState> seen = open;
    while (!open.empty()) {
      const AutomatonState state = open.back();
      open.pop_back();
      for (const CallEdge& edge : automaton_.calls(state)) {
        found.push_back(edge.rule);
        const bool can_be_empty = automaton_.bytes_to_end(automaton_.start(edge.rule)) == 0;
        if (!can_be_empty || std::ranges::find(seen, edge.back) != seen.end()) continue;
        seen.push_back(edge.back);
        open.push_back(edge.back);
      }
    }
    return found;
  }

  Result<void> check() const {
    for (const RuleId rule : used_) {
      if (automaton_.bytes_to_end(automaton_.start(rule)) == Automaton::kUnending) {
        return Error(ErrorCode::kUsage,
                     concat("grammar: rule \"", printable(name(rule)),
                            "\" can never end; give it an alternative that does"));
      }
    }
    enum class Mark { kNew, kOpen, kDone };
    std::vector<Mark> marks(rules_.rules().size(), Mark::kNew);
    struct Visit {
      RuleId rule;
      std::vector<RuleId> next;
    };
    for (const RuleId first : used_) {
      std::vector<Visit> path;
      const auto enter = [&](RuleId rule) {
        marks[static_cast<std::size_t>(rule)] = Mark::kOpen;
        path.push_back({rule, called_first(rule)});
      };
      if (marks[static_cast<std::size_t>(first)] == Mark::kNew) enter(first);
      while (!path.empty()) {
        Visit& visit = path.back();
        if (visit.next.empty()) {
          marks[static_cast<std::size_t>(visit.rule)] = Mark::kDone;
          path.pop_back();
          continue;
        }
        const RuleId rule = visit.next.back();
        visit.next.pop_back();
        const Mark mark = marks[static_cast<std::size_t>(rule)];
        if (mark == Mark::kOpen) {
          return Error(ErrorCode::kUsage, concat("grammar: rule \"", printable(name(rule)),
                                                 "\" begins with itself; let it end with itself"));
        }
        if (mark == Mark::kNew) enter(rule);
      }
    }
    return {};
  }

  const Rules& rules_;
  Automaton automaton_;
  CompileBudget budget_;
  std::vector<RuleId> used_;  // the root, and what can be called from it
};

Result<Automaton> Automaton::compile(const Rules& rules, RuleId root) {
  return AutomatonCompiler(rules).compile(root);
}

AutomatonState Automaton::after(AutomatonState state, uint8_t byte) const {
  for (const ByteEdge& edge : bytes(state)) {
    if (byte < edge.first) return -1;
    if (byte <= edge.last) return edge.to;
  }
  return -1;
}

}  // namespace hearth

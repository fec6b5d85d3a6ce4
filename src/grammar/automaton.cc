// SPDX-License-Identifier: Apache-2.0
#include "grammar/automaton.h"

#include <algorithm>
#include <map>
#include <queue>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

// A rule as a nondeterministic automaton (Thompson 1968), before subsets of its states become
// states.
struct NfaState {
  std::vector<ByteEdge> bytes;
  std::vector<CallEdge> calls;
  std::vector<int32_t> free;  // edges that take nothing
};

using Subset = std::vector<int32_t>;  // sorted

}  // namespace

class AutomatonCompiler {
 public:
  explicit AutomatonCompiler(const Rules& rules) : rules_(rules) {
    automaton_.starts_.assign(rules.rules().size(), -1);
  }

  Result<Automaton> compile(RuleId root) {
    automaton_.root_ = root;
    waiting_.push_back(root);
    std::vector<bool> seen(rules_.rules().size(), false);
    seen[static_cast<std::size_t>(root)] = true;
    while (!waiting_.empty()) {
      const RuleId rule = waiting_.back();
      waiting_.pop_back();
      used_.push_back(rule);
      HEARTH_TRY(compile_rule(rule));
      for (const RuleId called : called_) {
        if (seen[static_cast<std::size_t>(called)]) continue;
        seen[static_cast<std::size_t>(called)] = true;
        waiting_.push_back(called);
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
  bool is_too_large() const {
    return nfa_.size() > static_cast<std::size_t>(Automaton::kStatesMax) ||
           automaton_.states_.size() > static_cast<std::size_t>(Automaton::kStatesMax) ||
           steps_ > Automaton::kStepsMax;
  }
  static Error too_large() {
    return Error(ErrorCode::kUsage,
                 "grammar: too large, through long repetitions or much that can be read in several "
                 "ways; make it simpler");
  }

  // ---- expression to nondeterministic automaton ----

  int32_t add_state() {
    nfa_.emplace_back();
    return static_cast<int32_t>(nfa_.size()) - 1;
  }
  NfaState& nfa(int32_t state) { return nfa_[static_cast<std::size_t>(state)]; }

  // From `from`, what `id` says leads to the state that is returned.
  Result<int32_t> build(ExpressionId id, int32_t from) {
    if (is_too_large()) return too_large();
    const Rules::Node& node = rules_.node(id);
    switch (node.kind) {
      case Rules::Kind::kBytes: {
        const int32_t to = add_state();
        for (const ByteRange range : node.bytes)
          nfa(from).bytes.push_back({range.first, range.last, to});
        return to;
      }
      case Rules::Kind::kRule: {
        const int32_t to = add_state();
        nfa(from).calls.push_back({node.rule, to});
        return to;
      }
      case Rules::Kind::kSequence: {
        for (const ExpressionId child : node.children) {
          HEARTH_ASSIGN(from, build(child, from));
        }
        return from;
      }
      case Rules::Kind::kChoice: {
        const int32_t to = add_state();
        for (const ExpressionId child : node.children) {
          const int32_t begin = add_state();
          nfa(from).free.push_back(begin);
          HEARTH_ASSIGN(const int32_t end, build(child, begin));
          nfa(end).free.push_back(to);
        }
        return to;
      }
      case Rules::Kind::kRepeat:
        return build_repeat(node, from);
    }
    return from;
  }

  Result<int32_t> build_repeat(const Rules::Node& node, int32_t from) {
    const ExpressionId child = node.children.front();
    for (int32_t i = 0; i < node.min; ++i) {
      HEARTH_ASSIGN(from, build(child, from));
    }
    if (node.max == Rules::kNoLimit) {
      const int32_t loop = add_state();
      nfa(from).free.push_back(loop);
      HEARTH_ASSIGN(const int32_t end, build(child, loop));
      nfa(end).free.push_back(loop);
      return loop;
    }
    const int32_t to = add_state();
    for (int32_t i = node.min; i < node.max; ++i) {
      nfa(from).free.push_back(to);
      const int32_t begin = add_state();
      nfa(from).free.push_back(begin);
      HEARTH_ASSIGN(from, build(child, begin));
    }
    nfa(from).free.push_back(to);
    return to;
  }

  // ---- subsets ----

  Subset closure(Subset states) {
    constexpr int64_t kWordBits = 64;
    std::vector<bool> in(nfa_.size(), false);
    steps_ += static_cast<int64_t>(nfa_.size()) / kWordBits;
    for (const int32_t state : states) in[static_cast<std::size_t>(state)] = true;
    for (std::size_t i = 0; i < states.size(); ++i) {
      for (const int32_t to : nfa_[static_cast<std::size_t>(states[i])].free) {
        if (in[static_cast<std::size_t>(to)]) continue;
        in[static_cast<std::size_t>(to)] = true;
        states.push_back(to);
      }
    }
    std::ranges::sort(states);
    return states;
  }

  // The state of the automaton that stands for a subset; new ones wait to be gone on from.
  AutomatonState state_of(Subset subset) {
    const auto next = static_cast<AutomatonState>(automaton_.states_.size());
    const auto [at, is_new] = subsets_.emplace(std::move(subset), next);
    if (is_new) {
      automaton_.states_.emplace_back();
      pending_.push_back(&at->first);
    }
    return at->second;
  }

  void add_byte_edges(const Subset& subset, Automaton::State& state) {
    // Where one range ends or begins, the states that can be reached change.
    std::vector<int> cuts;
    for (const int32_t nfa_state : subset) {
      for (const ByteEdge& edge : nfa_[static_cast<std::size_t>(nfa_state)].bytes) {
        cuts.push_back(edge.first);
        cuts.push_back(edge.last + 1);
      }
    }
    std::ranges::sort(cuts);
    cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
    std::vector<ByteEdge> edges;
    for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
      steps_ += static_cast<int64_t>(subset.size());
      Subset targets;
      for (const int32_t nfa_state : subset) {
        for (const ByteEdge& edge : nfa_[static_cast<std::size_t>(nfa_state)].bytes) {
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
    state.bytes = static_cast<uint32_t>(automaton_.byte_edges_.size());
    state.byte_count = static_cast<uint16_t>(edges.size());
    automaton_.byte_edges_.insert(automaton_.byte_edges_.end(), edges.begin(), edges.end());
  }

  void add_call_edges(const Subset& subset, Automaton::State& state) {
    std::map<RuleId, Subset> backs;
    for (const int32_t nfa_state : subset) {
      for (const CallEdge& edge : nfa_[static_cast<std::size_t>(nfa_state)].calls)
        backs[edge.rule].push_back(edge.back);
    }
    state.calls = static_cast<uint32_t>(automaton_.call_edges_.size());
    state.call_count = static_cast<uint16_t>(backs.size());
    const std::size_t first = automaton_.call_edges_.size();
    automaton_.call_edges_.resize(first + backs.size());
    std::size_t at = first;
    for (auto& [rule, states] : backs) {
      called_.push_back(rule);
      automaton_.call_edges_[at++] = {rule, state_of(closure(std::move(states)))};
    }
  }

  Result<void> compile_rule(RuleId rule) {
    const ExpressionId body = rules_.rules()[static_cast<std::size_t>(rule)].body;
    if (body < 0) {
      return Error(ErrorCode::kUsage, concat("grammar: rule \"", printable(name(rule)),
                                             "\" is used but not defined; define it"));
    }
    nfa_.clear();
    subsets_.clear();
    called_.clear();
    const int32_t begin = add_state();
    HEARTH_ASSIGN(const int32_t end, build(body, begin));
    automaton_.starts_[static_cast<std::size_t>(rule)] = state_of(closure({begin}));
    while (!pending_.empty()) {
      const Subset subset = *pending_.back();
      pending_.pop_back();
      if (is_too_large()) return too_large();
      const auto index = static_cast<std::size_t>(subsets_.at(subset));
      Automaton::State state;
      state.ends = std::ranges::binary_search(subset, end);
      add_byte_edges(subset, state);
      add_call_edges(subset, state);
      automaton_.states_[index] = state;
    }
    return {};
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
  std::vector<RuleId> waiting_;
  std::vector<RuleId> used_;
  int64_t steps_ = 0;
  // Of the rule that is being compiled.
  std::vector<NfaState> nfa_;
  std::map<Subset, AutomatonState> subsets_;
  std::vector<const Subset*> pending_;
  std::vector<RuleId> called_;
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

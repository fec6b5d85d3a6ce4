// SPDX-License-Identifier: Apache-2.0
// A grammar, compiled: a pushdown automaton over bytes. Each rule is a deterministic automaton
// whose edges are bytes and calls of rules; what is pushed at a call is the state to go on from.
//
// Threading: immutable; share freely.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "grammar/expression.h"

namespace hearth {

using AutomatonState = int32_t;

struct CallEdge {
  RuleId rule;
  AutomatonState back;  // from where it goes on once the rule has ended
};

class Automaton {
 public:
  static constexpr int32_t kStatesMax = 1 << 18;
  static constexpr int64_t kStepsMax = 20'000'000;  // of compiling: a fraction of a second
  static constexpr int32_t kUnending = std::numeric_limits<int32_t>::max();

  // The rule `root` and those that it uses. Errors: kUsage (a rule that is not defined, that begins
  // with itself, or that no text can end: named; more than kStatesMax states or
  // kStepsMax steps: what must be told apart late, as (a|b)*a(a|b){20}, doubles both each time).
  static Result<Automaton> compile(const Rules& rules, RuleId root);

  AutomatonState start(RuleId rule) const { return starts_[static_cast<std::size_t>(rule)]; }
  AutomatonState root() const { return start(root_); }
  std::span<const ByteEdge> bytes(AutomatonState state) const {
    const State& of = states_[static_cast<std::size_t>(state)];
    return std::span(byte_edges_).subspan(of.bytes, of.byte_count);
  }
  std::span<const CallEdge> calls(AutomatonState state) const {
    const State& of = states_[static_cast<std::size_t>(state)];
    return std::span(call_edges_).subspan(of.calls, of.call_count);
  }
  // Whether the rule can end here.
  bool ends(AutomatonState state) const { return states_[static_cast<std::size_t>(state)].ends; }
  // The fewest bytes from here to where the rule can end.
  int32_t bytes_to_end(AutomatonState state) const {
    return states_[static_cast<std::size_t>(state)].bytes_to_end;
  }
  // The state after `byte`, -1 where there is none.
  AutomatonState after(AutomatonState state, uint8_t byte) const;

 private:
  friend class AutomatonCompiler;

  struct State {
    uint32_t bytes = 0;  // first of byte_edges_, sorted
    uint32_t calls = 0;  // first of call_edges_
    uint16_t byte_count = 0;
    uint16_t call_count = 0;
    bool ends = false;
    int32_t bytes_to_end = kUnending;
  };

  RuleId root_ = 0;
  std::vector<AutomatonState> starts_;  // [rules]; -1: not used
  std::vector<State> states_;
  std::vector<ByteEdge> byte_edges_;
  std::vector<CallEdge> call_edges_;
};

}  // namespace hearth

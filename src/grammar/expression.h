// SPDX-License-Identifier: Apache-2.0
// What a grammar says before it is compiled: rules over expressions over bytes. compile_gbnf()
// makes this of a text, and Automaton::compile() takes it.
//
// Ownership: expressions are numbers, whose nodes a Rules holds. Threading: one builder at a time.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

struct ByteRange {
  uint8_t first;
  uint8_t last;
};

struct ByteEdge {
  uint8_t first;
  uint8_t last;
  int32_t to;  // a state
};

// A deterministic automaton over bytes, written out.
struct ByteGraph {
  struct State {
    std::vector<ByteEdge> bytes;  // of disjoint ranges
    bool ends = false;
  };
  std::vector<State> states;  // the first is where it starts
};

// Code points from `first` to `last`.
struct CharRange {
  char32_t first;
  char32_t last;
};

// All characters but these (no surrogates), sorted.
std::vector<CharRange> other_chars(std::vector<CharRange> ranges);

using ExpressionId = int32_t;
using RuleId = int32_t;

class Rules {
 public:
  enum class Kind { kBytes, kSequence, kChoice, kRepeat, kRule, kGraph, kBoth, kAfter };
  static constexpr int32_t kNoLimit = -1;
  static constexpr int32_t kBlock = 64;  // repetitions that are a rule of their own, of many

  struct Node {
    Kind kind;
    std::vector<ByteRange> bytes;        // kBytes: one byte of these
    std::vector<ExpressionId> children;  // kSequence, kChoice; one of kRepeat, kAfter; two of kBoth
    int32_t min = 0;                     // kRepeat
    int32_t max = 0;                     // kRepeat: kNoLimit, or at least min
    RuleId rule = 0;                     // kRule
    uint8_t byte = 0;                    // kAfter
    std::vector<ByteGraph::State> graph = {};  // kGraph
  };
  struct Rule {
    std::string name;        // for messages
    ExpressionId body = -1;  // -1: not defined yet
  };

  ExpressionId bytes(std::vector<ByteRange> ranges);  // of no range: never fits
  ExpressionId literal(std::string_view text);
  // One character, in UTF-8, of the ranges (no surrogates).
  ExpressionId chars(std::vector<CharRange> ranges);
  ExpressionId sequence(std::vector<ExpressionId> children);
  ExpressionId choice(std::vector<ExpressionId> children);
  ExpressionId repeat(ExpressionId child, int32_t min, int32_t max);
  ExpressionId optional(ExpressionId child) { return repeat(child, 0, 1); }
  ExpressionId rule(RuleId id);
  ExpressionId graph(ByteGraph graph);
  // What fits both of two expressions. Rules in them are written out, so none is in itself.
  ExpressionId both(ExpressionId a, ExpressionId b);
  // What can follow `byte` in `child`, which does not begin with a rule (Brzozowski 1964).
  ExpressionId after(ExpressionId child, char byte);

  RuleId add_rule(std::string name);
  void define(RuleId rule, ExpressionId body) {
    rules_[static_cast<std::size_t>(rule)].body = body;
  }

  const Node& node(ExpressionId id) const { return nodes_[static_cast<std::size_t>(id)]; }
  std::span<const Rule> rules() const { return rules_; }

 private:
  ExpressionId add(Node node);

  std::vector<Node> nodes_;
  std::vector<Rule> rules_;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// A trie of token sequences, and the order in which score.cc walks it. Internal to the folder.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenizer.h"

namespace hearth {

class ScoreTrie {
 public:
  struct Node {
    TokenId token = -1;  // of the edge from the parent; -1 at the root
    int32_t depth = 0;   // tokens from the root
    int32_t parent = -1;
    std::vector<int32_t> children;  // by token
    double logprob = 0.0;           // of `token` given what lies above: filled by the walk

    bool is_inner() const { return !children.empty(); }
  };

  // `candidates` are not empty, nor is one of them.
  explicit ScoreTrie(std::span<const std::vector<TokenId>> candidates);

  static constexpr int32_t kRoot = 0;
  Node& node(int32_t index) { return nodes_[static_cast<std::size_t>(index)]; }
  const Node& node(int32_t index) const { return nodes_[static_cast<std::size_t>(index)]; }
  // Where the candidate with this index ends.
  int32_t end(std::size_t candidate) const { return ends_[candidate]; }

  // The chain of inner nodes from `index` (an inner node) down, at each node along its first inner
  // child. What branches off it is left out.
  std::vector<int32_t> chain(int32_t index) const;

 private:
  std::vector<Node> nodes_;
  std::vector<int32_t> ends_;  // by candidate
};

}  // namespace hearth

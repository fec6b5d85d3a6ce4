// SPDX-License-Identifier: Apache-2.0
#include "engine/score_trie.h"

#include <algorithm>
#include <numeric>

namespace hearth {

ScoreTrie::ScoreTrie(std::span<const std::vector<TokenId>> candidates) : nodes_(1) {
  // In sorted order each candidate shares its path with its predecessor, and children come sorted.
  std::vector<std::size_t> order(candidates.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return candidates[a] < candidates[b]; });
  ends_.resize(candidates.size());
  std::vector<int32_t> path = {kRoot};  // of the candidate before
  for (const std::size_t index : order) {
    const std::vector<TokenId>& tokens = candidates[index];
    std::size_t depth = 0;
    while (depth < tokens.size() && depth + 1 < path.size() &&
           node(path[depth + 1]).token == tokens[depth]) {
      ++depth;
    }
    path.resize(depth + 1);
    for (; depth < tokens.size(); ++depth) {
      const auto child = static_cast<int32_t>(nodes_.size());
      nodes_.push_back({.token = tokens[depth],
                        .depth = static_cast<int32_t>(depth) + 1,
                        .parent = path.back(),
                        .children = {}});
      node(path.back()).children.push_back(child);
      path.push_back(child);
    }
    ends_[index] = path.back();
  }
}

std::vector<int32_t> ScoreTrie::chain(int32_t index) const {
  std::vector<int32_t> nodes = {index};
  while (true) {
    const auto& children = node(nodes.back()).children;
    const auto inner = std::find_if(children.begin(), children.end(),
                                    [&](int32_t child) { return node(child).is_inner(); });
    if (inner == children.end()) return nodes;
    nodes.push_back(*inner);
  }
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "grammar/free_text.h"

#include <utility>
#include <vector>

namespace hearth {
namespace {

// Edges for all bytes: to where `next` says, none where it says -1.
template <typename Next>
ByteGraph::State state_of(Next next) {
  ByteGraph::State state{.bytes = {}, .ends = true};
  for (int byte = 0; byte < 256; ++byte) {
    const int32_t to = next(static_cast<uint8_t>(byte));
    if (to < 0) continue;
    const auto at = static_cast<uint8_t>(byte);
    const bool goes_on = !state.bytes.empty() && state.bytes.back().to == to &&
                         int{state.bytes.back().last} + 1 == byte;
    if (goes_on) {
      state.bytes.back().last = at;
    } else {
      state.bytes.push_back({at, at, to});
    }
  }
  return state;
}

}  // namespace

ExpressionId text_without(std::string_view marker, Rules& rules) {
  // State i: the last i bytes are the marker's first. Behind a byte that does not go on with it
  // stands what `fallback`, the state of the text without its first byte, would make of that byte.
  std::vector<std::vector<int32_t>> next;
  int32_t fallback = 0;
  for (std::size_t i = 0; i < marker.size(); ++i) {
    const auto expected = static_cast<uint8_t>(marker[i]);
    std::vector<int32_t> row =
        i == 0 ? std::vector<int32_t>(256, 0) : next[static_cast<std::size_t>(fallback)];
    if (i > 0) fallback = next[static_cast<std::size_t>(fallback)][expected];
    row[expected] = static_cast<int32_t>(i) + 1;
    next.push_back(std::move(row));
  }
  ByteGraph graph;
  const auto whole = static_cast<int32_t>(marker.size());
  for (const std::vector<int32_t>& row : next) {
    graph.states.push_back(
        state_of([&](uint8_t byte) { return row[byte] == whole ? -1 : row[byte]; }));
  }
  return rules.graph(std::move(graph));
}

ExpressionId text_not_beginning_with(std::string_view marker, Rules& rules) {
  const auto anything = static_cast<int32_t>(marker.size());
  ByteGraph graph;
  for (std::size_t i = 0; i < marker.size(); ++i) {
    graph.states.push_back(state_of([&](uint8_t byte) {
      if (byte != static_cast<uint8_t>(marker[i])) return anything;
      return i + 1 == marker.size() ? -1 : static_cast<int32_t>(i) + 1;
    }));
  }
  graph.states.push_back(state_of([&](uint8_t) { return anything; }));
  return rules.graph(std::move(graph));
}

}  // namespace hearth

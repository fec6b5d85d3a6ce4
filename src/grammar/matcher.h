// SPDX-License-Identifier: Apache-2.0
// Where a text stands in a grammar: which bytes can follow, whether it may end. Follows all ways
// of reading at once.
//
// Ownership: borrows the automaton. Threading: one user at a time.
#pragma once

#include <bitset>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/automaton.h"

namespace hearth {

class Matcher {
 public:
  static constexpr int32_t kDepthMax = 1000;    // of rules in rules: what is deeper does not fit
  static constexpr std::size_t kWaysMax = 256;  // of reading at once: no more are followed

  explicit Matcher(const Automaton& automaton);

  // Goes on by `bytes`, or stays where it was and returns false: they do not fit.
  bool accept(std::string_view bytes);
  // Whether they fit, with a complete text at most `bytes_to_end_max` bytes behind them.
  bool allows(std::string_view bytes, int64_t bytes_to_end_max = Automaton::kUnending);
  // How many of the `bytes` fit, of which the first `shared` are those of the last call since
  // accept(), and fitted then: texts in the order of their bytes cost little each.
  std::size_t fitting(std::string_view bytes, std::size_t shared);
  // The fewest bytes to a complete text behind `length` bytes that fitted then.
  int32_t bytes_to_end_behind(std::size_t length) const { return bytes_to_end(trail_[length]); }
  // The bytes that can come next.
  std::bitset<256> next_bytes() const;
  // Whether the text is complete.
  bool can_end() const { return here_.can_end; }
  // Whether nothing can follow.
  bool must_end() const { return here_.ways.empty(); }
  // What must follow, up to where there is a choice or the text may end; at most `bytes_max`.
  std::string forced(std::size_t bytes_max);
  // The fewest bytes to a complete text; Automaton::kUnending where there is none.
  int32_t bytes_to_end() const { return bytes_to_end(here_); }

 private:
  // What is to be gone on from once a rule has ended, innermost first.
  struct Frame {
    int32_t parent;  // -1: none
    AutomatonState back;
    int32_t depth;
    int32_t bytes_to_end;  // of it and all its parents
  };
  struct Way {
    AutomatonState state;  // with edges that take a byte
    int32_t frame;         // -1: the root's
    bool operator==(const Way&) const = default;
  };
  struct Place {
    std::vector<Way> ways;
    bool can_end = false;
  };

  int32_t push(int32_t parent, AutomatonState back);
  void enter(Way from, Place& place);
  void step(const Place& from, uint8_t byte, Place& to);
  int32_t bytes_to_end(const Place& place) const;
  bool walk(std::string_view bytes);  // from here on to what is then in `next_`

  const Automaton* automaton_;
  std::vector<Frame> frames_;
  std::unordered_map<uint64_t, int32_t> frame_ids_;  // by parent and back
  Place here_;
  // Scratch.
  std::vector<Way> open_;
  Place next_;
  Place before_;
  std::vector<Place> trail_;  // of fitting(): behind so many bytes
};

// Whether the whole `text` fits.
bool fits(const Automaton& automaton, std::string_view text);

}  // namespace hearth

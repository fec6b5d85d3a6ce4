// SPDX-License-Identifier: Apache-2.0
#include "grammar/matcher.h"

#include <algorithm>
#include <utility>

namespace hearth {

bool fits(const Automaton& automaton, std::string_view text) {
  Matcher matcher(automaton);
  return matcher.accept(text) && matcher.can_end();
}

Matcher::Matcher(const Automaton& automaton) : automaton_(&automaton) {
  enter({automaton.root(), -1}, here_);
}

bool Matcher::accept(std::string_view bytes) {
  if (!walk(bytes)) return false;
  std::swap(here_, next_);
  return true;
}

bool Matcher::allows(std::string_view bytes, int64_t bytes_to_end_max) {
  return walk(bytes) &&
         (bytes_to_end_max >= Automaton::kUnending || bytes_to_end(next_) <= bytes_to_end_max);
}

std::size_t Matcher::fitting(std::string_view bytes, std::size_t shared) {
  if (trail_.size() <= bytes.size()) trail_.resize(bytes.size() + 1);
  if (shared == 0) trail_.front() = here_;
  for (std::size_t i = shared; i < bytes.size(); ++i) {
    step(trail_[i], static_cast<uint8_t>(bytes[i]), trail_[i + 1]);
    if (trail_[i + 1].ways.empty() && !trail_[i + 1].can_end) return i;
  }
  return bytes.size();
}

std::bitset<256> Matcher::next_bytes() const {
  std::bitset<256> bytes;
  for (const Way& way : here_.ways) {
    for (const ByteEdge& edge : automaton_->bytes(way.state)) {
      for (std::size_t byte = edge.first; byte <= edge.last; ++byte) bytes.set(byte);
    }
  }
  return bytes;
}

std::string Matcher::forced(std::size_t bytes_max) {
  std::string bytes;
  next_ = here_;
  while (bytes.size() < bytes_max && !next_.can_end && !next_.ways.empty()) {
    int byte = -1;
    for (const Way& way : next_.ways) {
      for (const ByteEdge& edge : automaton_->bytes(way.state)) {
        if (edge.first != edge.last || (byte >= 0 && byte != edge.first)) return bytes;
        byte = edge.first;
      }
    }
    std::swap(before_, next_);
    step(before_, static_cast<uint8_t>(byte), next_);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

int32_t Matcher::bytes_to_end(const Place& place) const {
  if (place.can_end) return 0;
  int64_t fewest = Automaton::kUnending;
  for (const Way& way : place.ways) {
    const int64_t behind =
        way.frame < 0 ? 0 : frames_[static_cast<std::size_t>(way.frame)].bytes_to_end;
    fewest = std::min(fewest, automaton_->bytes_to_end(way.state) + behind);
  }
  return static_cast<int32_t>(fewest);
}

// The frame for `back` on `parent`, the same one each time, so that equal ways are found equal.
int32_t Matcher::push(int32_t parent, AutomatonState back) {
  const uint64_t key =
      static_cast<uint64_t>(static_cast<uint32_t>(parent)) << 32 | static_cast<uint32_t>(back);
  const auto [at, is_new] = frame_ids_.emplace(key, static_cast<int32_t>(frames_.size()));
  if (is_new) {
    Frame frame = {parent, back, 1, automaton_->bytes_to_end(back)};
    if (parent >= 0) {
      const Frame& of = frames_[static_cast<std::size_t>(parent)];
      frame.depth += of.depth;
      frame.bytes_to_end += of.bytes_to_end;
    }
    frames_.push_back(frame);
  }
  return at->second;
}

// Adds the ways that can take a byte where the text is at `from`: in called rules, and behind rules
// that can end.
void Matcher::enter(Way from, Place& place) {
  open_.assign(1, from);
  for (std::size_t i = 0; i < open_.size() && open_.size() < kWaysMax; ++i) {
    const Way way = open_[i];
    const auto add = [&](Way next) {
      if (std::ranges::find(open_, next) == open_.end()) open_.push_back(next);
    };
    if (!automaton_->bytes(way.state).empty() && place.ways.size() < kWaysMax &&
        std::ranges::find(place.ways, way) == place.ways.end()) {
      place.ways.push_back(way);
    }
    for (const CallEdge& call : automaton_->calls(way.state)) {
      // Behind a last call there is nothing to come back for: lists do not grow the stack.
      const bool is_last = automaton_->ends(call.back) && automaton_->bytes(call.back).empty() &&
                           automaton_->calls(call.back).empty();
      int32_t frame = way.frame;
      if (!is_last) {
        if (frame >= 0 && frames_[static_cast<std::size_t>(frame)].depth >= kDepthMax) continue;
        frame = push(frame, call.back);
      }
      add({automaton_->start(call.rule), frame});
    }
    if (!automaton_->ends(way.state)) continue;
    if (way.frame < 0) {
      place.can_end = true;
    } else {
      const Frame& frame = frames_[static_cast<std::size_t>(way.frame)];
      add({frame.back, frame.parent});
    }
  }
}

void Matcher::step(const Place& from, uint8_t byte, Place& to) {
  to.ways.clear();
  to.can_end = false;
  for (const Way& way : from.ways) {
    const AutomatonState state = automaton_->after(way.state, byte);
    if (state >= 0) enter({state, way.frame}, to);
  }
}

bool Matcher::walk(std::string_view bytes) {
  next_ = here_;
  for (const char byte : bytes) {
    std::swap(before_, next_);
    step(before_, static_cast<uint8_t>(byte), next_);
    if (next_.ways.empty() && !next_.can_end) return false;
  }
  return true;
}

}  // namespace hearth

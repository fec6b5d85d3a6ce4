// SPDX-License-Identifier: Apache-2.0
#include "engine/ngram_drafter.h"

#include <algorithm>

namespace hearth {

NgramDrafter::NgramDrafter(std::span<const TokenId> text, std::size_t more) : latest_(kSlots) {
  text_.reserve(text.size() + more);
  previous_.reserve(text.size() + more);
  for (const TokenId token : text) push(token);
}

// Of the gram that ends before `end`.
std::size_t NgramDrafter::slot(std::size_t end) const {
  uint64_t hash = 0;
  for (std::size_t i = end - kGram; i < end; ++i) {
    hash = (hash + static_cast<uint32_t>(text_[i]) + 1) * 0x9e3779b97f4a7c15u;
  }
  return hash >> 51;  // 13 bits
}

// How many tokens before `a` equal those before `b`, as far as it matters.
std::size_t NgramDrafter::shared_context(std::size_t a, std::size_t b) const {
  const std::size_t count_max = std::min(kContextMax, std::min(a, b));
  std::size_t count = 0;
  while (count < count_max && text_[a - count - 1] == text_[b - count - 1]) ++count;
  return count;
}

void NgramDrafter::push(TokenId token) {
  // The gram before `token` is indexed now: it has something that followed it.
  const std::size_t end = text_.size();
  previous_.push_back(0);
  if (end >= kGram) {
    int32_t& latest = latest_[slot(end)];
    previous_[end] = latest;
    latest = static_cast<int32_t>(end);
  }
  text_.push_back(token);
  if (pause_ > 0) --pause_;
}

std::span<const TokenId> NgramDrafter::propose(std::size_t count_max) {
  const std::size_t end = text_.size();
  if (pause_ > 0 || end < kGram) return {};
  std::size_t best = 0;
  std::size_t best_context = kGram - 1;
  int32_t occurrence = latest_[slot(end)];
  for (int32_t i = 0; i < kOccurrencesMax && occurrence != 0; ++i) {
    const auto at = static_cast<std::size_t>(occurrence);
    const std::size_t context = shared_context(at, end);
    if (context > best_context) {
      best = at;
      best_context = context;
    }
    occurrence = previous_[at];
  }
  if (best == 0) return {};
  proposed_ = std::min({count_max, static_cast<std::size_t>(reach_), end - best});
  return std::span<const TokenId>(text_).subspan(best, proposed_);
}

void NgramDrafter::learn(std::size_t accepted) {
  if (accepted == proposed_) {
    reach_ = std::min(reach_ + 2, kDraftMax);
  } else {
    reach_ = std::max(static_cast<int32_t>(accepted) + 1, 2);
  }
  if (accepted > 0) {
    next_pause_ = 1;
  } else {
    pause_ = next_pause_;
    next_pause_ = std::min(next_pause_ * 2, kPauseMax);
  }
}

}  // namespace hearth

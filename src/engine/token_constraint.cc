// SPDX-License-Identifier: Apache-2.0
#include "engine/token_constraint.h"

#include <algorithm>
#include <string_view>

#include "base/check.h"

namespace hearth {
namespace {

std::size_t common_prefix(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first -
                                  a.begin());
}

}  // namespace

TokenConstraint::TokenConstraint(const Automaton& automaton, ConstrainedVocabulary& vocabulary,
                                 TokenId previous, std::size_t tokens_max)
    : matcher_(automaton),
      vocabulary_(&vocabulary),
      previous_(previous),
      tokens_left_(tokens_max) {}

std::string_view TokenConstraint::bytes_of(TokenId id) const {
  return vocabulary_->tokenizer().bytes_after(previous_, id, SpecialTokens::kAsText);
}

// How far the end may be behind the next token. Where it was out of reach before, nothing is lost
// by going on.
int64_t TokenConstraint::bytes_to_end_max() const {
  const auto left = static_cast<int64_t>(tokens_left_);
  return matcher_.bytes_to_end() <= left ? left - 1 : Automaton::kUnending;
}

bool TokenConstraint::allows(TokenId id) {
  if (vocabulary_->tokenizer().is_end(id)) return matcher_.can_end();
  const std::string_view bytes = bytes_of(id);
  return !bytes.empty() && matcher_.allows(bytes, bytes_to_end_max());
}

void TokenConstraint::accept(TokenId id) {
  const bool fits = matcher_.accept(bytes_of(id));
  HEARTH_CHECK(fits);
  previous_ = id;
  --tokens_left_;
}

bool TokenConstraint::is_narrow() {
  constexpr std::size_t kTokensMax = 4096;  // that begin with a byte that can come next
  const std::bitset<256> bytes = matcher_.next_bytes();
  std::size_t tokens = 0;
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    if (bytes[byte]) tokens += vocabulary_->sorted().beginning_with(static_cast<uint8_t>(byte));
  }
  return tokens <= kTokensMax;
}

const std::vector<TokenId>& TokenConstraint::allowed() {
  allowed_.clear();
  if (matcher_.can_end()) {
    const auto ends = vocabulary_->tokenizer().ends();
    allowed_.assign(ends.begin(), ends.end());
  }
  find_allowed();
  return allowed_;
}

// In the order of their bytes, so that what several begin with is followed once, and where it does
// not fit, all of them are left out at once.
void TokenConstraint::find_allowed() {
  const ByteSortedVocabulary& sorted = vocabulary_->sorted();
  const Tokenizer& tokenizer = vocabulary_->tokenizer();
  const int64_t to_end_max = bytes_to_end_max();
  std::string_view last;  // of which the first `fitted` bytes fit
  std::size_t fitted = 0;
  for (std::size_t i = 0; i < sorted.size();) {
    const TokenId id = sorted.id(i);
    const std::string_view bytes = sorted.bytes(i);
    if (bytes.front() == ' ' && bytes_of(id).size() != bytes.size()) {  // it begins a text
      if (allows(id)) allowed_.push_back(id);
      ++i;
      continue;
    }
    const std::size_t shared = std::min(common_prefix(last, bytes), fitted);
    fitted = matcher_.fitting(bytes, shared);
    last = bytes;
    if (fitted < bytes.size()) {
      i = sorted.end_of_prefix(i, fitted + 1);
      continue;
    }
    if (!tokenizer.is_end(id) && matcher_.bytes_to_end_behind(fitted) <= to_end_max)
      allowed_.push_back(id);
    ++i;
  }
}

}  // namespace hearth

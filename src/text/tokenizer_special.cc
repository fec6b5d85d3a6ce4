// SPDX-License-Identifier: Apache-2.0
#include "text/tokenizer_special.h"

#include <algorithm>
#include <utility>

namespace hearth {

std::vector<TokenId> special_tokens(const Vocabulary& vocabulary) {
  std::vector<TokenId> ids;
  for (TokenId id = 0; id < vocabulary.size(); ++id) {
    const TokenType type = vocabulary.type(id);
    if (type != TokenType::kControl && type != TokenType::kUserDefined) continue;
    if (!vocabulary.bytes(id).empty()) ids.push_back(id);
  }
  return ids;
}

SpecialTokenFinder::SpecialTokenFinder(const Vocabulary& vocabulary, std::vector<TokenId> ids)
    : vocabulary_(&vocabulary), ids_(std::move(ids)) {
  std::sort(ids_.begin(), ids_.end(),
            [&](TokenId a, TokenId b) { return vocabulary.bytes(a) < vocabulary.bytes(b); });
  for (const TokenId id : ids_) {
    ++first_byte_begin_[static_cast<unsigned char>(vocabulary.bytes(id)[0]) + 1];
  }
  for (std::size_t byte = 0; byte < 256; ++byte)
    first_byte_begin_[byte + 1] += first_byte_begin_[byte];
}

SpecialTokenFinder::Match SpecialTokenFinder::find(std::string_view text, std::size_t from) const {
  for (std::size_t at = from; at < text.size(); ++at) {
    const auto first = static_cast<unsigned char>(text[at]);
    if (first_byte_begin_[first] == first_byte_begin_[first + 1]) continue;
    if (const Match match = longest_at(text, at); match.bytes != 0) return match;
  }
  return {text.size(), 0, -1};
}

// Walks the sorted ids byte by byte: [low, high) are those that agree with the text so far, and one
// that ends there stands at `low`.
SpecialTokenFinder::Match SpecialTokenFinder::longest_at(std::string_view text,
                                                         std::size_t at) const {
  Match match{at, 0, -1};
  const auto first = static_cast<unsigned char>(text[at]);
  auto low = ids_.begin() + first_byte_begin_[first];
  auto high = ids_.begin() + first_byte_begin_[first + 1];
  const auto byte_at = [&](TokenId id, std::size_t i) {
    return static_cast<unsigned char>(vocabulary_->bytes(id)[i]);
  };
  for (std::size_t length = 1; low != high; ++length) {
    if (vocabulary_->bytes(*low).size() == length) {
      match = {at, length, *low};
      ++low;
    }
    if (at + length >= text.size()) break;
    const auto next = static_cast<unsigned char>(text[at + length]);
    low = std::lower_bound(low, high, next, [&](TokenId id, unsigned char byte) {
      return byte_at(id, length) < byte;
    });
    high = std::upper_bound(low, high, next, [&](unsigned char byte, TokenId id) {
      return byte < byte_at(id, length);
    });
  }
  return match;
}

std::optional<TokenId> SpecialTokenFinder::find_exact(std::string_view text) const {
  const auto found = std::lower_bound(
      ids_.begin(), ids_.end(), text,
      [&](TokenId id, std::string_view wanted) { return vocabulary_->bytes(id) < wanted; });
  if (found == ids_.end() || vocabulary_->bytes(*found) != text) return std::nullopt;
  return *found;
}

}  // namespace hearth

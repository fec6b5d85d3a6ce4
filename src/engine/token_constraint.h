// SPDX-License-Identifier: Apache-2.0
// A grammar over tokens: which token can follow in an answer that must fit it.
//
// Ownership: borrows automaton and vocabulary. Threading: one user at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "engine/byte_sorted_vocabulary.h"
#include "grammar/matcher.h"
#include "text/tokenizer.h"

namespace hearth {

// A tokenizer, and its vocabulary in the order of its bytes once that was asked for.
class ConstrainedVocabulary {
 public:
  explicit ConstrainedVocabulary(const Tokenizer& tokenizer) : tokenizer_(&tokenizer) {}
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const ByteSortedVocabulary& sorted() {
    if (!sorted_) sorted_.emplace(*tokenizer_);
    return *sorted_;
  }

 private:
  const Tokenizer* tokenizer_;
  std::optional<ByteSortedVocabulary> sorted_;
};

class TokenConstraint {
 public:
  // Of an answer behind the token `previous`, of up to `tokens_max` tokens.
  TokenConstraint(const Automaton& automaton, ConstrainedVocabulary& vocabulary, TokenId previous,
                  std::size_t tokens_max);

  // Whether `id` fits, and leaves enough tokens to end the text: each is a byte at least. An end
  // token fits where the text is complete.
  bool allows(TokenId id);
  // `id` of those.
  void accept(TokenId id);
  // Whether nothing but an end can follow.
  bool must_end() const { return matcher_.must_end(); }
  // Whether so few tokens can fit that finding them costs less than drawing from all.
  bool is_narrow();
  // All tokens that fit; valid until the next call.
  const std::vector<TokenId>& allowed();

 private:
  std::string_view bytes_of(TokenId id) const;
  int64_t bytes_to_end_max() const;
  void find_allowed();

  Matcher matcher_;
  ConstrainedVocabulary* vocabulary_;
  TokenId previous_;
  std::size_t tokens_left_;
  std::vector<TokenId> allowed_;
};

}  // namespace hearth

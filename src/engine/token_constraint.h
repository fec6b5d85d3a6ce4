// SPDX-License-Identifier: Apache-2.0
// A grammar over tokens: which token can follow in an answer that must fit it.
//
// Ownership: borrows automaton and tokenizer. Threading: one user at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "grammar/matcher.h"
#include "text/tokenizer.h"

namespace hearth {

class TokenConstraint {
 public:
  // Of an answer behind the token `previous`, of up to `tokens_max` tokens.
  TokenConstraint(const Automaton& automaton, const Tokenizer& tokenizer, TokenId previous,
                  std::size_t tokens_max);

  // Whether `id` fits, and leaves enough tokens to end the text: each is a byte at least. An end
  // token fits where the text is complete.
  bool allows(TokenId id);
  // `id` of those.
  void accept(TokenId id);
  // Whether nothing but an end can follow.
  bool must_end() const { return matcher_.must_end(); }
  // Calls forbidden(id) of all tokens below `count` that do not fit.
  template <typename Forbidden>
  void each_forbidden(TokenId count, Forbidden forbidden) {
    const std::vector<bool> first_bytes = allowed_first_bytes();
    for (TokenId id = 0; id < count; ++id) {
      if (!begins_with(id, first_bytes) || !allows(id)) forbidden(id);
    }
  }

 private:
  std::vector<bool> allowed_first_bytes();
  bool begins_with(TokenId id, const std::vector<bool>& first_bytes) const;
  std::string_view bytes_of(TokenId id) const;

  Matcher matcher_;
  const Tokenizer* tokenizer_;
  TokenId previous_;
  std::size_t tokens_left_;
};

}  // namespace hearth

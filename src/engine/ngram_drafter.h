// SPDX-License-Identifier: Apache-2.0
// Guesses the next tokens of an answer from what stands in the text already: after words that
// occurred before, what followed them then (prompt lookup: Saxena 2023; Yang et al. 2023,
// "Inference with reference"). Guesses cost little, as several tokens go through the model in one
// pass; how far they reach follows how many came true.
//
// Threading: one caller at a time.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "text/tokenizer_vocabulary.h"

namespace hearth {

class NgramDrafter {
 public:
  static constexpr int32_t kDraftMax = 7;  // with the token before it, whole tiles of the kernels

  // Room is taken for `more` tokens behind `text`; further ones may come.
  explicit NgramDrafter(std::span<const TokenId> text, std::size_t more = 0);

  // The text goes on with `token`.
  void push(TokenId token);
  // What may follow, at most `count_max` tokens; valid until the next push(). Empty: no idea, or
  // the last ones did not pay.
  std::span<const TokenId> propose(std::size_t count_max);
  // How many tokens of the last proposal, which was not empty, came true.
  void learn(std::size_t accepted);

 private:
  static constexpr std::size_t kGram = 3;          // tokens that must have occurred before
  static constexpr std::size_t kContextMax = 16;   // tokens by which occurrences are compared
  static constexpr int32_t kOccurrencesMax = 8;    // that are compared
  static constexpr std::size_t kSlots = 1u << 13;  // of the table
  static constexpr int32_t kPauseMax = 32;         // tokens

  std::size_t slot(std::size_t end) const;
  std::size_t shared_context(std::size_t a, std::size_t b) const;

  std::vector<TokenId> text_;
  std::vector<int32_t> latest_;    // [kSlots]: where the last gram of that hash ended; 0: none
  std::vector<int32_t> previous_;  // [text]: where the one before it ended
  int32_t reach_ = 3;              // tokens of the next proposal
  std::size_t proposed_ = 0;       // of the last one
  int32_t pause_ = 0;              // tokens to go by before the next proposal
  int32_t next_pause_ = 1;
};

}  // namespace hearth

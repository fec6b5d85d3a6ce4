// SPDX-License-Identifier: Apache-2.0
// Finding special tokens in text: the leftmost, and of those the longest.
//
// Ownership: borrows the vocabulary for its life. Threading: immutable, share freely.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "text/tokenizer_vocabulary.h"

namespace hearth {

// The tokens of type control and user-defined that have bytes.
std::vector<TokenId> special_tokens(const Vocabulary& vocabulary);

class SpecialTokenFinder {
 public:
  // Finds the tokens `ids`, none of which has no bytes.
  SpecialTokenFinder(const Vocabulary& vocabulary, std::vector<TokenId> ids);

  struct Match {
    std::size_t at;     // text.size() where there is none
    std::size_t bytes;  // 0 where there is none
    TokenId id;
  };
  // The first special token in `text` at or behind `from`.
  Match find(std::string_view text, std::size_t from) const;

  // The longest that begins at `at`, which is a position of `text`; its bytes are 0 where none
  // does.
  Match longest_at(std::string_view text, std::size_t at) const;

  // The special token that is exactly `text`.
  std::optional<TokenId> find_exact(std::string_view text) const;

 private:
  const Vocabulary* vocabulary_;
  std::vector<TokenId> ids_;  // by their bytes, ascending; none is empty
  std::array<uint32_t, 257>
      first_byte_begin_{};  // [byte] where in ids_ those that begin with it begin; [256] the end
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Finding special tokens (control and user-defined) in text: the leftmost, and of those the
// longest.
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

class SpecialTokenFinder {
 public:
  explicit SpecialTokenFinder(const Vocabulary& vocabulary);

  struct Match {
    std::size_t at;     // text.size() where there is none
    std::size_t bytes;  // 0 where there is none
    TokenId id;
  };
  // The first special token in `text` at or behind `from`.
  Match find(std::string_view text, std::size_t from) const;

  // The special token that is exactly `text`.
  std::optional<TokenId> find_exact(std::string_view text) const;

 private:
  Match longest_at(std::string_view text, std::size_t at) const;

  const Vocabulary* vocabulary_;
  std::vector<TokenId> ids_;  // by their bytes, ascending; none is empty
  std::array<uint32_t, 257>
      first_byte_begin_{};  // [byte] where in ids_ those that begin with it begin; [256] the end
};

}  // namespace hearth

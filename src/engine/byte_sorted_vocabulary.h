// SPDX-License-Identifier: Apache-2.0
// The tokens of a vocabulary in the order of their bytes: those that begin with given bytes are one
// contiguous range. Control tokens have no bytes and are not in it.
//
// Ownership: a copy. Threading: immutable; share freely.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "text/tokenizer.h"

namespace hearth {

class ByteSortedVocabulary {
 public:
  explicit ByteSortedVocabulary(const Tokenizer& tokenizer);

  std::size_t size() const { return ids_.size(); }
  TokenId id(std::size_t index) const { return ids_[index]; }
  std::string_view bytes(std::size_t index) const {
    return std::string_view(bytes_).substr(begins_[index], begins_[index + 1] - begins_[index]);
  }
  // How many begin with `byte`.
  std::size_t beginning_with(uint8_t byte) const { return first_byte_counts_[byte]; }
  // Behind `from`, the first whose bytes do not begin with the first `length` bytes of those of
  // `from`.
  std::size_t end_of_prefix(std::size_t from, std::size_t length) const;

  // All tokens whose bytes begin with `bytes`, which itself is among them. Valid with this object.
  std::span<const TokenId> extending(std::string_view bytes) const;
  // The tokens whose bytes are a proper prefix of `bytes`, shortest first.
  std::vector<TokenId> proper_prefixes(std::string_view bytes) const;

 private:
  std::size_t lower_bound(std::string_view bytes) const;

  std::vector<TokenId> ids_;      // by bytes, then by id
  std::string bytes_;             // of all of them, one behind the other
  std::vector<uint32_t> begins_;  // [ids_ + 1] in bytes_
  std::array<uint32_t, 256> first_byte_counts_{};
};

}  // namespace hearth

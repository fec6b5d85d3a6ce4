// SPDX-License-Identifier: Apache-2.0
// The tokens of a model: id to bytes and kind, in two flat arrays. What every tokenizer model
// (byte-level BPE, SentencePiece, WordPiece) stores; how text becomes ids is theirs.
//
// Ownership: owns the bytes; views stay valid while it lives and is not moved. Threading: immutable
// once filled.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

using TokenId = int32_t;

// tokenizer.ggml.token_type.
enum class TokenType : uint8_t {
  kUndefined = 0,
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6,
};

class Vocabulary {
 public:
  // Ids and merge ranks share 64 bits in the tables of text/bpe_tables.h.
  static constexpr std::size_t kTokensMax = (std::size_t{1} << 21) - 1;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 28;
  // So many bytes may be read from where a token begins, however short it is.
  static constexpr std::size_t kPaddingBytes = 8;

  // An empty vocabulary with room for `tokens` tokens of `bytes` bytes together.
  Vocabulary(std::size_t tokens, std::size_t bytes) : blob_(bytes + kPaddingBytes, '\0') {
    ends_.reserve(tokens);
    types_.reserve(tokens);
  }

  // Appends a token: `write` puts its bytes where it is told to and returns how many they are.
  template <typename Write>
  void add(TokenType type, Write&& write) {
    const std::size_t begin = ends_.empty() ? 0 : ends_.back();
    ends_.push_back(static_cast<uint32_t>(begin + write(blob_.data() + begin)));
    types_.push_back(type);
  }

  int32_t size() const { return static_cast<int32_t>(ends_.size()); }
  bool contains(TokenId id) const { return id >= 0 && id < size(); }

  // Both: `id` is one of the vocabulary.
  std::string_view bytes(TokenId id) const {
    const auto index = static_cast<std::size_t>(id);
    const uint32_t begin = index == 0 ? 0 : ends_[index - 1];
    return {blob_.data() + begin, ends_[index] - begin};
  }
  TokenType type(TokenId id) const { return types_[static_cast<std::size_t>(id)]; }

 private:
  std::string blob_;              // every token's bytes, in the order of the ids, and padding
  std::vector<uint32_t> ends_;    // [tokens] where each token's bytes end in blob_
  std::vector<TokenType> types_;  // [tokens]
};

}  // namespace hearth

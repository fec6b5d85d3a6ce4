// SPDX-License-Identifier: Apache-2.0
// SentencePiece's BPE: a text starts as its characters, with spaces for U+2581, and of all
// neighbours that together are a token, those with the highest score are joined first, until none
// are. A character that is no token becomes its bytes' tokens, <0x00> to <0xFF>. User-defined
// tokens are found before that and never joined. Source: Kudo and Richardson 2018; bpe_model.cc
// and normalizer.cc of google/sentencepiece; tests/golden/gemma3_tokens.jsonl holds answers.
//
// Ownership: borrows the vocabulary for its life. Threading: immutable, share freely.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/bpe_tables.h"
#include "text/text_encoder.h"
#include "text/tokenizer_source.h"
#include "text/tokenizer_special.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {

// The tokens as the bytes they stand for: spaces for U+2581, one byte for <0xXX>. Unknown tokens
// and user-defined ones that mark turns (BOS, EOS, EOT, <|...|>) count as control: no text becomes
// one.
// Errors: those of check_tokens(); kCorrupt (no types, a byte token that names no byte).
Result<Vocabulary> read_sentencepiece_vocabulary(const TokenizerSource& source);

class SentencePiece : public TextEncoder {
 public:
  // Text without a place to cut it is merged in parts of this many bytes: memory stays bounded
  // (about 60 MB).
  static constexpr std::size_t kPieceBytesMax = std::size_t{1} << 20;
  // A longer token is refused: every merge that is tried looks at as many bytes.
  static constexpr std::size_t kTokenBytesMax = 1024;

  // Errors: kCorrupt (scores: none, another number than tokens, not finite; a byte without a token
  // or with two; a token twice; one that is too long; none for the space).
  static Result<std::unique_ptr<const SentencePiece>> create(const TokenizerSource& source,
                                                             SpacePrefix space_prefix,
                                                             const Vocabulary& vocabulary);

  void encode(std::string_view text, std::vector<TokenId>& out) const override;
  std::size_t unspellable_bytes(std::string_view) const override { return 0; }

 private:
  SentencePiece(SpacePrefix space_prefix, const Vocabulary& vocabulary,
                std::vector<TokenId> user_defined);

  Result<void> read_scores(const TokenizerSource& source);
  Result<void> find_byte_tokens(const TokenizerSource& source);
  Result<void> index_tokens(const TokenizerSource& source);
  Result<void> check_others(const TokenizerSource& source) const;
  void mark_pairs();

  void encode_spaced(std::string_view text, std::vector<TokenId>& out) const;
  void encode_piece(std::string_view piece, std::vector<TokenId>& out) const;
  void merge_short(std::string_view piece, std::vector<TokenId>& out) const;
  void merge_long(std::string_view piece, std::vector<TokenId>& out) const;
  TokenId find(std::string_view bytes) const;
  void append_character(std::string_view character, std::vector<TokenId>& out) const;

  SpacePrefix space_prefix_;
  const Vocabulary* vocabulary_;
  SpecialTokenFinder user_defined_;
  std::array<TokenId, 256> byte_tokens_{};
  TokenTable tokens_;          // the normal ones: what merging can yield
  std::vector<float> scores_;  // [tokens]
  std::size_t token_bytes_max_ = 0;
  // [first byte * 256 + second] kCut: no normal token has the two next to each other, so that the
  // text may be cut between them. kUserDefined: a user-defined token may begin so.
  std::vector<uint8_t> pairs_;
};

}  // namespace hearth

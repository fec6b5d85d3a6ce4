// SPDX-License-Identifier: Apache-2.0
// Byte-level byte-pair encoding: text is cut into pieces, each piece starts as its bytes, and the
// neighbours whose merge ranks best are joined until none can be. Source: Sennrich et al. 2016;
// GPT-2 (Radford et al. 2019).
//
// Ownership: borrows the vocabulary for its life. Threading: immutable, share freely.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/bpe_tables.h"
#include "text/pre_tokenizer.h"
#include "text/text_encoder.h"
#include "text/tokenizer_source.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {

// The tokens of a byte-level BPE vocabulary as the bytes they stand for.
// Errors: kCorrupt (empty or too large vocabulary, numbers of tokens and types differ, unknown
// type).
Result<Vocabulary> read_byte_level_vocabulary(const TokenizerSource& source);

class Bpe : public TextEncoder {
 public:
  // A piece of more bytes than this is merged in parts of this size: memory stays bounded (about 30
  // MB) however long a run of one class is. Longer than any context holds.
  static constexpr std::size_t kPieceBytesMax = std::size_t{1} << 20;

  // Errors: kCorrupt (a token twice, a byte of plain text without a token, a merge that is
  // malformed, repeated or names a piece outside the vocabulary: with its index).
  static Result<std::unique_ptr<const Bpe>> create(const TokenizerSource& source,
                                                   const PreTokenizer& pre,
                                                   const Vocabulary& vocabulary);

  // Bytes that the vocabulary has no token for are left out before merging, as the reference does.
  void encode(std::string_view text, std::vector<TokenId>& out) const override;
  std::size_t unspellable_bytes(std::string_view text) const override;

 private:
  Bpe(const PreTokenizer& pre, const Vocabulary& vocabulary)
      : pre_(&pre), vocabulary_(&vocabulary) {}

  Result<void> index_tokens(const TokenizerSource& source);
  Result<void> find_byte_tokens();
  Result<void> index_merges(std::span<const std::string_view> merges);
  Result<void> index_merge_block(std::span<const std::string_view> merges, std::size_t first,
                                 std::string& scratch);
  TokenId find_merged(std::string_view padded) const;

  void encode_piece(std::string_view piece, std::vector<TokenId>& out) const;
  void merge_short(std::string_view piece, std::vector<TokenId>& out) const;
  void merge_long(std::string_view piece, std::vector<TokenId>& out) const;

  const PreTokenizer* pre_;
  const Vocabulary* vocabulary_;
  std::array<TokenId, 256> byte_tokens_{};  // -1 where the byte has none
  TokenTable tokens_;  // what merging can yield; empty after create() unless pre_ looks pieces up
  MergeTable merges_;
  std::vector<TokenId> merged_;  // [merges] what the merge of each rank yields
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// WordPiece: each word of a BERT's text becomes the longest token that it begins with, then the
// longest one that the rest begins with, and so on; a word for which that fails, or of more than
// 100 characters, is one unknown token. Source: Devlin et al. 2019; Schuster and Nakajima 2012.
//
// GGUF files write U+2581 in front of tokens that begin a word and nothing in front of those that
// go on, where the published vocabularies write nothing and "##". Here the former have a space in
// front, so that decoding gives the words back, with a space between them.
//
// Ownership: borrows the vocabulary for its life. Threading: immutable, share freely.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/bert_words.h"
#include "text/bpe_tables.h"
#include "text/text_encoder.h"
#include "text/tokenizer_source.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {

// The tokens of a WordPiece vocabulary as the text they stand for. Errors: kCorrupt (empty or too
// large vocabulary, numbers of tokens and types differ, unknown type, no token begins a word).
Result<Vocabulary> read_wordpiece_vocabulary(const TokenizerSource& source);

class WordPiece : public TextEncoder {
 public:
  // Errors: kCorrupt (a token twice; no id of the unknown token, or one outside the vocabulary).
  static Result<std::unique_ptr<const WordPiece>> create(const TokenizerSource& source,
                                                         const Vocabulary& vocabulary);

  // [CLS] and [SEP] are the caller's to add.
  void encode(std::string_view text, std::vector<TokenId>& out) const override;
  // The bytes of the words that are unknown, after accents and capitals have gone.
  std::size_t unspellable_bytes(std::string_view text) const override;

 private:
  WordPiece(const Vocabulary& vocabulary, BertRules rules, TokenId unknown);

  Result<void> index_tokens();
  bool encode_word(BertWord word, std::vector<TokenId>& out) const;

  const Vocabulary* vocabulary_;
  BertRules rules_;
  TokenId unknown_;
  std::size_t token_bytes_max_ = 0;  // of the longest token
  TokenTable tokens_;                // all but control tokens
};

}  // namespace hearth

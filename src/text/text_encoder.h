// SPDX-License-Identifier: Apache-2.0
// What the kinds of tokenizer (tokenizer.ggml.model) have in common, and the one place where each
// is made: byte-level BPE, SentencePiece, WordPiece. A further kind is a class here, a create
// function and a row of the table in text/tokenizer.cc.
//
// Ownership: an encoder borrows its vocabulary, which TokenizerParts keeps in place. Threading:
// immutable, share freely.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer_source.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {

// Turns plain text into ids: nothing in it is a special token.
class TextEncoder {
 public:
  TextEncoder() = default;
  TextEncoder(const TextEncoder&) = delete;
  TextEncoder& operator=(const TextEncoder&) = delete;
  virtual ~TextEncoder() = default;

  // Appends the ids of `text`, any bytes.
  virtual void encode(std::string_view text, std::vector<TokenId>& out) const = 0;
  // How many bytes of `text` decoding its ids does not give back.
  virtual std::size_t unspellable_bytes(std::string_view text) const = 0;
};

// What a file means that does not say whether BOS stands in front.
enum class BosDefault { kAbsent, kPresent };

// Whether a text is encoded as if a space stood in front of it.
enum class SpacePrefix { kNone, kAdd };

// A tokenizer without what all kinds share (the ids of BOS and EOS, the search for special tokens).
struct TokenizerParts {
  std::unique_ptr<const Vocabulary> vocabulary;
  std::unique_ptr<const TextEncoder> encoder;  // borrows `vocabulary`
  std::string_view pre_tokenizer = {};         // its name, constant data; empty: the kind has none
  BosDefault bos_default = BosDefault::kAbsent;
  SpacePrefix space_prefix = SpacePrefix::kNone;
  // What SpecialTokens::kParse finds in a text; none has no bytes.
  std::vector<TokenId> specials = {};
};

// `source` may go away afterwards. Errors: kCorrupt (absent or broken vocabulary, merges),
// kUnsupported (pre-tokenizer).
Result<TokenizerParts> create_byte_level_bpe(const TokenizerSource& source);
// As above. Errors: kCorrupt (absent or broken vocabulary, types, scores, byte tokens).
Result<TokenizerParts> create_sentencepiece(const TokenizerSource& source);

// The same. Errors: kCorrupt (absent or broken vocabulary, no unknown token).
Result<TokenizerParts> create_wordpiece(const TokenizerSource& source);

}  // namespace hearth

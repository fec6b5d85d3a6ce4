// SPDX-License-Identifier: Apache-2.0
// Text to token ids and back, by the tokenizer that a GGUF file describes (tokenizer.ggml.*).
//
// Ownership: a Tokenizer copies what it needs; the GGUF bytes may go away. Threading: immutable,
// share freely. Source: byte-level BPE as in GPT-2 (Radford et al. 2019), with the pre-tokenizers
// published with each family; SentencePiece (Kudo and Richardson 2018).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/gguf.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {

struct TokenizerSource;

// What "<|im_end|>" inside the text means: the bytes that a user typed, or the token. Special are
// the tokens of type control and, but in SentencePiece, where they are part of any text,
// user-defined; the longest that fits wins.
enum class SpecialTokens { kAsText, kParse };

// A special token that stands in a text, at bytes [begin, begin + bytes). Those of Phi-3 take the
// white space behind them along, as its template relies on.
struct SpecialSpan {
  std::size_t begin;
  std::size_t bytes;
  TokenId id;
};

class Tokenizer {
 public:
  // Errors: kCorrupt (absent or broken vocabulary, merges, ids), kUnsupported (tokenizer model or
  // pre-tokenizer: named, with what is supported).
  static Result<Tokenizer> create(const GgufFile& file);
  // The same from plain arrays, which may go away afterwards.
  static Result<Tokenizer> create(const TokenizerSource& source);

  Tokenizer(Tokenizer&&) noexcept;
  Tokenizer& operator=(Tokenizer&&) noexcept;
  ~Tokenizer();

  // Any bytes are accepted, also invalid UTF-8 and NUL. Nothing is trimmed or normalised; no BOS or
  // EOS is added, only the space in front of each text between special tokens that a SentencePiece
  // file may ask for. With kAsText no control token ever comes out. decode() gives `text` back, but
  // for bytes that the vocabulary has no token for, which vanish as in the reference
  // (unspellable_bytes() counts them), and for U+2581, which SentencePiece takes for a space.
  std::vector<TokenId> encode(std::string_view text, SpecialTokens special) const;

  // How many bytes of `text` the vocabulary has no token for. 0 for most vocabularies whatever the
  // text; SmolLM2's lacks 21 bytes: six control characters, and 15 bytes that assigned characters
  // never have in UTF-8.
  std::size_t unspellable_bytes(std::string_view text) const;

  // The bytes that `id` stands for; control tokens yield their text only with kParse, else nothing.
  // An id outside the vocabulary yields nothing. Valid while the Tokenizer lives.
  std::string_view token_bytes(TokenId id, SpecialTokens special) const;
  // The same for an `id` that follows `previous`, or begins a text where that is absent: without
  // the space that encode() puts in front of a text (tokenizer.ggml.add_space_prefix).
  std::string_view bytes_after(std::optional<TokenId> previous, TokenId id,
                               SpecialTokens special) const;
  std::string decode(std::span<const TokenId> ids, SpecialTokens special) const;

  int32_t vocab_size() const;
  std::optional<TokenId> bos() const;
  std::optional<TokenId> eos() const;
  bool add_bos() const;  // the model wants BOS in front of every sequence
  bool add_eos() const;
  // Whether `id` ends an answer: EOS, EOT and the family's end-of-turn tokens (<|im_end|>,
  // <|eot_id|>, ...).
  bool is_end(TokenId id) const;
  std::span<const TokenId> ends() const;  // all of those
  // The special tokens that encode(text, kParse) sees, in order.
  std::vector<SpecialSpan> find_specials(std::string_view text) const;
  // The id of the special token whose text is exactly `text`.
  std::optional<TokenId> find_special(std::string_view text) const;

  // Its name in tokenizer.ggml.pre; empty where the kind of tokenizer has none.
  std::string_view pre_tokenizer() const;

 private:
  struct Impl;
  explicit Tokenizer(std::unique_ptr<const Impl> impl);
  std::unique_ptr<const Impl> impl_;
};

// Turns a stream of tokens into text that never ends inside a UTF-8 character: bytes of an
// unfinished character wait.
class StreamDecoder {
 public:
  static constexpr std::size_t kPieceBytes =
      128;  // as hardly any token has: pushes do not allocate

  // Borrows the tokenizer for its life. The stream goes on after the token `previous`, or begins a
  // text where that is absent.
  explicit StreamDecoder(const Tokenizer& tokenizer, SpecialTokens special = SpecialTokens::kAsText,
                         std::optional<TokenId> previous = {})
      : tokenizer_(&tokenizer), special_(special), previous_(previous) {
    pending_.reserve(kPieceBytes);
    text_.reserve(kPieceBytes);
  }

  // The text that became complete with `id`; may be empty. Bytes that can never become UTF-8 come
  // out as U+FFFD. Valid until the next call, as is what finish() returns.
  std::string_view push(TokenId id);
  // What was still waiting, as U+FFFD.
  std::string_view finish();

 private:
  std::string_view take(std::size_t bytes);

  const Tokenizer* tokenizer_;
  SpecialTokens special_;
  std::optional<TokenId> previous_;
  std::string pending_;
  std::string text_;  // what was handed out last
};

}  // namespace hearth

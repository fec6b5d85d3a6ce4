// SPDX-License-Identifier: Apache-2.0
// What a file says about its tokenizer, as plain arrays: the only step that knows GGUF keys.
// Nothing is checked here beyond the types of the values; Tokenizer::create() does that.
//
// Ownership: strings are borrowed from the file's bytes. Threading: a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/gguf.h"

namespace hearth {

struct TokenizerSource {
  std::string_view model;  // "gpt2" is byte-level BPE, "llama" SentencePiece, "bert" WordPiece
  std::string_view pre;    // name of the pre-tokenizer; empty where the file names none
  std::vector<std::string_view> tokens;  // [tokens] as the file spells them
  std::vector<int32_t> types;            // [tokens] TokenType, or empty: not stated
  std::vector<std::string_view> merges;  // [merges] "left right", best first
  std::vector<float> scores;             // [tokens] the higher, the sooner merged; or empty
  std::optional<uint64_t> bos, eos, eot, eom;
  std::optional<uint64_t> unknown;
  std::optional<bool> add_bos, add_eos, add_space_prefix;
  bool markers_take_space = false;                // white space behind a control token vanishes
  std::optional<bool> lower_case, strip_accents;  // WordPiece: both where nothing is said
};

// Errors: kCorrupt (a key of tokenizer.ggml.* is missing or of the wrong type: named).
Result<TokenizerSource> read_tokenizer_source(const GgufFile& file);

// What every kind of tokenizer checks of its tokens before it reads them: how many bytes all take.
// Errors: kCorrupt (none or too many, their bytes, or their types: another number, or unknown).
Result<std::size_t> check_tokens(const TokenizerSource& source);

// kCorrupt: "tokenizer: " and the message.
Error tokenizer_error(std::string_view message);
// Two tokens that must not be the same are spelled alike.
Error duplicate_tokens(int32_t first, int32_t second, std::string_view spelled);

}  // namespace hearth

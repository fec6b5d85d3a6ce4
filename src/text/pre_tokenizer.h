// SPDX-License-Identifier: Apache-2.0
// Pre-tokenizers: how each family cuts text into pieces before byte-pair merging. The published
// regular expressions as hand-written scanners: one pass, no backtracking, no regex engine.
// Constant data; share freely. Source: the pre_tokenizer member of each family's tokenizer.json;
// tests/golden/pretokenize.jsonl holds answers.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hearth {

// What to do with a piece that is itself a token of the vocabulary.
enum class WholePieces {
  kMerge,   // build it from its bytes like any other
  kLookUp,  // take that token at once ("ignore_merges" in tokenizer.json)
};

// What a GGUF file means that does not say whether BOS stands in front.
enum class BosDefault { kAbsent, kPresent };

struct PreTokenizer {
  std::string_view name;  // as in tokenizer.ggml.pre
  // The length in bytes of the piece that `text` (not empty) begins with: at least 1, at most
  // text.size(). Any bytes are accepted: one that is not part of valid UTF-8 counts as a character
  // that is no letter, number or space. No piece depends on what stands before it.
  std::size_t (*next_piece)(std::string_view text);
  WholePieces whole_pieces;
  BosDefault bos_default;
};

// nullptr where there is none of that name.
const PreTokenizer* find_pre_tokenizer(std::string_view name);

// The names that find_pre_tokenizer() knows: "gpt-2, smollm, ...".
std::string pre_tokenizer_names();

}  // namespace hearth

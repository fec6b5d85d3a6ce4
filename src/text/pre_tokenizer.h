// SPDX-License-Identifier: Apache-2.0
// Pre-tokenizers: how each family cuts text into pieces before byte-pair merging. The published
// definitions as hand-written scanners, linear in the text. Constant data; share freely. Source:
// the pre_tokenizer member of each family's tokenizer.json; tests/golden/pretokenize.jsonl and
// pretokenize_more.jsonl hold answers.
#pragma once

#include <string>
#include <string_view>

#include "base/function_ref.h"
#include "text/text_encoder.h"

namespace hearth {

// What to do with a piece that is itself a token of the vocabulary.
enum class WholePieces {
  kMerge,   // build it from its bytes like any other
  kLookUp,  // take that token at once ("ignore_merges" in tokenizer.json)
};

using PieceSink = FunctionRef<void(std::string_view)>;

struct PreTokenizer {
  std::string_view name;  // as in tokenizer.ggml.pre
  // Hands the pieces of `text` to `sink`, in order; none is empty, together they are the text. Any
  // bytes are accepted: one that is not part of valid UTF-8 counts as a character that is no
  // letter, number or space.
  void (*cut)(std::string_view text, PieceSink sink);
  WholePieces whole_pieces;
  BosDefault bos_default;
};

// nullptr where there is none of that name.
const PreTokenizer* find_pre_tokenizer(std::string_view name);

// The names that find_pre_tokenizer() knows: "gpt-2, smollm, ...".
std::string pre_tokenizer_names();

}  // namespace hearth

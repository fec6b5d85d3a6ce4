// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer.h"

#include "text/pre_tokenizer_patterns.h"
#include "text/pre_tokenizer_stages.h"

namespace hearth {
namespace {

template <std::size_t (*next_piece)(std::string_view)>
void cut_by(std::string_view text, PieceSink sink) {
  while (!text.empty()) {
    const std::size_t bytes = next_piece(text);
    sink(text.substr(0, bytes));
    text.remove_prefix(bytes);
  }
}

constexpr auto kMerge = WholePieces::kMerge;
constexpr auto kLookUp = WholePieces::kLookUp;
constexpr auto kNoBos = BosDefault::kAbsent;
constexpr auto kBos = BosDefault::kPresent;

// What converters write, by the definition that it stands for. Normalizers in front of one (NFC:
// qwen2, qwen35, command-r, mpt, olmo) are not applied.
constexpr PreTokenizer kPreTokenizers[] = {
    // ByteLevel(use_regex).
    {"gpt-2", cut_by<next_piece_gpt2>, kMerge, kNoBos},
    {"phi-2", cut_by<next_piece_gpt2>, kMerge, kNoBos},
    {"mpt", cut_by<next_piece_gpt2>, kMerge, kNoBos},
    {"olmo", cut_by<next_piece_gpt2>, kMerge, kNoBos},
    {"jais", cut_by<next_piece_gpt2>, kMerge, kNoBos},
    {"mellum", cut_by<next_piece_gpt2>, kMerge, kNoBos},
    {"modern-bert", cut_by<next_piece_gpt2>, kMerge, kNoBos},
    // Sequence[Digits(individual_digits), ByteLevel(use_regex)].
    {"smollm", cut_by<next_piece_digits_gpt2>, kMerge, kNoBos},
    {"starcoder", cut_by<next_piece_digits_gpt2>, kMerge, kNoBos},
    {"refact", cut_by<next_piece_digits_gpt2>, kMerge, kNoBos},
    {"command-r", cut_by<next_piece_digits_gpt2>, kMerge, kNoBos},
    {"codeshell", cut_by<next_piece_digits_gpt2>, kMerge, kNoBos},
    // Llama 3.
    {"llama-bpe", cut_by<next_piece_llama3>, kLookUp, kBos},
    {"llama3", cut_by<next_piece_llama3>, kLookUp, kBos},
    {"llama-v3", cut_by<next_piece_llama3>, kLookUp, kBos},
    {"falcon3", cut_by<next_piece_llama3>, kLookUp, kBos},
    {"falcon-h1", cut_by<next_piece_llama3>, kLookUp, kBos},
    {"pixtral", cut_by<next_piece_llama3>, kLookUp, kBos},
    {"lfm2", cut_by<next_piece_llama3>, kLookUp, kBos},
    {"dbrx", cut_by<next_piece_llama3>, kMerge, kNoBos},
    {"smaug-bpe", cut_by<next_piece_llama3>, kMerge, kNoBos},
    {"chatglm-bpe", cut_by<next_piece_llama3>, kMerge, kNoBos},
    {"glm4", cut_by<next_piece_llama3>, kLookUp, kNoBos},
    // Qwen 2 and 2.5, and 3.5.
    {"qwen2", cut_by<next_piece_qwen2>, kMerge, kNoBos},
    {"deepseek-r1-qwen", cut_by<next_piece_qwen2>, kMerge, kNoBos},
    {"stablelm2", cut_by<next_piece_qwen2>, kMerge, kNoBos},
    {"megrez", cut_by<next_piece_qwen2>, kMerge, kNoBos},
    {"qwen35", cut_by<next_piece_qwen35>, kMerge, kNoBos},
    // GPT-4o, Llama 4, Phi-4-mini; Mistral's Tekken.
    {"gpt-4o", cut_by<next_piece_gpt4o>, kLookUp, kNoBos},
    {"llama4", cut_by<next_piece_gpt4o>, kLookUp, kNoBos},
    {"tekken", cut_by<next_piece_tekken>, kLookUp, kBos},
    // In stages.
    {"deepseek-llm", cut_deepseek_llm, kMerge, kNoBos},
    {"deepseek-coder", cut_deepseek_coder, kMerge, kNoBos},
    {"deepseek-v3", cut_deepseek_v3, kMerge, kNoBos},
    {"falcon", cut_falcon, kMerge, kNoBos},
};

}  // namespace

const PreTokenizer* find_pre_tokenizer(std::string_view name) {
  for (const PreTokenizer& candidate : kPreTokenizers) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

std::string pre_tokenizer_names() {
  std::string names;
  for (const PreTokenizer& known : kPreTokenizers) {
    if (!names.empty()) names += ", ";
    names += known.name;
  }
  return names;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// The scoring primitive: how likely a model finds each of several continuations of a context.
// Labels, options of a multiple choice, completions of a typed prefix and yes/no confidence all
// come from here (docs/decisions/0018-scoring.md).
//
// Candidates are walked as a trie of their tokens: the context and every common prefix are
// evaluated once, and the last token of a candidate costs nothing, since the logits in front of it
// give the probability of all its siblings. The numbers are those of feeding each candidate by
// itself, bit for bit.
//
// Threading: as the session; the functions here are pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interruption.h"
#include "base/result.h"
#include "engine/byte_sorted_vocabulary.h"
#include "text/tokenizer.h"

namespace hearth {

inline constexpr std::size_t kCandidatesMax = std::size_t{1} << 16;
inline constexpr std::size_t kCandidateTokensMax = std::size_t{1} << 20;  // of all together

// What one candidate got. Natural logarithms, under the plain softmax over the tokenizer's
// vocabulary.
struct CandidateScore {
  double logprob = 0.0;                // of the whole candidate: the sum of token_logprobs in order
  std::vector<double> token_logprobs;  // by token: given the context and the tokens before it
};

struct CandidateScores {
  std::vector<CandidateScore> candidates;  // in the order given
  int32_t cached_tokens = 0;               // of the context, reused from the session
  int32_t evaluated_tokens = 0;  // fed to the model: rest of the context, inner nodes of the trie
};

// By what a candidate's log-probability is divided before candidates are compared.
enum class LengthNorm { kNone, kTokens };

// Probabilities over the candidates alone: the softmax of their log-probabilities, each divided as
// `norm` says. They sum up to 1; all 0 candidates give none.
std::vector<double> normalised_probabilities(const CandidateScores& scores, LengthNorm norm);
// The softmax of `logs`, of which none is NaN; all equal where all are -infinity.
std::vector<double> softmax_of(std::span<const double> logs);

// Texts as candidates, each tokenized by itself, so that it stands as a token sequence of its own
// behind any context. Errors: kUsage, naming the text: it is empty, has bytes that the vocabulary
// has no token for, or has the same tokens as another.
Result<std::vector<std::vector<TokenId>>> encode_candidates(const Tokenizer& tokenizer,
                                                            std::span<const std::string> texts);

// A context and the text that continues it, tokenized as lm-evaluation-harness does: white space at
// the context's end belongs to the continuation; both together are encoded as one text, of which
// the context takes as many tokens as it has by itself. Errors: kUsage (nothing is left for the
// continuation: its text is named).
struct Continuation {
  std::vector<TokenId> context;
  std::vector<TokenId> tokens;
};
Result<Continuation> encode_continuation(const Tokenizer& tokenizer, std::string_view context,
                                         std::string_view text);

// How to count the spellings of a prefix (Session::score_prefix).
struct PrefixOptions {
  // Spellings whose probability so far is below this are not followed; 0 follows all, which takes
  // up to 2^(bytes - 1) evaluations.
  double probability_min = 0.0;
  int32_t evaluations_max = 4096;  // beyond: kUsage
  Interruption interruption = {};
};

// The probability that the text after a context begins with given bytes, over every way to tokenize
// them: sum over all sequences of tokens whose bytes together begin with the prefix, and without
// the last token do not.
struct PrefixScore {
  double probability = 0.0;
  double unexplored = 0.0;       // of the spellings not followed: the truth is at most the sum
  int32_t evaluated_tokens = 0;  // fed to the model
};

}  // namespace hearth

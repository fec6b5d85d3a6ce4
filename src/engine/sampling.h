// SPDX-License-Identifier: Apache-2.0
// From logits to a token: bias, penalties, temperature, truncation, and a draw whose randomness is
// keyed by (seed, position), so that the same request gives the same answer however it was
// computed.
//
// Order: logit bias; repetition, frequency and presence penalty; temperature; top-k; top-p of what
// top-k left; min-p; draw. Temperature 0 takes the best token after bias and penalties, the lowest
// id of equals.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/result.h"
#include "engine/logit_blocks.h"
#include "engine/token_constraint.h"
#include "text/tokenizer.h"

namespace hearth {

inline constexpr int32_t kPenaltyTokensMax = 1 << 24;  // how far back the penalties may look

struct SamplingOptions {
  double temperature = 0.7;  // 0 is greedy; 0..100
  int32_t top_k = 0;         // the k best tokens; 0: off
  double top_p = 0.95;       // the best tokens up to this probability; 1: off; Holtzman et al. 2019
  double min_p = 0.05;       // share of the best token's probability; 0: off; Nguyen et al. 2024
  double repetition_penalty =
      1.0;  // divides positive logits, multiplies negative ones; 1: off; Keskar et al. 2019
  double frequency_penalty = 0.0;  // subtracted once for each earlier occurrence
  double presence_penalty = 0.0;   // subtracted once for tokens that occurred
  int32_t penalty_tokens = 64;     // how many tokens back the penalties look; -1: all
  std::vector<std::pair<TokenId, float>>
      logit_bias;  // added to the logits; -infinity forbids a token
  uint64_t seed = 0;

  // Errors: kUsage naming the option, its value and its range (NaN is out of every range).
  Result<void> validate(int32_t vocab_size) const;
};

// One token drawn, with the natural logarithm of its probability under the plain softmax of the
// logits.
struct SampledToken {
  TokenId id;
  float logprob;
};

// The `count` tokens of the largest logits, the largest first and of equals the lowest id; their
// `logprob` is the logit.
void find_likeliest(std::span<const float> logits, std::size_t count,
                    std::vector<SampledToken>& out);

// A number in [0, 1) that depends on nothing but its arguments.
double keyed_uniform(uint64_t seed, uint64_t position);

// Draws tokens under one set of options, which have been validated. Keeps its scratch memory
// between calls: after the first one, a call allocates nothing. Deterministic. One caller at a
// time.
class Sampler {
 public:
  explicit Sampler(SamplingOptions options) : options_(std::move(options)) {}

  // Draws from `logits` [vocabulary], which are used as scratch but left as they were. `history` is
  // the whole sequence so far (prompt and answer); `position` keys the randomness. `blocks`: what
  // forward() said of them; without, they are gone through once more. Only tokens that `constraint`
  // allows are drawn, where there is one. Errors: kUsage (bias
  // and constraint forbid every token), kCorrupt (the logits are not numbers).
  Result<SampledToken> sample(std::span<float> logits, std::span<const TokenId> history,
                              uint64_t position, std::span<const LogitBlock> blocks = {},
                              TokenConstraint* constraint = nullptr);

  struct Candidate {
    float weight;  // proportional to the probability; the best token's is 1
    TokenId id;
  };

 private:
  void apply_bias(std::span<float> logits);
  void apply_penalties(std::span<float> logits, std::span<const TokenId> history);
  void change(std::span<float> logits, TokenId id, float value);
  void restore(std::span<float> logits);
  TokenId draw_allowed(std::span<float> logits, uint64_t position, TokenConstraint* constraint);
  TokenId choose(std::span<const float> logits, TokenId best, double uniform);
  TokenId choose_among(std::span<const float> logits, std::span<const TokenId> ids, double uniform);
  void gather_heaviest(std::span<const float> logits, float bound, float max);
  void gather_all(std::span<const float> logits, float max);
  void weigh_candidates(float max);
  void limit_count();
  void limit_mass(double weight_sum);
  float scale() const;
  float weight_min() const;

  SamplingOptions options_;
  LogitBlocks blocks_;
  std::vector<std::pair<TokenId, float>>
      changed_;  // logits before bias and penalties, in the order of the changes
  std::vector<int32_t> occurrences_;   // [vocabulary], zero between calls
  std::vector<float> weights_;         // [vocabulary], or of the candidates
  std::vector<float> heaviest_;        // their logits
  std::vector<Candidate> candidates_;  // by id, what is left to draw from
};

}  // namespace hearth

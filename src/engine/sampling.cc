// SPDX-License-Identifier: Apache-2.0
#include "engine/sampling.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cfloat>
#include <cmath>
#include <limits>

#include "base/strings.h"
#include "engine/softmax.h"

namespace hearth {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();
// Between the seeds of draws at one position, the first of which has the answer's own.
constexpr uint64_t kDrawSeed = 0xd1342543de82ef95u;
constexpr uint64_t kDrawsMax = 2;  // that may not fit, before all that do are found

Result<void> check_range(std::string_view option, double value, double low, double high) {
  if (value >= low && value <= high) return {};  // false for NaN
  return Error(ErrorCode::kUsage, concat(option, ": ", value, " is outside ", low, " to ", high));
}

// A histogram over the bits of weights in [0, 1]: such floats order as their bits do, and need 30
// of them.
constexpr int kDigitBits = 10;
constexpr uint32_t kDigits = 1u << kDigitBits;
using Histogram = std::array<double, kDigits>;

// The bin, from the heaviest down, in which the running total first comes to `target`; adds the
// total of the bins above it to `reached`. Bin 0 where it never does.
uint32_t crossing_bin(const Histogram& amounts, double target, double& reached) {
  uint32_t bin = kDigits - 1;
  while (bin > 0 && reached + amounts[bin] < target) reached += amounts[bin--];
  return bin;
}

// Keeps the heaviest candidates until their amounts come to `target`: one at least, the lowest ids
// of equals first, the order unchanged. A radix selection: three passes over bits of the weights
// instead of a sort.
template <typename Amount>
void keep_heaviest(std::vector<Sampler::Candidate>& candidates, double target, Amount amount) {
  target = std::max(target, DBL_MIN);
  uint32_t cut = 0;  // leading bits of the weight at which the target is reached
  double reached = 0.0;
  for (int shift = 2 * kDigitBits; shift >= 0; shift -= kDigitBits) {
    Histogram amounts{};
    for (const Sampler::Candidate& candidate : candidates) {
      const uint32_t bits = std::bit_cast<uint32_t>(candidate.weight);
      if (bits >> (shift + kDigitBits) != cut) continue;
      amounts[bits >> shift & (kDigits - 1)] += amount(candidate);
    }
    cut = cut << kDigitBits | crossing_bin(amounts, target, reached);
  }
  std::erase_if(candidates, [&](const Sampler::Candidate& candidate) {
    const uint32_t bits = std::bit_cast<uint32_t>(candidate.weight);
    if (bits != cut) return bits < cut;
    if (reached >= target) return true;
    reached += amount(candidate);
    return false;
  });
}

// A weight that at least `count` of `weights` come to, near the greatest such one.
float weight_reached_by(std::span<const float> weights, int32_t count) {
  Histogram amounts{};
  constexpr int kShift = 2 * kDigitBits;
  for (const float weight : weights) amounts[std::bit_cast<uint32_t>(weight) >> kShift] += 1.0;
  double above = 0.0;
  return std::bit_cast<float>(crossing_bin(amounts, count, above) << kShift);
}

TokenId draw(std::span<const Sampler::Candidate> candidates, double uniform) {
  double sum = 0.0;
  for (const Sampler::Candidate& candidate : candidates) sum += candidate.weight;
  const double target = uniform * sum;
  double reached = 0.0;
  for (const Sampler::Candidate& candidate : candidates) {
    reached += candidate.weight;
    if (reached > target) return candidate.id;
  }
  return candidates.back().id;  // `uniform` so near to 1 that the product was rounded up to the sum
}

// The output function of SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom
// number generators").
uint64_t mix(uint64_t bits) {
  bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9u;
  bits = (bits ^ bits >> 27) * 0x94d049bb133111ebu;
  return bits ^ bits >> 31;
}

}  // namespace

void find_likeliest(std::span<const float> logits, std::size_t count,
                    std::vector<SampledToken>& out) {
  out.clear();
  if (count == 0) return;
  const auto is_before = [](const SampledToken& a, const SampledToken& b) {
    return a.logprob != b.logprob ? a.logprob > b.logprob : a.id < b.id;
  };
  // A heap whose first is the least of the best so far: most logits are below it.
  for (std::size_t id = 0; id < logits.size(); ++id) {
    const SampledToken next = {static_cast<TokenId>(id), logits[id]};
    if (out.size() == count) {
      if (!is_before(next, out.front())) continue;
      std::ranges::pop_heap(out, is_before);
      out.back() = next;
    } else {
      out.push_back(next);
    }
    std::ranges::push_heap(out, is_before);
  }
  std::ranges::sort_heap(out, is_before);
}

double keyed_uniform(uint64_t seed, uint64_t position) {
  // SplitMix64 counts its state up by the golden ratio, so any position is at hand. The seed is
  // mixed first, or seeds a golden ratio apart would give the same numbers, shifted by a position.
  constexpr uint64_t kGoldenRatio = 0x9e3779b97f4a7c15u;
  const uint64_t state = mix(seed + kGoldenRatio) + kGoldenRatio * (position + 1);
  return static_cast<double>(mix(state) >> 11) * 0x1p-53;
}

Result<void> SamplingOptions::validate(int32_t vocab_size) const {
  HEARTH_TRY(check_range("temperature", temperature, 0.0, 100.0));
  HEARTH_TRY(check_range("top-k", top_k, 0.0, std::numeric_limits<int32_t>::max()));
  HEARTH_TRY(check_range("top-p", top_p, 0.0, 1.0));
  HEARTH_TRY(check_range("min-p", min_p, 0.0, 1.0));
  HEARTH_TRY(check_range("repetition penalty", repetition_penalty, 0.01, 100.0));
  HEARTH_TRY(check_range("frequency penalty", frequency_penalty, -100.0, 100.0));
  HEARTH_TRY(check_range("presence penalty", presence_penalty, -100.0, 100.0));
  HEARTH_TRY(check_range("penalty tokens", penalty_tokens, -1.0, kPenaltyTokensMax));
  for (const auto& [id, bias] : logit_bias) {
    HEARTH_TRY(check_range("logit bias: token", id, 0.0, vocab_size - 1.0));
    if (bias != kForbidden) HEARTH_TRY(check_range("logit bias", bias, -1000.0, 1000.0));
  }
  return {};
}

Result<SampledToken> Sampler::sample(std::span<float> logits, std::span<const TokenId> history,
                                     uint64_t position, std::span<const LogitBlock> blocks,
                                     TokenConstraint* constraint) {
  blocks_.take(logits, blocks);
  const double log_sum = blocks_.log_sum();
  if (!std::isfinite(log_sum)) {
    return Error(
        ErrorCode::kCorrupt,
        "logits: the model computed NaN or infinity; its weights are damaged, fetch them again");
  }
  apply_bias(logits);
  apply_penalties(logits, history);
  if (!changed_.empty()) blocks_.look_again(logits);
  const TokenId id = draw_allowed(logits, position, constraint);
  restore(logits);
  if (id < 0) {
    return Error(ErrorCode::kUsage,
                 constraint == nullptr
                     ? "logit bias: forbids every token; leave at least one"
                     : "grammar: no token of the vocabulary can follow; allow other bytes");
  }
  return SampledToken{id, static_cast<float>(logits[static_cast<std::size_t>(id)] - log_sum)};
}

// Where few tokens fit, one of them is drawn. Where many do, most that are drawn from all fit; one
// that does not is forbidden, and another one drawn: that is a draw from those that fit, too. Only
// where several do not are all that do looked for.
TokenId Sampler::draw_allowed(std::span<float> logits, uint64_t position,
                              TokenConstraint* constraint) {
  const bool is_narrow = constraint != nullptr && constraint->is_narrow();
  for (uint64_t draw = 0;; ++draw) {
    const double uniform = keyed_uniform(options_.seed + draw * kDrawSeed, position);
    if (is_narrow || draw == kDrawsMax) return choose_among(logits, constraint->allowed(), uniform);
    const TokenId best = blocks_.best(logits);
    if (best < 0) return -1;
    const TokenId id = choose(logits, best, uniform);
    if (constraint == nullptr || constraint->allows(id)) return id;
    change(logits, id, kForbidden);
    blocks_.look_again(logits);
  }
}

void Sampler::change(std::span<float> logits, TokenId id, float value) {
  float& logit = logits[static_cast<std::size_t>(id)];
  changed_.emplace_back(id, logit);
  blocks_.changed(id);
  logit = value;
}

void Sampler::restore(std::span<float> logits) {
  // Backwards, so that a logit changed twice gets its first value.
  while (!changed_.empty()) {
    logits[static_cast<std::size_t>(changed_.back().first)] = changed_.back().second;
    changed_.pop_back();
  }
}

void Sampler::apply_bias(std::span<float> logits) {
  for (const auto& [id, bias] : options_.logit_bias) {
    change(logits, id, logits[static_cast<std::size_t>(id)] + bias);
  }
}

void Sampler::apply_penalties(std::span<float> logits, std::span<const TokenId> history) {
  const double repetition = options_.repetition_penalty;
  const double frequency = options_.frequency_penalty;
  const double presence = options_.presence_penalty;
  if (repetition == 1.0 && frequency == 0.0 && presence == 0.0) return;
  const std::size_t window =
      options_.penalty_tokens < 0
          ? history.size()
          : std::min(history.size(), static_cast<std::size_t>(options_.penalty_tokens));
  const std::span<const TokenId> recent = history.last(window);
  const auto known = [&](TokenId id) {
    return id >= 0 && static_cast<std::size_t>(id) < logits.size();
  };
  occurrences_.resize(logits.size());
  changed_.reserve(options_.logit_bias.size() + logits.size());  // each token has its penalty once
  for (const TokenId id : recent) {
    if (known(id)) ++occurrences_[static_cast<std::size_t>(id)];
  }
  for (const TokenId id : recent) {
    if (!known(id)) continue;
    const int32_t count = std::exchange(occurrences_[static_cast<std::size_t>(id)], 0);
    if (count == 0) continue;  // this token has had its penalty
    double logit = logits[static_cast<std::size_t>(id)];
    logit = logit > 0.0 ? logit / repetition : logit * repetition;
    change(logits, id, static_cast<float>(logit - count * frequency - presence));
  }
}

// Of `ids` only; -1 where all of them are forbidden.
TokenId Sampler::choose_among(std::span<const float> logits, std::span<const TokenId> ids,
                              double uniform) {
  const auto logit = [&](TokenId id) { return logits[static_cast<std::size_t>(id)]; };
  TokenId best = -1;
  for (const TokenId id : ids) {
    if (logit(id) == kForbidden) continue;
    if (best < 0 || logit(id) > logit(best) || (logit(id) == logit(best) && id < best)) best = id;
  }
  if (best < 0 || options_.temperature == 0.0 || options_.top_k == 1) return best;
  candidates_.clear();
  heaviest_.clear();
  for (const TokenId id : ids) {
    candidates_.push_back({0.0f, id});
    heaviest_.push_back(logit(id));
  }
  weigh_candidates(logit(best));
  return draw(candidates_, uniform);
}

TokenId Sampler::choose(std::span<const float> logits, TokenId best, double uniform) {
  if (options_.temperature == 0.0 || options_.top_k == 1) return best;
  const float max = logits[static_cast<std::size_t>(best)];
  candidates_.reserve(logits.size());
  weights_.reserve(logits.size());
  heaviest_.reserve(logits.size());
  const bool limits_count =
      options_.top_k > 0 && static_cast<std::size_t>(options_.top_k) < logits.size();
  const float bound =
      limits_count ? blocks_.reached_by(static_cast<std::size_t>(options_.top_k)) : kForbidden;
  if (bound > kForbidden) {
    gather_heaviest(logits, bound, max);
  } else {
    gather_all(logits, max);
  }
  return draw(candidates_, uniform);
}

// Leaves in candidates_ what top-k, top-p and min-p leave of the logits, of which at least top-k
// come to `bound`.
void Sampler::gather_heaviest(std::span<const float> logits, float bound, float max) {
  candidates_.clear();
  heaviest_.clear();
  blocks_.each_at_least(logits, bound, [&](TokenId id) {
    candidates_.push_back({0.0f, id});
    heaviest_.push_back(logits[static_cast<std::size_t>(id)]);
  });
  weigh_candidates(max);
}

// Of the candidates, whose logits are in heaviest_, leaves what top-k, top-p and min-p leave.
void Sampler::weigh_candidates(float max) {
  weights_.resize(heaviest_.size());
  const double weight_sum = exp_weights(heaviest_, max, scale(), weights_);
  for (std::size_t i = 0; i < weights_.size(); ++i) candidates_[i].weight = weights_[i];
  if (options_.top_k > 0) {
    limit_count();
  } else {
    limit_mass(weight_sum);
  }
}

// The same, of all logits.
void Sampler::gather_all(std::span<const float> logits, float max) {
  weights_.resize(logits.size());
  const double weight_sum = exp_weights(logits, max, scale(), weights_);
  const auto count = static_cast<double>(weights_.size());
  const bool limits_count = options_.top_k > 0 && options_.top_k < count;
  // Few tokens come to this bound, and no others can be left in the end: tokens lighter than (1 -
  // p) / count of the sum weigh less than 1 - p of it together, so the others reach p. The margin
  // outweighs the rounding of the sum.
  float bound = weight_min();
  if (limits_count) {
    bound = weight_reached_by(weights_, options_.top_k);
  } else if (options_.top_p < 1.0) {
    bound = std::max(bound, static_cast<float>((1.0 - options_.top_p) * weight_sum / count * 0.99));
  }
  candidates_.clear();
  for (std::size_t id = find_at_least(weights_, 0, bound); id < weights_.size();
       id = find_at_least(weights_, id + 1, bound)) {
    candidates_.push_back({weights_[id], static_cast<TokenId>(id)});
  }
  if (limits_count) {
    limit_count();
  } else {
    limit_mass(weight_sum);
  }
}

void Sampler::limit_count() {
  keep_heaviest(candidates_, options_.top_k, [](const Candidate&) { return 1.0; });
  double weight_sum = 0.0;
  for (const Candidate& candidate : candidates_) weight_sum += candidate.weight;
  limit_mass(weight_sum);
}

// Of tokens that weigh `weight_sum` together.
void Sampler::limit_mass(double weight_sum) {
  if (options_.top_p < 1.0) {
    keep_heaviest(candidates_, options_.top_p * weight_sum,
                  [](const Candidate& candidate) { return candidate.weight; });
  }
  const float least = weight_min();
  std::erase_if(candidates_, [&](const Candidate& candidate) { return candidate.weight < least; });
}

// What logits are multiplied by. Below a temperature of 1e-30 only equals of the best token have a
// weight left; no infinity times zero.
float Sampler::scale() const {
  return static_cast<float>(std::min(1.0 / options_.temperature, 1e30));
}

float Sampler::weight_min() const { return std::max(static_cast<float>(options_.min_p), FLT_MIN); }

}  // namespace hearth

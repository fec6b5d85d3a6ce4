// SPDX-License-Identifier: Apache-2.0
// Measures of a model on a text: perplexity, and divergence from a reference model.
//
// The text is cut into disjoint windows of tokens, the tail dropped; each window is evaluated by
// itself, its first token replaced by BOS where the model adds one. Scored are the predictions made
// at positions window / 2 to window - 2, so that each has half a window of context at least: of 512
// tokens, the 255 targets from index 257 on. That is llama.cpp's convention, so figures can be
// compared.
//
// Threading: as the engines that are passed.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "engine/engine.h"

namespace hearth {

// Called after each chunk with the share of the work done, 0..1; returns false to stop (the result
// is kCancelled).
using Progress = FunctionRef<bool(double)>;

inline constexpr int32_t kWindowMin = 3;  // the shortest window with something to score

struct PerplexityResult {
  double perplexity;  // exp of the mean negative log-likelihood, natural logarithm
  double stderr_;  // standard error of `perplexity`, by the delta method over scored tokens; 0 for
                   // a single one
  int64_t tokens;  // scored
};

// Of the engine's model with `adapters`. Errors: kUsage (window below kWindowMin or above the
// model's context, text shorter than a window: both numbers; ids outside the vocabulary; adapters:
// those of check_adapters()), kCancelled, kCorrupt (the model computes NaN), kUnavailable (memory).
Result<PerplexityResult> perplexity(Engine& engine, std::span<const TokenId> tokens, int32_t window,
                                    Progress progress, std::span<const AdapterUse> adapters = {});

struct DivergenceResult {
  double kl_mean;         // mean over scored positions of KL(reference || model), nats
  double kl_p99;          // 99th percentile of it, interpolated between neighbours
  double top1_agreement;  // share of positions where both prefer the same token
  int64_t tokens;         // scored
};

// Of the reference as it is and of the model with `adapters`. Errors: as perplexity(); kUsage where
// the vocabularies differ (both sizes).
Result<DivergenceResult> divergence(Engine& reference, Engine& model,
                                    std::span<const TokenId> tokens, int32_t window,
                                    Progress progress, std::span<const AdapterUse> adapters = {});

// The `top` most likely next tokens after `tokens`, best first, with natural log-probabilities;
// lower ids first where they are equal. What the session holds of `tokens` is reused. Errors:
// kUsage (no tokens, more than the context, ids outside the vocabulary, `top` below 1), kCorrupt
// (the model computes NaN).
Result<std::vector<std::pair<TokenId, double>>> next_token_logprobs(Session& session,
                                                                    std::span<const TokenId> tokens,
                                                                    int32_t top);

}  // namespace hearth

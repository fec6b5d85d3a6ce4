// SPDX-License-Identifier: Apache-2.0
// Sums of exponentials over rows of logits: what sampling and evaluation share. Written for four
// lanes, which every CPU that hearth runs on has, so the numbers do not depend on the instruction
// set that the kernels use.
//
// Accuracy: exp(x) to 2e-7 + 1e-7 |x| relative, sums in double over short runs of float. Threading:
// pure functions.
#pragma once

#include <cstddef>
#include <span>

namespace hearth {

// The largest value; NaN never wins. -infinity for an empty row.
float max_logit(std::span<const float> logits);

// The index of the largest value, the lowest one of equals; 0 where all are NaN or -infinity.
std::size_t argmax_logit(std::span<const float> logits);

// The first index from `from` on whose value is `bound` or more; values.size() where there is none.
// Skips quickly over values that are less.
std::size_t find_at_least(std::span<const float> values, std::size_t from, float bound);

// The natural logarithm of the sum of exp(logits), with `max` the row's largest value. NaN where a
// logit is NaN or +infinity, or all are -infinity.
double log_sum_exp(std::span<const float> logits, float max);

// The sum of exp(logits - max), of which log_sum_exp() is made.
double sum_exp(std::span<const float> logits, float max);

// weights[i] = exp((logits[i] - max) * scale), with `max` the row's largest value and `scale` >= 0;
// returns their sum. `weights` is as long as `logits`.
double exp_weights(std::span<const float> logits, float max, float scale, std::span<float> weights);

// KL(reference || model) in nats, for two rows of logits over the same vocabulary. NaN as
// log_sum_exp().
double kl_divergence(std::span<const float> reference, std::span<const float> model);

}  // namespace hearth

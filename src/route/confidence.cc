// SPDX-License-Identifier: Apache-2.0
#include "route/confidence.h"

#include <algorithm>
#include <vector>

#include "base/statistics.h"

namespace hearth {
namespace {

constexpr double kLeastLogprob = -30.0;  // about 1e-13: what is rarer says nothing more

double mean_of(std::span<const float> values) {
  double sum = 0.0;
  for (const float value : values) sum += value;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

}  // namespace

ConfidenceFeatures confidence_features(std::span<const float> logprobs,
                                       std::span<const float> margins, int32_t schema_failures) {
  ConfidenceFeatures features;
  features.schema_failures = schema_failures;
  features.margin = mean_of(margins);
  if (logprobs.empty()) {
    features.mean_logprob = features.q05_logprob = kLeastLogprob;
    features.q10_logprob = features.q25_logprob = kLeastLogprob;
    return features;
  }
  std::vector<double> bounded;
  for (const float value : logprobs) {
    bounded.push_back(value > kLeastLogprob ? value : kLeastLogprob);  // NaN too
  }
  for (const double value : bounded) {
    features.mean_logprob += value / static_cast<double>(bounded.size());
  }
  features.q05_logprob = percentile(bounded, 0.05);
  features.q10_logprob = percentile(bounded, 0.10);
  features.q25_logprob = percentile(bounded, 0.25);
  return features;
}

}  // namespace hearth

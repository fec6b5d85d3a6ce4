// SPDX-License-Identifier: Apache-2.0
// What an answer itself tells about whether it is right: how likely the model found its own tokens.
//
// Threading: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hearth {

// Natural logarithms of probabilities, of the answer's tokens.
struct ConfidenceFeatures {
  double mean_logprob = 0.0;
  double q05_logprob = 0.0;  // below which 5 % of the tokens lie
  double q10_logprob = 0.0;
  double q25_logprob = 0.0;
  double margin = 0.0;           // mean probability of the best token less that of the second
  double schema_failures = 0.0;  // answers that did not fit their schema before this one
};

inline constexpr std::array<std::string_view, 6> kConfidenceFeatureNames = {
    "mean_logprob", "q05_logprob", "q10_logprob", "q25_logprob", "margin", "schema_failures"};
inline constexpr std::array kConfidenceFields = {
    &ConfidenceFeatures::mean_logprob, &ConfidenceFeatures::q05_logprob,
    &ConfidenceFeatures::q10_logprob,  &ConfidenceFeatures::q25_logprob,
    &ConfidenceFeatures::margin,       &ConfidenceFeatures::schema_failures};

// Of an answer's tokens: the log-probability of each that was drawn, and by how much the best token
// was likelier than the second (0..1; may be empty where nobody looked). An answer without tokens
// has the features of one that is certainly doubtful: -inf would be no number.
ConfidenceFeatures confidence_features(std::span<const float> logprobs,
                                       std::span<const float> margins, int32_t schema_failures);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What an answer itself tells about whether it is right: how likely the model found its own tokens,
// and what kind of question and answer it is.
//
// Whoever has a local answer makes its features here, the controller at run time and
// `hearth eval task --answers` for answers to be graded: what was learnt from the one is used on
// the other. What the model said of its tokens, engine/token_certainty.h collects.
//
// Threading: pure functions.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hearth {

// Logarithms are natural; log-probabilities are those of the answer's tokens.
struct ConfidenceFeatures {
  double mean_logprob = 0.0;
  double q05_logprob = 0.0;  // below which 5 % of the tokens lie
  double q10_logprob = 0.0;
  double q25_logprob = 0.0;
  double margin = 0.0;           // mean probability of the best token less that of the second
  double schema_failures = 0.0;  // answers that did not fit their schema before this one
  double sum_logprob = 0.0;      // of the whole answer, at least -60
  double least_margin = 0.0;     // of the token that was least certain
  double answer_tokens = 0.0;    // log(1 + tokens)
  double question_bytes = 0.0;   // log(1 + bytes)
  double question_digits = 0.0;  // log(1 + decimal digits of its last line): in front of it
                                 // stand examples and documents
  double copied_share = 0.0;     // of the answer's words, those that stand in the question, 0..1
};

inline constexpr std::array<std::string_view, 12> kConfidenceFeatureNames = {
    "mean_logprob",  "q05_logprob",     "q10_logprob",     "q25_logprob",
    "margin",        "schema_failures", "sum_logprob",     "least_margin",
    "answer_tokens", "question_bytes",  "question_digits", "copied_share"};
inline constexpr std::array kConfidenceFields = {
    &ConfidenceFeatures::mean_logprob,    &ConfidenceFeatures::q05_logprob,
    &ConfidenceFeatures::q10_logprob,     &ConfidenceFeatures::q25_logprob,
    &ConfidenceFeatures::margin,          &ConfidenceFeatures::schema_failures,
    &ConfidenceFeatures::sum_logprob,     &ConfidenceFeatures::least_margin,
    &ConfidenceFeatures::answer_tokens,   &ConfidenceFeatures::question_bytes,
    &ConfidenceFeatures::question_digits, &ConfidenceFeatures::copied_share};
// How many of these stand first that every graded answer must have; the others are 0 where they are
// absent.
inline constexpr std::size_t kConfidenceFeaturesRequired = 5;

// An answer and what it answers; borrowed for the call.
struct AnswerEvidence {
  std::string_view question = {};  // what the user asked last, without system text and template
  std::string_view answer = {};    // as the user would see it
  std::span<const float> logprobs = {};  // of each token that was drawn
  // By how much the best token was likelier than the second, 0..1; may be empty where nobody
  // looked.
  std::span<const float> margins = {};
  int32_t schema_failures = 0;
};

// An answer without tokens has the features of one that is certainly doubtful: -inf would be no
// number. Linear in the texts, of which the first 64 KiB are looked at.
ConfidenceFeatures confidence_features(const AnswerEvidence& evidence);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "route/confidence.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/statistics.h"

namespace hearth {
namespace {

constexpr double kLeastLogprob = -30.0;  // about 1e-13: what is rarer says nothing more
constexpr double kLeastSum = -60.0;
constexpr std::size_t kTextBytesMax = 64 << 10;

double mean_of(std::span<const float> values) {
  double sum = 0.0;
  for (const float value : values) sum += value;
  return values.empty() ? 0.0 : sum / static_cast<double>(values.size());
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Words in lower-case ASCII: runs of letters, digits and bytes beyond ASCII.
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  bool in_word = false;
  for (char c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    const bool is_part =
        (c >= 'a' && c <= 'z') || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
    if (is_part && !in_word) words.emplace_back();
    if (is_part) words.back() += c;
    in_word = is_part;
  }
  return words;
}

// The last line that is not empty.
std::string_view last_line(std::string_view text) {
  const std::size_t end = text.find_last_not_of("\r\n ") + 1;  // 0 where there is none
  const std::size_t begin = text.substr(0, end).rfind('\n');
  return text.substr(0, end).substr(begin == text.npos ? 0 : begin).substr(0, kTextBytesMax);
}

double copied_share(std::string_view question, std::string_view answer) {
  const std::vector<std::string> said = words_of(answer);
  if (said.empty()) return 0.0;
  std::vector<std::string> asked = words_of(question);
  const std::unordered_set<std::string> known(std::make_move_iterator(asked.begin()),
                                              std::make_move_iterator(asked.end()));
  const auto copied = std::count_if(said.begin(), said.end(),
                                    [&](const std::string& word) { return known.contains(word); });
  return static_cast<double>(copied) / static_cast<double>(said.size());
}

void add_logprobs(std::span<const float> logprobs, ConfidenceFeatures& features) {
  if (logprobs.empty()) {
    features.mean_logprob = features.q05_logprob = kLeastLogprob;
    features.q10_logprob = features.q25_logprob = kLeastLogprob;
    features.sum_logprob = kLeastSum;
    return;
  }
  std::vector<double> bounded;
  double sum = 0.0;
  for (const float value : logprobs) {
    bounded.push_back(value > kLeastLogprob ? value : kLeastLogprob);  // NaN too
    sum += bounded.back();
  }
  features.mean_logprob = sum / static_cast<double>(bounded.size());
  features.sum_logprob = std::max(sum, kLeastSum);
  features.q05_logprob = percentile(bounded, 0.05);
  features.q10_logprob = percentile(bounded, 0.10);
  features.q25_logprob = percentile(bounded, 0.25);
}

}  // namespace

ConfidenceFeatures confidence_features(const AnswerEvidence& evidence) {
  ConfidenceFeatures features;
  add_logprobs(evidence.logprobs, features);
  features.margin = mean_of(evidence.margins);
  if (!evidence.margins.empty()) {
    features.least_margin = *std::min_element(evidence.margins.begin(), evidence.margins.end());
  }
  features.schema_failures = evidence.schema_failures;
  features.answer_tokens = std::log1p(static_cast<double>(evidence.logprobs.size()));
  features.question_bytes = std::log1p(static_cast<double>(evidence.question.size()));
  const std::string_view question = evidence.question.substr(0, kTextBytesMax);
  const std::string_view last = last_line(evidence.question);
  features.question_digits =
      std::log1p(static_cast<double>(std::count_if(last.begin(), last.end(), is_digit)));
  features.copied_share = copied_share(question, evidence.answer.substr(0, kTextBytesMax));
  return features;
}

}  // namespace hearth

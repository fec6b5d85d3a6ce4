// SPDX-License-Identifier: Apache-2.0
#include "evaluate/rouge.h"

#include <algorithm>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "evaluate/text_words.h"

namespace hearth {
namespace {

std::vector<std::string> rouge_words(std::string_view text) {
  std::string plain;
  for (const char c : lower_case(text)) {
    plain += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : ' ';
  }
  return split_words(plain);
}

RougeScore score_of(std::size_t common, std::size_t answered, std::size_t wanted) {
  if (common == 0) return {};
  RougeScore score;
  score.precision = static_cast<double>(common) / static_cast<double>(answered);
  score.recall = static_cast<double>(common) / static_cast<double>(wanted);
  score.f = 2.0 * score.precision * score.recall / (score.precision + score.recall);
  return score;
}

std::map<std::vector<std::string>, std::size_t> count_grams(const std::vector<std::string>& words,
                                                            std::size_t n) {
  std::map<std::vector<std::string>, std::size_t> counts;
  for (std::size_t i = 0; i + n <= words.size(); ++i) {
    const auto begin = words.begin() + static_cast<std::ptrdiff_t>(i);
    ++counts[{begin, begin + static_cast<std::ptrdiff_t>(n)}];
  }
  return counts;
}

std::size_t gram_count(std::size_t words, std::size_t n) { return words < n ? 0 : words - n + 1; }

}  // namespace

RougeScore rouge_n(std::string_view answer, std::string_view expected, std::size_t n) {
  const auto answered = rouge_words(answer);
  const auto wanted = rouge_words(expected);
  const auto wanted_grams = count_grams(wanted, n);
  std::size_t common = 0;
  for (const auto& [gram, count] : count_grams(answered, n)) {
    const auto found = wanted_grams.find(gram);
    if (found != wanted_grams.end()) common += std::min(count, found->second);
  }
  return score_of(common, gram_count(answered.size(), n), gram_count(wanted.size(), n));
}

RougeScore rouge_l(std::string_view answer, std::string_view expected) {
  const auto answered = rouge_words(answer);
  const auto wanted = rouge_words(expected);
  // lengths[j]: of the words so far and the first j of `wanted`; the row before is overwritten.
  std::vector<std::size_t> lengths(wanted.size() + 1, 0);
  for (const std::string& word : answered) {
    std::size_t diagonal = 0;
    for (std::size_t j = 0; j < wanted.size(); ++j) {
      const std::size_t above = lengths[j + 1];
      lengths[j + 1] = word == wanted[j] ? diagonal + 1 : std::max(above, lengths[j]);
      diagonal = above;
    }
  }
  return score_of(lengths.back(), answered.size(), wanted.size());
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "evaluate/answer_match.h"

#include <map>
#include <vector>

#include "evaluate/text_words.h"

namespace hearth {
namespace {

constexpr std::string_view kPunctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

std::vector<std::string> answer_words(std::string_view text) {
  std::string plain;
  for (const char c : lower_case(text)) {
    if (kPunctuation.find(c) == kPunctuation.npos) plain += c;
  }
  std::vector<std::string> words = split_words(plain);
  std::erase_if(
      words, [](const std::string& word) { return word == "a" || word == "an" || word == "the"; });
  return words;
}

}  // namespace

std::string normalised_answer(std::string_view text) {
  std::string joined;
  for (const std::string& word : answer_words(text)) {
    joined += (joined.empty() ? "" : " ") + word;
  }
  return joined;
}

bool exact_match(std::string_view answer, std::string_view expected) {
  return normalised_answer(answer) == normalised_answer(expected);
}

double word_f1(std::string_view answer, std::string_view expected) {
  const auto answered = answer_words(answer);
  const auto wanted = answer_words(expected);
  if (answered.empty() || wanted.empty()) return answered.empty() && wanted.empty() ? 1.0 : 0.0;
  std::map<std::string_view, int> counts;
  for (const std::string& word : wanted) ++counts[word];
  double common = 0.0;
  for (const std::string& word : answered) {
    if (const auto found = counts.find(word); found != counts.end() && found->second > 0) {
      --found->second;
      common += 1.0;
    }
  }
  if (common == 0.0) return 0.0;
  const double precision = common / static_cast<double>(answered.size());
  const double recall = common / static_cast<double>(wanted.size());
  return 2.0 * precision * recall / (precision + recall);
}

}  // namespace hearth

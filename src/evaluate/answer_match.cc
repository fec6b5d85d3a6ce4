// SPDX-License-Identifier: Apache-2.0
#include "evaluate/answer_match.h"

#include <algorithm>
#include <charconv>
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

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

// The number that begins at `at`, a digit, without signs and commas, and where it ends.
struct NumberText {
  std::string digits;
  std::size_t end;
};

NumberText number_at(std::string_view text, std::size_t at) {
  const std::size_t first = digits_at(text, at);
  NumberText number{std::string(text.substr(at, first)), at + first};
  // A comma belongs to it where it groups thousands: "1,234", but neither "1, 2" nor "2024,100".
  while (first <= 3 && text.substr(number.end).starts_with(',') &&
         digits_at(text, number.end + 1) == 3) {
    number.digits += text.substr(number.end + 1, 3);
    number.end += 4;
  }
  const std::size_t decimals =
      number.end < text.size() && text[number.end] == '.' ? digits_at(text, number.end + 1) : 0;
  if (decimals > 0) {
    number.digits += text.substr(number.end, decimals + 1);
    number.end += decimals + 1;
  }
  return number;
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

bool mentions(std::string_view answer, std::string_view expected) {
  const auto answered = answer_words(answer);
  const auto wanted = answer_words(expected);
  if (wanted.empty()) return false;
  return std::search(answered.begin(), answered.end(), wanted.begin(), wanted.end()) !=
         answered.end();
}

std::optional<double> last_number(std::string_view text) {
  std::optional<double> last;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_digit(text[at])) {
      ++at;
      continue;
    }
    const NumberText number = number_at(text, at);
    // "3 - 1" and "4-1" have no -1; "= -1" and "(-1)" have.
    const bool is_negative =
        at > 0 && text[at - 1] == '-' &&
        (at == 1 || std::string_view(" (=:$\n\t").find(text[at - 2]) != std::string_view::npos);
    double value = 0.0;
    std::from_chars(number.digits.data(), number.digits.data() + number.digits.size(), value);
    last = is_negative ? -value : value;
    at = number.end;
  }
  return last;
}

}  // namespace hearth

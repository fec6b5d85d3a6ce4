// SPDX-License-Identifier: Apache-2.0
#include "route/request_features.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

namespace hearth {
namespace {

constexpr std::size_t kHeadBytes = 2000;
constexpr std::size_t kTailBytes = 600;

struct Cue {
  std::string_view words;  // whole words, as normalised() makes them
  RequestTask task;
  int weight;  // 3: says it outright; 1: only hints
};

constexpr Cue kCues[] = {
    {"classify", RequestTask::kClassification, 4},
    {"categorize", RequestTask::kClassification, 4},
    {"categorise", RequestTask::kClassification, 4},
    {"label", RequestTask::kClassification, 2},
    {"which category", RequestTask::kClassification, 3},
    {"sentiment", RequestTask::kClassification, 3},
    {"positive or negative", RequestTask::kClassification, 4},
    {"true or false", RequestTask::kClassification, 3},
    {"yes or no", RequestTask::kClassification, 2},
    {"spam", RequestTask::kClassification, 2},
    {"intent", RequestTask::kClassification, 1},
    {"extract", RequestTask::kExtraction, 4},
    {"find all", RequestTask::kExtraction, 3},
    {"list all", RequestTask::kExtraction, 2},
    {"pull out", RequestTask::kExtraction, 3},
    {"mentioned", RequestTask::kExtraction, 2},
    {"as json", RequestTask::kExtraction, 2},
    {"entities", RequestTask::kExtraction, 3},
    {"from the text", RequestTask::kExtraction, 2},
    {"fields", RequestTask::kExtraction, 1},
    {"summarize", RequestTask::kSummarization, 4},
    {"summarise", RequestTask::kSummarization, 4},
    {"summary", RequestTask::kSummarization, 3},
    {"tl dr", RequestTask::kSummarization, 4},
    {"tldr", RequestTask::kSummarization, 4},
    {"key points", RequestTask::kSummarization, 3},
    {"main points", RequestTask::kSummarization, 3},
    {"shorten", RequestTask::kSummarization, 2},
    {"in one sentence", RequestTask::kSummarization, 1},
    {"rewrite", RequestTask::kRewriting, 4},
    {"rephrase", RequestTask::kRewriting, 4},
    {"paraphrase", RequestTask::kRewriting, 4},
    {"reword", RequestTask::kRewriting, 4},
    {"translate", RequestTask::kRewriting, 4},
    {"proofread", RequestTask::kRewriting, 4},
    {"grammar", RequestTask::kRewriting, 3},
    {"spelling", RequestTask::kRewriting, 3},
    {"more formal", RequestTask::kRewriting, 3},
    {"more polite", RequestTask::kRewriting, 3},
    {"simplify", RequestTask::kRewriting, 2},
    {"past tense", RequestTask::kRewriting, 2},
    {"plain english", RequestTask::kRewriting, 2},
    {"code", RequestTask::kCode, 2},
    {"function", RequestTask::kCode, 2},
    {"python", RequestTask::kCode, 3},
    {"c++", RequestTask::kCode, 3},
    {"javascript", RequestTask::kCode, 3},
    {"typescript", RequestTask::kCode, 3},
    {"java", RequestTask::kCode, 3},
    {"rust", RequestTask::kCode, 2},
    {"sql", RequestTask::kCode, 3},
    {"html", RequestTask::kCode, 2},
    {"css", RequestTask::kCode, 2},
    {"regex", RequestTask::kCode, 3},
    {"bash", RequestTask::kCode, 3},
    {"shell command", RequestTask::kCode, 3},
    {"script", RequestTask::kCode, 2},
    {"compile", RequestTask::kCode, 2},
    {"bug", RequestTask::kCode, 2},
    {"unit test", RequestTask::kCode, 3},
    {"stack trace", RequestTask::kCode, 3},
    {"program", RequestTask::kCode, 2},
    {"refactor", RequestTask::kCode, 3},
    {"calculate", RequestTask::kArithmetic, 4},
    {"compute", RequestTask::kArithmetic, 3},
    {"how much is", RequestTask::kArithmetic, 2},
    {"how many", RequestTask::kArithmetic, 2},
    {"sum of", RequestTask::kArithmetic, 3},
    {"percent of", RequestTask::kArithmetic, 3},
    {"plus", RequestTask::kArithmetic, 2},
    {"minus", RequestTask::kArithmetic, 2},
    {"divided by", RequestTask::kArithmetic, 4},
    {"multiplied by", RequestTask::kArithmetic, 4},
    {"multiply", RequestTask::kArithmetic, 3},
    {"square root", RequestTask::kArithmetic, 4},
    {"average of", RequestTask::kArithmetic, 3},
    {"in total", RequestTask::kArithmetic, 2},
    {"left over", RequestTask::kArithmetic, 1},
    {"who is", RequestTask::kFacts, 3},
    {"who was", RequestTask::kFacts, 3},
    {"who wrote", RequestTask::kFacts, 4},
    {"who invented", RequestTask::kFacts, 4},
    {"who painted", RequestTask::kFacts, 4},
    {"when did", RequestTask::kFacts, 3},
    {"when was", RequestTask::kFacts, 3},
    {"where is", RequestTask::kFacts, 3},
    {"capital of", RequestTask::kFacts, 4},
    {"which country", RequestTask::kFacts, 3},
    {"which planet", RequestTask::kFacts, 3},
    {"what year", RequestTask::kFacts, 3},
    {"which year", RequestTask::kFacts, 3},
    {"how tall", RequestTask::kFacts, 3},
    {"how old", RequestTask::kFacts, 3},
    {"how far", RequestTask::kFacts, 3},
    {"population of", RequestTask::kFacts, 3},
    {"chemical symbol", RequestTask::kFacts, 4},
    {"what is the", RequestTask::kFacts, 1},
    {"why", RequestTask::kOpenEnded, 3},
    {"explain", RequestTask::kOpenEnded, 3},
    {"discuss", RequestTask::kOpenEnded, 3},
    {"compare", RequestTask::kOpenEnded, 3},
    {"ideas", RequestTask::kOpenEnded, 3},
    {"suggest", RequestTask::kOpenEnded, 2},
    {"brainstorm", RequestTask::kOpenEnded, 4},
    {"story", RequestTask::kOpenEnded, 3},
    {"poem", RequestTask::kOpenEnded, 4},
    {"essay", RequestTask::kOpenEnded, 4},
    {"advice", RequestTask::kOpenEnded, 3},
    {"should i", RequestTask::kOpenEnded, 3},
    {"pros and cons", RequestTask::kOpenEnded, 4},
    {"plan", RequestTask::kOpenEnded, 2},
    {"describe", RequestTask::kOpenEnded, 2},
    {"imagine", RequestTask::kOpenEnded, 3},
    {"hello", RequestTask::kChat, 2},
    {"hi", RequestTask::kChat, 2},
    {"hey", RequestTask::kChat, 2},
    {"thanks", RequestTask::kChat, 2},
    {"thank you", RequestTask::kChat, 2},
    {"how are you", RequestTask::kChat, 4},
    {"good morning", RequestTask::kChat, 3},
    {"who are you", RequestTask::kChat, 4},
    {"bye", RequestTask::kChat, 2},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// " lower case words with one space around each "; what is no letter, digit, + or # is a space.
std::string normalised(std::string_view text) {
  std::string out = " ";
  for (const char c : text) {
    const bool is_upper = c >= 'A' && c <= 'Z';
    const bool is_kept = (c >= 'a' && c <= 'z') || is_digit(c) || c == '+' || c == '#' || is_upper;
    if (is_kept) {
      out += is_upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      out += c;  // letters beyond ASCII stay parts of their words
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.back() != ' ') out += ' ';
  return out;
}

// Whether the words stand there as whole words.
bool has_words(std::string_view text, std::string_view words) {
  for (std::size_t at = text.find(words); at != text.npos; at = text.find(words, at + 1)) {
    if (text[at - 1] == ' ' && text[at + words.size()] == ' ') return true;
  }
  return false;
}

// Digits on both sides of an operator: "12 * 7", "3+4".
int count_operations(std::string_view text) {
  int count = 0;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (std::string_view("+-*/^=%").find(text[i]) == std::string_view::npos) continue;
    std::size_t before = i - 1;
    while (before > 0 && text[before] == ' ') --before;
    std::size_t after = i + 1;
    while (after + 1 < text.size() && text[after] == ' ') ++after;
    // "2024-05-01" and "1-2" in prose: a minus counts only with spaces around it.
    const bool is_spaced = before + 1 < i && after > i + 1;
    if (text[i] == '-' && !is_spaced) continue;
    if (is_digit(text[before]) && is_digit(text[after])) ++count;
  }
  return count;
}

int count_code_marks(std::string_view text) {
  constexpr std::string_view kMarks[] = {"```",     "#include", "def ", "();",     "){",
                                         ") {",     "=> ",      "</",   "import ", "SELECT ",
                                         "return ", "std::",    "var ", "const "};
  int count = 0;
  for (const std::string_view mark : kMarks) count += text.find(mark) != text.npos ? 1 : 0;
  return count;
}

std::string head_and_tail(std::string_view text) {
  if (text.size() <= kHeadBytes + kTailBytes) return std::string(text);
  std::string part(text.substr(0, kHeadBytes));
  return part.append("\n").append(text.substr(text.size() - kTailBytes));
}

}  // namespace

RequestTask classify_task(std::string_view text) {
  const std::string part = head_and_tail(text);
  const std::string words = normalised(part);
  std::array<int, kRequestTaskNames.size()> scores{};
  const auto add = [&](RequestTask task, int weight) {
    scores[static_cast<std::size_t>(task)] += weight;
  };
  for (const Cue& cue : kCues) {
    if (has_words(words, cue.words)) add(cue.task, cue.weight);
  }
  add(RequestTask::kArithmetic, std::min(6, 4 * count_operations(part)));
  const int marks = count_code_marks(part);
  if (marks > 0) add(RequestTask::kCode, marks == 1 ? 2 : 5);
  const auto best = std::max_element(scores.begin(), scores.end());
  if (*best == 0) return RequestTask::kChat;
  return static_cast<RequestTask>(best - scores.begin());
}

int32_t estimate_tokens(std::string_view text) {
  constexpr std::size_t kBytesPerToken = 4;
  const std::size_t tokens = (text.size() + kBytesPerToken - 1) / kBytesPerToken;
  return static_cast<int32_t>(std::min<std::size_t>(tokens, std::numeric_limits<int32_t>::max()));
}

}  // namespace hearth

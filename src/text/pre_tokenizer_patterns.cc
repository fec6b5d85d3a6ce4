// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer_patterns.h"

#include "text/pre_tokenizer_scan.h"

namespace hearth {
namespace {

using namespace pre_tokenizing;

// 's|'t|'re|'ve|'m|'ll|'d : its length where `text`, which begins with an apostrophe, begins with
// one; else 0.
std::size_t contraction(std::string_view text) {
  if (text.size() < 2) return 0;
  switch (text[1]) {
    case 's':
    case 't':
    case 'm':
    case 'd':
      return 2;
    default:
      break;
  }
  const std::string_view two = text.substr(1, 2);
  return two == "re" || two == "ve" || two == "ll" ? 3 : 0;
}

char ascii_lower(char byte) {
  return byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte + ('a' - 'A')) : byte;
}

// (?i:'s|'t|'re|'ve|'m|'ll|'d) : U+017F, the long s, folds to s; no other character outside ASCII
// takes part.
std::size_t contraction_any_case(std::string_view text) {
  if (text.substr(1, 2) == "\xc5\xbf") return 3;
  char lower[3] = {'\'', 0, 0};
  for (std::size_t i = 1; i < 3 && i < text.size(); ++i) lower[i] = ascii_lower(text[i]);
  return contraction({lower, text.size() < 3 ? text.size() : 3});
}

// GPT-2: 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
template <Classes classes>
std::size_t gpt2_piece(std::string_view text) {
  const Char first = char_at<classes>(text, 0);
  if (first.kind == Kind::kEnd) return first.bytes;  // an isolated digit
  if (text[0] == '\'') {
    if (const std::size_t bytes = contraction(text)) return bytes;
  }
  const std::size_t blank = text[0] == ' ' ? 1 : 0;
  const Char word = blank != 0 ? char_at<classes>(text, 1) : first;
  if (word.kind == Kind::kEnd || word.kind == Kind::kSpace) {
    return spaces_before_word(scan_spaces<classes>(text));
  }
  return run_end<classes>(text, blank + word.bytes, word.kind);
}

// Where a run of at most `count_max` numbers ends whose first ends at `end`.
std::size_t numbers_end(std::string_view text, std::size_t end, int count_max) {
  for (int i = 1; i < count_max; ++i) {
    const Char next = char_at<Classes::kPlain>(text, end);
    if (next.kind != Kind::kNumber) break;
    end += next.bytes;
  }
  return end;
}

// \s*[\r\n]+|\s+(?!\S)|\s+
std::size_t spaces_or_newlines(const SpaceRun& run) {
  return run.newlines_end != 0 ? run.newlines_end : spaces_before_word(run);
}

// Llama 3 (3 digits a piece), Qwen 2 (1) and Qwen 3.5 (1, [\p{L}\p{M}] for \p{L}):
// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//   ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <int kDigitsMax, Classes classes>
std::size_t llama3_piece(std::string_view text) {
  const Char first = char_at<classes>(text, 0);
  if (first.kind == Kind::kLetter) return run_end<classes>(text, first.bytes, Kind::kLetter);
  if (first.kind == Kind::kNumber) {
    return numbers_end(text, first.bytes, kDigitsMax);
  }
  if (text[0] == '\'') {
    if (const std::size_t bytes = contraction_any_case(text)) return bytes;
  }
  const Char second = char_at<classes>(text, first.bytes);
  if (second.kind == Kind::kLetter && !is_newline(text[0])) {
    return run_end<classes>(text, first.bytes + second.bytes, Kind::kLetter);
  }
  if (first.kind == Kind::kOther || (text[0] == ' ' && second.kind == Kind::kOther)) {
    std::size_t end = run_end<classes>(text, first.bytes, Kind::kOther);
    while (end < text.size() && is_newline(text[end])) ++end;
    return end;
  }
  return spaces_or_newlines(scan_spaces<classes>(text));
}

bool is_upper(CharTraits traits) {  // [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]
  return (traits & kTraitMark) != 0 ||
         ((traits & kTraitLetter) != 0 && (traits & kTraitLower) == 0);
}
bool is_lower(CharTraits traits) {  // [\p{Ll}\p{Lm}\p{Lo}\p{M}]
  return (traits & kTraitMark) != 0 ||
         ((traits & kTraitLetter) != 0 && (traits & kTraitUpper) == 0);
}

// With U for the upper class and W for the lower one, which share letters without case and marks:
// U*W+|U+W* from `begin` on: where it ends, 0 where it does not match. The second part can only
// match where the first does not, and then has no W.
struct CasedWord {
  std::size_t lower_end;  // of U*W+
  std::size_t upper_end;  // of U+W*
};

CasedWord cased_word(std::string_view text, std::size_t begin) {
  std::size_t end = begin;
  std::size_t shared_end = 0;  // behind the last of the U that is a W, too
  CharTraits traits = 0;
  const auto read = [&] {
    const Utf8Char next = end < text.size() ? decode_utf8(text.substr(end)) : Utf8Char{0, 0, false};
    traits = next.valid ? char_traits(next.code_point) : 0;
    return next.bytes;
  };
  uint32_t bytes = read();
  for (; is_upper(traits); bytes = read()) {
    end += bytes;
    if (is_lower(traits)) shared_end = end;
  }
  const std::size_t upper_end = end == begin ? 0 : end;
  if (!is_lower(traits)) return {shared_end, upper_end};
  for (; is_lower(traits); bytes = read()) end += bytes;
  return {end, upper_end};
}

// The word of GPT-4o's pattern: [^\r\n\p{L}\p{N}]?U*W+|[^\r\n\p{L}\p{N}]?U+W*, 0 where there is
// none.
std::size_t cased_piece(std::string_view text, const Char& first) {
  const bool may_be_prefix =
      (first.kind == Kind::kOther || first.kind == Kind::kSpace) && !is_newline(text[0]);
  const CasedWord prefixed = may_be_prefix ? cased_word(text, first.bytes) : CasedWord{0, 0};
  if (prefixed.lower_end != 0) return prefixed.lower_end;
  const CasedWord bare = cased_word(text, 0);
  if (bare.lower_end != 0) return bare.lower_end;
  return prefixed.upper_end != 0 ? prefixed.upper_end : bare.upper_end;
}

enum class Contractions { kNone, kAfterWords };

// GPT-4o (3 digits a piece, contractions at the end of words) and Tekken (1, none):
// [^\r\n\p{L}\p{N}]?U*W+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|
//  [^\r\n\p{L}\p{N}]?U+W*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}|
//   ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <int kDigitsMax, Contractions contractions>
std::size_t gpt4o_piece(std::string_view text) {
  constexpr Classes classes = Classes::kPlain;
  const Char first = char_at<classes>(text, 0);
  if (first.kind == Kind::kNumber) return numbers_end(text, first.bytes, kDigitsMax);
  if (const std::size_t word = cased_piece(text, first)) {
    if (contractions == Contractions::kNone || word >= text.size() || text[word] != '\'') {
      return word;
    }
    return word + contraction_any_case(text.substr(word));
  }
  const Char second = char_at<classes>(text, first.bytes);
  if (first.kind == Kind::kOther || (text[0] == ' ' && second.kind == Kind::kOther)) {
    std::size_t end = run_end<classes>(text, first.bytes, Kind::kOther);
    while (end < text.size() && (is_newline(text[end]) || text[end] == '/')) ++end;
    return end;
  }
  return spaces_or_newlines(scan_spaces<classes>(text));
}

}  // namespace

std::size_t next_piece_gpt2(std::string_view text) { return gpt2_piece<Classes::kPlain>(text); }
std::size_t next_piece_digits_gpt2(std::string_view text) {
  return gpt2_piece<Classes::kDigitsIsolated>(text);
}
std::size_t next_piece_llama3(std::string_view text) {
  return llama3_piece<3, Classes::kPlain>(text);
}
std::size_t next_piece_qwen2(std::string_view text) {
  return llama3_piece<1, Classes::kPlain>(text);
}
std::size_t next_piece_qwen35(std::string_view text) {
  return llama3_piece<1, Classes::kMarksAreLetters>(text);
}
std::size_t next_piece_gpt4o(std::string_view text) {
  return gpt4o_piece<3, Contractions::kAfterWords>(text);
}
std::size_t next_piece_tekken(std::string_view text) {
  return gpt4o_piece<1, Contractions::kNone>(text);
}

}  // namespace hearth

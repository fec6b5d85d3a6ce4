// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer.h"

#include <cstdint>

#include "base/utf8.h"
#include "text/unicode.h"

namespace hearth {
namespace {

enum class Kind : uint8_t {
  kOther,   // [^\s\p{L}\p{N}]
  kLetter,  // \p{L}
  kNumber,  // \p{N}
  kSpace,   // \s
  kEnd,     // the text ends here, or an isolated digit ends the span that the pattern sees
};

struct Char {
  Kind kind;
  uint32_t bytes;  // 0 at the end of the text
};

// Whether numeric characters are cut out before the pattern runs: Digits(individual_digits).
enum class Digits { kInPattern, kIsolated };

template <Digits digits>
Kind kind_of(CharTraits traits) {
  if (digits == Digits::kIsolated && (traits & kTraitNumeric) != 0) return Kind::kEnd;
  if ((traits & kTraitLetter) != 0) return Kind::kLetter;
  if ((traits & kTraitNumber) != 0) return Kind::kNumber;
  if ((traits & kTraitSpace) != 0) return Kind::kSpace;
  return Kind::kOther;
}

template <Digits digits>
Char char_at(std::string_view text, std::size_t pos) {
  if (pos >= text.size()) return {Kind::kEnd, 0};
  const auto byte = static_cast<unsigned char>(text[pos]);
  if (byte < 0x80) return {kind_of<digits>(unicode_tables::kAscii[byte]), 1};
  const Utf8Char decoded = decode_utf8(text.substr(pos));
  if (!decoded.valid) return {Kind::kOther, 1};
  return {kind_of<digits>(char_traits(decoded.code_point)), decoded.bytes};
}

// Where the run of `kind` that goes on at `pos` ends.
template <Digits digits>
std::size_t run_end(std::string_view text, std::size_t pos, Kind kind) {
  for (;;) {
    const Char next = char_at<digits>(text, pos);
    if (next.kind != kind) return pos;
    pos += next.bytes;
  }
}

bool is_newline(char byte) { return byte == '\r' || byte == '\n'; }

struct SpaceRun {
  std::size_t end;           // of the run of \s
  std::size_t last_start;    // where its last character begins
  std::size_t newlines_end;  // behind its last \r or \n; 0 where it has none
  bool at_end;               // nothing follows the run
};

template <Digits digits>
SpaceRun scan_spaces(std::string_view text) {
  SpaceRun run{0, 0, 0, false};
  for (;;) {
    const Char next = char_at<digits>(text, run.end);
    if (next.kind != Kind::kSpace) {
      run.at_end = next.kind == Kind::kEnd;
      return run;
    }
    run.last_start = run.end;
    run.end += next.bytes;
    if (is_newline(text[run.last_start])) run.newlines_end = run.end;
  }
}

// \s+(?!\S)|\s+ : the run leaves its last character to the word behind it, unless that is all it
// has.
std::size_t spaces_before_word(const SpaceRun& run) {
  return run.at_end || run.last_start == 0 ? run.end : run.last_start;
}

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
template <Digits digits>
std::size_t next_piece_gpt2(std::string_view text) {
  const Char first = char_at<digits>(text, 0);
  if (first.kind == Kind::kEnd) return first.bytes;  // an isolated digit
  if (text[0] == '\'') {
    if (const std::size_t bytes = contraction(text)) return bytes;
  }
  const std::size_t blank = text[0] == ' ' ? 1 : 0;
  const Char word = blank != 0 ? char_at<digits>(text, 1) : first;
  if (word.kind == Kind::kEnd || word.kind == Kind::kSpace) {
    return spaces_before_word(scan_spaces<digits>(text));
  }
  return run_end<digits>(text, blank + word.bytes, word.kind);
}

// Llama 3 (3 digits a piece) and Qwen 2 (1):
// (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|
//   ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
template <int kDigitsMax>
std::size_t next_piece_llama3(std::string_view text) {
  constexpr Digits digits = Digits::kInPattern;
  const Char first = char_at<digits>(text, 0);
  if (first.kind == Kind::kLetter) return run_end<digits>(text, first.bytes, Kind::kLetter);
  if (first.kind == Kind::kNumber) {
    std::size_t end = first.bytes;
    for (int i = 1; i < kDigitsMax; ++i) {
      const Char next = char_at<digits>(text, end);
      if (next.kind != Kind::kNumber) break;
      end += next.bytes;
    }
    return end;
  }
  if (text[0] == '\'') {
    if (const std::size_t bytes = contraction_any_case(text)) return bytes;
  }
  const Char second = char_at<digits>(text, first.bytes);
  if (second.kind == Kind::kLetter && !is_newline(text[0])) {
    return run_end<digits>(text, first.bytes + second.bytes, Kind::kLetter);
  }
  if (first.kind == Kind::kOther || (text[0] == ' ' && second.kind == Kind::kOther)) {
    std::size_t end = run_end<digits>(text, first.bytes, Kind::kOther);
    while (end < text.size() && is_newline(text[end])) ++end;
    return end;
  }
  const SpaceRun run = scan_spaces<digits>(text);
  return run.newlines_end != 0 ? run.newlines_end : spaces_before_word(run);
}

constexpr PreTokenizer kPreTokenizers[] = {
    {"gpt-2", next_piece_gpt2<Digits::kInPattern>, WholePieces::kMerge, BosDefault::kAbsent},
    // Sequence[Digits(individual_digits), ByteLevel(use_regex)].
    {"smollm", next_piece_gpt2<Digits::kIsolated>, WholePieces::kMerge, BosDefault::kAbsent},
    {"llama-bpe", next_piece_llama3<3>, WholePieces::kLookUp, BosDefault::kPresent},
    {"qwen2", next_piece_llama3<1>, WholePieces::kMerge, BosDefault::kAbsent},
};

}  // namespace

const PreTokenizer* find_pre_tokenizer(std::string_view name) {
  for (const PreTokenizer& candidate : kPreTokenizers) {
    if (candidate.name == name) return &candidate;
  }
  return nullptr;
}

std::string pre_tokenizer_names() {
  std::string names;
  for (const PreTokenizer& known : kPreTokenizers) {
    if (!names.empty()) names += ", ";
    names += known.name;
  }
  return names;
}

}  // namespace hearth

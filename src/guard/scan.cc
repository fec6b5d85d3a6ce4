// SPDX-License-Identifier: Apache-2.0
#include "guard/scan.h"

#include <algorithm>

#include "base/utf8.h"

namespace hearth {
namespace {

enum class CharClass : uint8_t { kSpace, kLine, kLower, kUpper, kLetter, kDigit, kMark };

CharClass ascii_class(unsigned char c) {
  if (c >= 'a' && c <= 'z') return CharClass::kLower;
  if (c >= 'A' && c <= 'Z') return CharClass::kUpper;
  if (c >= '0' && c <= '9') return CharClass::kDigit;
  if (c == '\n' || c == '\r') return CharClass::kLine;
  return c == ' ' || c == '\t' || c == '\v' || c == '\f' ? CharClass::kSpace : CharClass::kMark;
}

// Beyond ASCII: letters but for punctuation, symbols and emoji. Case is told for Latin only, which
// is what the lists of names are in.
CharClass wide_class(const Utf8Char& c) {
  const char32_t p = c.code_point;
  if (!c.valid || p == 0xd7 || p == 0xf7 || p < 0xc0 || (p >= 0x2000 && p < 0x2c00) ||
      (p >= 0x3000 && p < 0x3040) || (p >= 0x1f000 && p < 0x20000) || p >= 0xe0000) {
    return p == 0x2028 || p == 0x2029 || p == 0x85 ? CharClass::kLine : CharClass::kMark;
  }
  if (p < 0x100) return p < 0xdf ? CharClass::kUpper : CharClass::kLower;
  if (p < 0x180) {
    const bool odd_is_upper = (p >= 0x139 && p <= 0x148) || (p >= 0x179 && p <= 0x17e);
    return (p % 2 == 0) != odd_is_upper ? CharClass::kUpper : CharClass::kLower;
  }
  return CharClass::kLetter;
}

}  // namespace

bool is_word_byte(char c) {
  return is_ascii_digit(c) || is_ascii_letter(c) || static_cast<unsigned char>(c) >= 0x80;
}

std::string bare_capitals(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (is_ascii_digit(c)) out += c;
    if (is_ascii_letter(c)) out += static_cast<char>(c & ~0x20);
  }
  return out;
}

Scan::Scan(std::string_view text) : text_(text) { cut(); }

void Scan::cut() {
  tokens_.reserve(text_.size() / 4 + 8);
  Gap gap = Gap::kLine;  // a text begins as a line does
  std::size_t at = 0;
  const auto read = [&](std::size_t from, std::size_t& bytes) {
    const unsigned char first = static_cast<unsigned char>(text_[from]);
    if (first < 0x80) {
      bytes = 1;
      return ascii_class(first);
    }
    const Utf8Char c = decode_utf8(text_.substr(from));
    bytes = c.bytes;
    return wide_class(c);
  };
  while (at < text_.size()) {
    std::size_t bytes = 1;
    const CharClass first = read(at, bytes);
    if (first == CharClass::kSpace || first == CharClass::kLine) {
      gap = first == CharClass::kLine ? Gap::kLine : std::max(gap, Gap::kSpace);
      at += bytes;
      continue;
    }
    const std::size_t begin = at;
    at += bytes;
    ScanToken token{static_cast<uint32_t>(begin), 0, TokenType::kMark, gap, LetterCase::kLower, 0};
    if (first == CharClass::kDigit) {
      token.type = TokenType::kDigits;
      while (at < text_.size() && is_ascii_digit(text_[at])) ++at;
    } else if (first != CharClass::kMark) {
      token.type = TokenType::kWord;
      bool upper_behind = false;
      bool lower_behind = false;
      while (at < text_.size()) {
        const CharClass next = read(at, bytes);
        if (next < CharClass::kLower || next > CharClass::kLetter) break;
        (next == CharClass::kUpper ? upper_behind : lower_behind) = true;
        at += bytes;
      }
      if (first == CharClass::kUpper) {
        token.letter_case = !lower_behind  ? LetterCase::kUpper
                            : upper_behind ? LetterCase::kMixed
                                           : LetterCase::kCapital;
      } else {
        token.letter_case = upper_behind ? LetterCase::kMixed : LetterCase::kLower;
      }
      token.traits = word_traits(text_.substr(begin, at - begin));
    }
    token.end = static_cast<uint32_t>(at);
    tokens_.push_back(token);
    gap = Gap::kNone;
  }
}

WordTraits Scan::near(std::size_t index, std::size_t end, WordTraits traits, std::size_t before,
                      std::size_t behind) const {
  for (std::size_t i = index; i > 0 && index - i < before; --i) {
    if (has(i - 1, traits)) return tokens_[i - 1].traits & traits;
  }
  for (std::size_t i = end; i < count() && i - end < behind; ++i) {
    if (has(i, traits)) return tokens_[i].traits & traits;
  }
  return 0;
}

WordTraits Scan::all_near(std::size_t index, std::size_t end, WordTraits traits, std::size_t before,
                          std::size_t behind) const {
  WordTraits out = 0;
  for (std::size_t i = index - std::min(index, before); i < index; ++i) out |= tokens_[i].traits;
  for (std::size_t i = end; i < std::min(count(), end + behind); ++i) out |= tokens_[i].traits;
  return out & traits;
}

}  // namespace hearth

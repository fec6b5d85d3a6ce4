// SPDX-License-Identifier: Apache-2.0
#include "text/pre_tokenizer_stages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "base/utf8.h"
#include "text/pre_tokenizer_patterns.h"
#include "text/pre_tokenizer_scan.h"

namespace hearth {
namespace {

using namespace pre_tokenizing;

// A character; behind the end of the text one of no bytes and no class.
struct CodePoint {
  char32_t value;
  CharTraits traits;
  uint32_t bytes;

  bool is(CharTraits any) const { return (traits & any) != 0; }
  bool in(char32_t low, char32_t high) const { return value >= low && value <= high; }
};

CodePoint code_point_at(std::string_view text, std::size_t at) {
  constexpr char32_t kNone = 0xffffffff;
  if (at >= text.size()) return {kNone, 0, 0};
  const auto byte = static_cast<unsigned char>(text[at]);
  if (byte < 0x80) return {byte, unicode_tables::kAscii[byte], 1};
  const Utf8Char decoded = decode_utf8(text.substr(at));
  if (!decoded.valid) return {kNone, 0, 1};
  return {decoded.code_point, char_traits(decoded.code_point), decoded.bytes};
}

// Where the next match of a stage lies; begin is the end of the text where there is none.
struct Match {
  std::size_t begin, end;
};

// Split(behavior: isolated): the matches of `find(text, from)` and what lies between them.
template <typename Find, typename Sink>
void split(std::string_view text, Find&& find, Sink&& sink) {
  for (std::size_t at = 0; at < text.size();) {
    const Match match = find(text, at);
    if (match.begin > at) sink(text.substr(at, match.begin - at));
    if (match.end > match.begin) sink(text.substr(match.begin, match.end - match.begin));
    at = match.end;
  }
}

// C{1,count_max} for the characters C that are `is_it`.
template <typename IsIt>
Match find_run(std::string_view text, std::size_t from, IsIt&& is_it,
               std::size_t count_max = ~std::size_t{0}) {
  CodePoint next = code_point_at(text, from);
  while (next.bytes != 0 && !is_it(next)) {
    from += next.bytes;
    next = code_point_at(text, from);
  }
  Match match{from, from};
  for (std::size_t i = 0; i < count_max && next.bytes != 0 && is_it(next); ++i) {
    match.end += next.bytes;
    next = code_point_at(text, match.end);
  }
  return match;
}

// \s?C+
template <typename IsIt>
Match find_spaced_run(std::string_view text, std::size_t from, IsIt&& is_it) {
  Match match = find_run(text, from, is_it);
  // The space is the character before the run, if the search came past it.
  std::size_t before = match.begin;
  if (before == match.end || before == from) return match;
  do {
    --before;
  } while (before > from && match.begin - before < 4 && (text[before] & 0xc0) == 0x80);
  const CodePoint space = code_point_at(text, before);
  if (before + space.bytes == match.begin && space.is(kTraitSpace)) match.begin = before;
  return match;
}

bool is_numeric(const CodePoint& c) { return c.is(kTraitNumeric); }
bool is_number(const CodePoint& c) { return c.is(kTraitNumber); }
bool is_letter(const CodePoint& c) { return c.is(kTraitLetter); }
bool is_punctuation(const CodePoint& c) { return c.is(kTraitPunctuation); }

Match find_newline(std::string_view text, std::size_t from) {
  const std::size_t found = text.find_first_of("\r\n", from);
  return found == std::string_view::npos ? Match{text.size(), text.size()}
                                         : Match{found, found + 1};
}

// [U+4E00-U+9FA5 U+0800-U+4E00 U+AC00-U+D7FF]+, as deepseek-llm and deepseek-coder have it
Match find_east_asian(std::string_view text, std::size_t from) {
  return find_run(text, from,
                  [](const CodePoint& c) { return c.in(0x800, 0x9fa5) || c.in(0xac00, 0xd7ff); });
}

// Digits(individual_digits: true)
Match find_digit(std::string_view text, std::size_t from) {
  return find_run(text, from, is_numeric, 1);
}

// \s+$
Match find_trailing_spaces(std::string_view text, std::size_t from) {
  Match spaces{from, from};
  while (spaces.end < text.size()) {
    const CodePoint next = code_point_at(text, spaces.end);
    spaces.end += next.bytes;
    if (!next.is(kTraitSpace)) spaces.begin = spaces.end;
  }
  return spaces;
}

struct Range {
  char32_t low, high;
};

// What deepseek-llm lists: letters with case of Latin, Greek, Cyrillic, Armenian, Cherokee, ...
constexpr Range kCasedLetters[] = {
    {0x41, 0x5a},       {0x61, 0x7a},       {0xb5, 0xb5},       {0xc0, 0xd6},
    {0xd8, 0xf6},       {0xf8, 0x1ba},      {0x1bc, 0x1bf},     {0x1c4, 0x293},
    {0x295, 0x2af},     {0x370, 0x373},     {0x376, 0x377},     {0x37b, 0x37d},
    {0x37f, 0x37f},     {0x386, 0x386},     {0x388, 0x38a},     {0x38c, 0x38c},
    {0x38e, 0x3a1},     {0x3a3, 0x3f5},     {0x3f7, 0x481},     {0x48a, 0x52f},
    {0x531, 0x556},     {0x10a0, 0x10c5},   {0x13a0, 0x13f5},   {0x13f8, 0x13fd},
    {0x1c90, 0x1cba},   {0x1cbd, 0x1cbf},   {0x1d00, 0x1d2b},   {0x1d6b, 0x1d77},
    {0x1d79, 0x1d9a},   {0x1e00, 0x1f15},   {0x1f18, 0x1f1d},   {0x1f20, 0x1f45},
    {0x1f48, 0x1f4d},   {0x1f50, 0x1f57},   {0x1f59, 0x1f59},   {0x1f5b, 0x1f5b},
    {0x1f5d, 0x1f5d},   {0x1f5f, 0x1f7d},   {0x1f80, 0x1fb4},   {0x1fb6, 0x1fbc},
    {0x1fbe, 0x1fbe},   {0x1fc2, 0x1fc4},   {0x1fc6, 0x1fcc},   {0x1fd0, 0x1fd3},
    {0x1fd6, 0x1fdb},   {0x1fe0, 0x1fec},   {0x1ff2, 0x1ff4},   {0x1ff6, 0x1ffc},
    {0x2102, 0x2102},   {0x2107, 0x2107},   {0x210a, 0x2113},   {0x2115, 0x2115},
    {0x2119, 0x211d},   {0x2124, 0x2124},   {0x2126, 0x2126},   {0x2128, 0x2128},
    {0x212a, 0x212d},   {0x212f, 0x2134},   {0x2139, 0x2139},   {0x213c, 0x213f},
    {0x2145, 0x2149},   {0x214e, 0x214e},   {0x2183, 0x2184},   {0x2c00, 0x2c7b},
    {0x2c7e, 0x2ce4},   {0x2ceb, 0x2cee},   {0x2cf2, 0x2cf3},   {0xa640, 0xa66d},
    {0xa680, 0xa69b},   {0xa722, 0xa76f},   {0xa771, 0xa787},   {0xa78b, 0xa78e},
    {0xab70, 0xabbf},   {0xfb00, 0xfb06},   {0xfb13, 0xfb17},   {0xff21, 0xff3a},
    {0xff41, 0xff5a},   {0x10400, 0x1044f}, {0x104b0, 0x104d3}, {0x104d8, 0x104fb},
    {0x10c80, 0x10cb2}, {0x10cc0, 0x10cf2}, {0x118a0, 0x118df}, {0x1e900, 0x1e943}};

bool is_cased_letter(const CodePoint& c) {
  const auto after =
      std::upper_bound(std::begin(kCasedLetters), std::end(kCasedLetters), c.value,
                       [](char32_t value, const Range& range) { return value < range.low; });
  return after != std::begin(kCasedLetters) && c.value <= std::prev(after)->high;
}

// [!-/:-~ U+FF01-U+FF0F U+FF1A-U+FF5E U+2018-U+201F U+3000-U+3002]: with the ASCII letters
bool is_ascii_or_wide_sign(const CodePoint& c) {
  return c.in('!', '/') || c.in(':', '~') || c.in(0xff01, 0xff0f) || c.in(0xff1a, 0xff5e) ||
         c.in(0x2018, 0x201f) || c.in(0x3000, 0x3002);
}

bool is_ascii_letter(char byte) {
  return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
}
bool is_ascii_punctuation(char byte) {
  return byte > ' ' && byte < 0x7f && !is_ascii_letter(byte) && !(byte >= '0' && byte <= '9');
}

// DeepSeek V3, the third stage, at the head of `text`; 0 where it does not match:
// [!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+|
//   ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
std::size_t match_deepseek_v3(std::string_view text) {
  constexpr CharTraits kWord = kTraitLetter | kTraitMark;
  constexpr CharTraits kSign = kTraitPunctuation | kTraitSymbol;
  const auto run_of = [text](std::size_t from, CharTraits traits) {
    CodePoint next = code_point_at(text, from);
    while (next.is(traits)) {
      from += next.bytes;
      next = code_point_at(text, from);
    }
    return from;
  };
  if (is_ascii_punctuation(text[0])) {
    std::size_t end = 1;
    while (end < text.size() && is_ascii_letter(text[end])) ++end;
    if (end > 1) return end;
  }
  const CodePoint first = code_point_at(text, 0);
  if (first.is(kWord)) return run_of(first.bytes, kWord);
  if (!first.is(kSign) && !is_newline(text[0])) {
    const std::size_t end = run_of(first.bytes, kWord);
    if (end > first.bytes) return end;
  }
  const std::size_t blank = text[0] == ' ' ? 1 : 0;
  if (std::size_t end = run_of(blank, kSign); end > blank) {
    while (end < text.size() && is_newline(text[end])) ++end;
    return end;
  }
  if (!first.is(kTraitSpace)) return 0;
  const SpaceRun spaces = scan_spaces<Classes::kPlain>(text);
  return spaces.newlines_end != 0 ? spaces.newlines_end : spaces_before_word(spaces);
}

Match find_deepseek_v3(std::string_view text, std::size_t from) {
  while (from < text.size()) {
    if (const std::size_t bytes = match_deepseek_v3(text.substr(from))) return {from, from + bytes};
    from += code_point_at(text, from).bytes;
  }
  return {from, from};
}

// Falcon's last two stages see GPT-2's byte alphabet, in which six bytes beside the digits look
// like numbers: U+00B2 and others. They may lie inside a character.
bool is_numeric_byte(char byte) {
  constexpr std::string_view kOthers = "\xb2\xb3\xb9\xbc\xbd\xbe";
  return (byte >= '0' && byte <= '9') || kOthers.find(byte) != std::string_view::npos;
}

// Digits(individual_digits: false)
Match find_numeric_bytes(std::string_view text, std::size_t from) {
  const auto begin =
      std::find_if(text.begin() + static_cast<std::ptrdiff_t>(from), text.end(), is_numeric_byte);
  const auto end = std::find_if_not(begin, text.end(), is_numeric_byte);
  return {static_cast<std::size_t>(begin - text.begin()),
          static_cast<std::size_t>(end - text.begin())};
}

// [0-9][0-9][0-9]
Match find_three_digits(std::string_view text, std::size_t from) {
  std::size_t count = 0;
  for (std::size_t at = from; at < text.size(); ++at) {
    count = text[at] >= '0' && text[at] <= '9' ? count + 1 : 0;
    if (count == 3) return {at - 2, at + 1};
  }
  return {text.size(), text.size()};
}

// A stage's cutting of what `sink` is then given.
template <typename Find, typename Sink>
auto then(Find find, Sink sink) {
  return [find, sink](std::string_view part) { split(part, find, sink); };
}

}  // namespace

void cut_deepseek_llm(std::string_view text, PieceSink sink) {
  const auto find_words = [](std::string_view part, std::size_t from) {
    return find_spaced_run(part, from, is_cased_letter);
  };
  const auto find_signs = [](std::string_view part, std::size_t from) {
    return find_spaced_run(part, from, is_ascii_or_wide_sign);
  };
  const auto digits = then(find_digit, sink);
  const auto east_asian = then(find_east_asian, digits);
  const auto trailing = then(find_trailing_spaces, east_asian);
  const auto signs = then(find_signs, trailing);
  const auto words = then(find_words, signs);
  split(text, find_newline, words);
}

void cut_deepseek_coder(std::string_view text, PieceSink sink) {
  const auto find_words = [](std::string_view part, std::size_t from) {
    return find_spaced_run(part, from, is_letter);
  };
  const auto find_punctuation = [](std::string_view part, std::size_t from) {
    return find_spaced_run(part, from, is_punctuation);
  };
  const auto digits = then(find_digit, sink);
  const auto east_asian = then(find_east_asian, digits);
  const auto punctuation = then(find_punctuation, east_asian);
  const auto words = then(find_words, punctuation);
  split(text, find_newline, words);
}

void cut_deepseek_v3(std::string_view text, PieceSink sink) {
  const auto find_numbers = [](std::string_view part, std::size_t from) {
    return find_run(part, from, is_number, 3);
  };
  // [U+4E00-U+9FA5 U+3040-U+309F U+30A0-U+30FF]+
  const auto find_japanese = [](std::string_view part, std::size_t from) {
    return find_run(part, from, [](const CodePoint& c) {
      return c.in(0x4e00, 0x9fa5) || c.in(0x3040, 0x30ff);
    });
  };
  const auto main = then(find_deepseek_v3, sink);
  const auto japanese = then(find_japanese, main);
  split(text, find_numbers, japanese);
}

void cut_falcon(std::string_view text, PieceSink sink) {
  // Punctuation(contiguous), by Rust's classes
  const auto find_signs = [](std::string_view part, std::size_t from) {
    return find_run(part, from, [](const CodePoint& c) { return c.is(kTraitAnyPunctuation); });
  };
  const auto find_gpt2 = [](std::string_view part, std::size_t from) {
    return Match{from, from + next_piece_gpt2(part.substr(from))};
  };
  const auto three_digits = then(find_three_digits, sink);
  const auto numeric = then(find_numeric_bytes, three_digits);
  const auto gpt2 = then(find_gpt2, numeric);
  split(text, find_signs, gpt2);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Reading text as the patterns of pre-tokenizers see it: characters by kind, runs of one kind. For
// text/pre_tokenizer_patterns.cc and text/pre_tokenizer_stages.cc.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/utf8.h"
#include "text/unicode.h"

namespace hearth::pre_tokenizing {

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

enum class Classes {
  kPlain,
  kDigitsIsolated,   // numeric characters are cut out before: Digits(individual_digits)
  kMarksAreLetters,  // [\p{L}\p{M}] where the others have \p{L}
};

template <Classes classes>
Kind kind_of(CharTraits traits) {
  constexpr CharTraits kLetters =
      classes == Classes::kMarksAreLetters ? kTraitLetter | kTraitMark : kTraitLetter;
  if (classes == Classes::kDigitsIsolated && (traits & kTraitNumeric) != 0) return Kind::kEnd;
  if ((traits & kLetters) != 0) return Kind::kLetter;
  if ((traits & kTraitNumber) != 0) return Kind::kNumber;
  if ((traits & kTraitSpace) != 0) return Kind::kSpace;
  return Kind::kOther;
}

template <Classes classes>
Char char_at(std::string_view text, std::size_t pos) {
  if (pos >= text.size()) return {Kind::kEnd, 0};
  const auto byte = static_cast<unsigned char>(text[pos]);
  if (byte < 0x80) return {kind_of<classes>(unicode_tables::kAscii[byte]), 1};
  const Utf8Char decoded = decode_utf8(text.substr(pos));
  if (!decoded.valid) return {Kind::kOther, 1};
  return {kind_of<classes>(char_traits(decoded.code_point)), decoded.bytes};
}

// Where the run of `kind` that goes on at `pos` ends.
template <Classes classes>
std::size_t run_end(std::string_view text, std::size_t pos, Kind kind) {
  for (;;) {
    const Char next = char_at<classes>(text, pos);
    if (next.kind != kind) return pos;
    pos += next.bytes;
  }
}

inline bool is_newline(char byte) { return byte == '\r' || byte == '\n'; }

struct SpaceRun {
  std::size_t end;           // of the run of \s
  std::size_t last_start;    // where its last character begins
  std::size_t newlines_end;  // behind its last \r or \n; 0 where it has none
  bool at_end;               // nothing follows the run
};

template <Classes classes>
SpaceRun scan_spaces(std::string_view text) {
  SpaceRun run{0, 0, 0, false};
  for (;;) {
    const Char next = char_at<classes>(text, run.end);
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
inline std::size_t spaces_before_word(const SpaceRun& run) {
  return run.at_end || run.last_start == 0 ? run.end : run.last_start;
}

}  // namespace hearth::pre_tokenizing

// SPDX-License-Identifier: Apache-2.0
// A normalised text cut into words, numbers and marks, and what detectors found in it. Detectors
// (detectors.h) start at a token and look a bounded way around it: all of them together are linear.
// The scan borrows the text. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "guard/entity.h"
#include "guard/words.h"

namespace hearth {

enum class TokenType : uint8_t { kWord, kDigits, kMark };
enum class Gap : uint8_t { kNone, kSpace, kLine };  // what stands before a token
enum class LetterCase : uint8_t { kLower, kCapital, kUpper, kMixed };

struct ScanToken {
  uint32_t begin;  // bytes of the text
  uint32_t end;
  TokenType type;
  Gap gap;
  LetterCase letter_case;  // of words; one capital letter alone is kUpper
  WordTraits traits;       // of words
};

// How sure a detector is; of what overlaps, the surer is kept.
enum class Certainty : uint8_t {
  kGuess,    // the shape could be anything
  kWeak,     // a likely shape
  kLikely,   // a name of the lists, a phone number's shape
  kNear,     // shape, and a word nearby that says so
  kChecked,  // check digits agree
  kCheckedNear,
  kCertain,  // cannot be anything else
};

struct Found {
  EntityKind kind;
  Certainty certainty;
  std::size_t begin;
  std::size_t end;
};

class Scan {
 public:
  explicit Scan(std::string_view text);

  std::string_view text() const { return text_; }
  const std::vector<ScanToken>& tokens() const { return tokens_; }
  std::size_t count() const { return tokens_.size(); }
  const ScanToken& token(std::size_t index) const { return tokens_[index]; }
  std::string_view view(std::size_t index) const {
    return text_.substr(tokens_[index].begin, tokens_[index].end - tokens_[index].begin);
  }

  bool is_mark(std::size_t index, char mark) const {
    return index < count() && tokens_[index].type == TokenType::kMark &&
           text_[tokens_[index].begin] == mark;
  }
  bool is_digits(std::size_t index) const {
    return index < count() && tokens_[index].type == TokenType::kDigits;
  }
  bool is_word(std::size_t index) const {
    return index < count() && tokens_[index].type == TokenType::kWord;
  }
  bool has(std::size_t index, WordTraits traits) const {
    return index < count() && (tokens_[index].traits & traits) != 0;
  }
  // A word that begins with a capital.
  bool is_capital(std::size_t index) const {
    return is_word(index) && (tokens_[index].letter_case == LetterCase::kCapital ||
                              tokens_[index].letter_case == LetterCase::kUpper);
  }
  // Whether the token stands right behind the one before it.
  bool joined(std::size_t index) const {
    return index > 0 && index < count() && tokens_[index].gap == Gap::kNone;
  }
  std::size_t length(std::size_t index) const { return tokens_[index].end - tokens_[index].begin; }
  // The byte at `at`, 0 outside.
  char byte(std::size_t at) const { return at < text_.size() ? text_[at] : '\0'; }

  // Of the traits asked for, those of the nearest word that has any: within `before` tokens in
  // front of `index`, else within `behind` from `end` on. 0: none.
  WordTraits near(std::size_t index, std::size_t end, WordTraits traits, std::size_t before = 8,
                  std::size_t behind = 0) const;

  // Those of all words there.
  WordTraits all_near(std::size_t index, std::size_t end, WordTraits traits, std::size_t before,
                      std::size_t behind) const;

  void add(EntityKind kind, Certainty certainty, std::size_t begin, std::size_t end) {
    found_.push_back({kind, certainty, begin, end});
  }
  // Tokens [first, last).
  void add_tokens(EntityKind kind, Certainty certainty, std::size_t first, std::size_t last) {
    add(kind, certainty, tokens_[first].begin, tokens_[last - 1].end);
  }
  std::vector<Found>& found() { return found_; }

 private:
  void cut();

  std::string_view text_;
  std::vector<ScanToken> tokens_;
  std::vector<Found> found_;
};

// Letters and digits; bytes of other scripts count as letters.
bool is_word_byte(char c);
inline bool is_ascii_digit(char c) { return c >= '0' && c <= '9'; }
inline bool is_ascii_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
// `text` with a-z as A-Z, and without what is no ASCII letter or digit.
std::string bare_capitals(std::string_view text);

}  // namespace hearth

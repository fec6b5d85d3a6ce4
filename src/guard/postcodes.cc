// SPDX-License-Identifier: Apache-2.0
#include "guard/postcodes.h"

namespace hearth {
namespace {

constexpr std::size_t kPlaceWordsMax = 6;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

bool is_state(const Scan& scan, std::size_t index) {
  return scan.is_word(index) && scan.length(index) == 2 &&
         scan.token(index).letter_case == LetterCase::kUpper;
}

bool digits_of(const Scan& scan, std::size_t index, std::size_t length) {
  return scan.is_digits(index) && scan.length(index) == length;
}

// SW1A 1AA: one or two letters, a digit, perhaps a letter or digit; a digit and two letters.
std::size_t read_british(const Scan& scan, std::size_t index) {
  if (!scan.is_word(index) || scan.length(index) > 2 || !scan.joined(index + 1)) return 0;
  const std::size_t begin = scan.token(index).begin;
  std::size_t at = begin;
  while (is_upper(scan.byte(at)) && at - begin < 3) ++at;
  if (at - begin != scan.length(index) || !is_ascii_digit(scan.byte(at))) return 0;
  ++at;
  // The third of the outward part may be missing, and so may the space.
  for (int optional = 1; optional >= 0; --optional) {
    std::size_t next = at + optional;
    if (optional == 1 && !is_upper(scan.byte(at)) && !is_ascii_digit(scan.byte(at))) continue;
    if (scan.byte(next) == ' ') ++next;
    if (!is_ascii_digit(scan.byte(next)) || !is_upper(scan.byte(next + 1)) ||
        !is_upper(scan.byte(next + 2)) || is_word_byte(scan.byte(next + 3))) {
      continue;
    }
    std::size_t end = index + 1;
    while (end < scan.count() && scan.token(end).begin < next + 3) ++end;
    return end;
  }
  return 0;
}

}  // namespace

Postcode read_postcode(const Scan& scan, std::size_t index) {
  if (const std::size_t british = read_british(scan, index); british != 0) {
    return {PostcodeForm::kMarked, british};
  }
  // CA 90210-1234
  if (is_state(scan, index) && digits_of(scan, index + 1, 5) &&
      scan.token(index + 1).gap == Gap::kSpace) {
    const bool plus4 =
        scan.is_mark(index + 2, '-') && scan.joined(index + 3) && digits_of(scan, index + 3, 4);
    return {PostcodeForm::kMarked, index + (plus4 ? 4 : 2)};
  }
  if (!scan.is_digits(index)) return {};
  const bool dashed = scan.is_mark(index + 1, '-') && scan.joined(index + 1) &&
                      scan.joined(index + 2) && digits_of(scan, index + 2, 3);
  if (dashed && (scan.length(index) == 2 || scan.length(index) == 5)) {  // Poland, Brazil
    return {PostcodeForm::kMarked, index + 3};
  }
  const std::size_t length = scan.length(index);
  if (length == 4 && is_state(scan, index + 1) && scan.token(index + 1).gap != Gap::kLine &&
      scan.view(index)[0] != '0') {  // Netherlands
    return {PostcodeForm::kMarked, index + 2};
  }
  if (length == 3 && digits_of(scan, index + 1, 2) && scan.token(index + 1).gap == Gap::kSpace) {
    return {PostcodeForm::kDigits, index + 2};  // Sweden
  }
  if (length == 5 || length == 8) return {PostcodeForm::kDigits, index + 1};
  return {};
}

std::size_t read_place(const Scan& scan, std::size_t index) {
  std::size_t at = index;
  std::size_t end = index;
  if (scan.is_mark(at, '\'') && scan.joined(at + 1) && scan.is_mark(at + 2, '-')) at += 3;  // 's-
  for (std::size_t words = 0; words < kPlaceWordsMax && at < scan.count();) {
    if (at > index && scan.token(at).gap == Gap::kLine) break;
    const bool joint = words > 0 && scan.joined(at) &&
                       (scan.is_mark(at, '-') || scan.is_mark(at, '\'') || scan.is_mark(at, '.'));
    const bool particle = scan.has(at, kWordParticle) &&
                          scan.token(at).letter_case == LetterCase::kLower &&
                          (words > 0 || scan.has(at, kWordNameParticle));
    if (joint || particle) {
      ++at;
      continue;
    }
    const bool after_particle = at > end && words > 0 && scan.is_word(at - 1);
    const bool word = scan.is_word(at) && scan.token(at).letter_case != LetterCase::kLower;
    const bool ordinary = scan.has(at, kWordCommon) &&
                          !scan.has(at, kWordCity | kWordGiven | kWordFamily | kWordParticle);
    if (!word || (ordinary && words > 0 && !after_particle)) break;
    end = ++at;
    ++words;
  }
  if (end == index) return index;
  if (scan.is_mark(end, '\'') && scan.joined(end) && scan.is_mark(end + 1, '(')) ++end;  // Plati'
  // (RM), / SP, - SP
  const bool bracket = scan.is_mark(end, '(');
  if (bracket || scan.is_mark(end, '/') || scan.is_mark(end, '-')) {
    if (is_state(scan, end + 1) && (!bracket || scan.is_mark(end + 2, ')'))) {
      end += bracket ? 3 : 2;
    }
  }
  return end;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Postal addresses, from both ends: from a street with its number forwards, and from a postcode
// with its place backwards to where the address begins. guard.cc joins what overlaps.
#include <algorithm>

#include "guard/detectors.h"
#include "guard/postcodes.h"

namespace hearth {
namespace {

constexpr std::size_t kTokensBackMax = 22;
constexpr std::size_t kStreetTokensMax = 9;

// What a street's name may end in, in one word.
constexpr std::string_view kStreetEndings[] = {
    "strasse", "str",    "weg",    "allee",     "platz",     "gasse",     "baan",     "pad",
    "damm",    "ufer",   "straat", "laan",      "plein",     "gracht",    "kade",     "dijk",
    "hof",     "gatan",  "vagen",  "grand",     "torget",    "gata",      "stigen",   "backen",
    "dreef",   "singel", "steeg",  "boulevard", "plantsoen", "promenade", "chaussee", "steig"};

class AddressFinder {
 public:
  explicit AddressFinder(Scan& scan) : scan_(scan) {}
  void run();

 private:
  bool has_street_ending(std::size_t index) const;
  bool is_number(std::size_t index) const;
  std::size_t number_end(std::size_t index) const;
  std::size_t unit_end(std::size_t index) const;
  std::size_t tail_end(std::size_t index) const;
  void find_number_first(std::size_t index);
  void find_number_last(std::size_t index);
  void find_street_before(std::size_t index);
  void find_from_postcode(std::size_t index);
  void find_military(std::size_t index);
  void find_box(std::size_t index);
  std::size_t walk_back(std::size_t index, bool* street) const;

  Scan& scan_;
};

bool AddressFinder::has_street_ending(std::size_t index) const {
  if (!scan_.is_word(index)) return false;
  char folded[kWordBytesMax];
  const std::string_view word(folded, fold_word(scan_.view(index), folded));
  // Linnring, but not Spring or Engineering.
  if (word.size() > 7 && word.ends_with("ring")) {
    return std::string_view("aeiouy").find(word[word.size() - 5]) == std::string_view::npos;
  }
  return std::any_of(std::begin(kStreetEndings), std::end(kStreetEndings),
                     [&](std::string_view ending) {
                       return word.size() > ending.size() + 1 && word.ends_with(ending);
                     });
}

bool AddressFinder::is_number(std::size_t index) const {
  return scan_.is_digits(index) && scan_.length(index) <= 5;
}

// 12, 12a, 12/34, 12-14
std::size_t AddressFinder::number_end(std::size_t index) const {
  std::size_t end = index + 1;
  const auto letter = [&](std::size_t at) {
    return scan_.is_word(at) && scan_.length(at) == 1 && scan_.token(at).gap != Gap::kLine;
  };
  if (letter(end) && scan_.joined(end)) ++end;
  while ((scan_.is_mark(end, '/') || scan_.is_mark(end, '-')) && scan_.joined(end) &&
         (is_number(end + 1) || letter(end + 1)) && scan_.joined(end + 1)) {
    end += 2;
  }
  return end;
}

// Apt. 4, Piso 3, Suite 210
std::size_t AddressFinder::unit_end(std::size_t index) const {
  std::size_t at = index;
  if (scan_.is_mark(at, ',') || scan_.is_mark(at, '-')) ++at;
  if (!scan_.has(at, kWordUnit)) return index;
  ++at;
  if (scan_.is_mark(at, '.') || scan_.is_mark(at, ':')) ++at;
  if (scan_.is_word(at) && scan_.length(at) <= 2 && !scan_.is_digits(at + 1)) return number_end(at);
  if (scan_.is_mark(at, '#')) ++at;
  return scan_.is_digits(at) ? number_end(at) : index;
}

// What may follow a street: a unit, a city of the lists, behind a comma perhaps.
std::size_t AddressFinder::tail_end(std::size_t index) const {
  std::size_t end = unit_end(index);
  const std::size_t place = scan_.is_mark(end, ',') ? end + 1 : end;
  const bool city = scan_.has(place, kWordCity) && scan_.is_capital(place) &&
                    (place > end || scan_.token(place).gap == Gap::kLine);
  if (city) end = read_place(scan_, place);
  if (scan_.is_mark(end, ',') && scan_.has(end + 1, kWordCountry)) end += 2;
  return end;
}

// 221B Baker Street; Flat 3, 12 High Street
void AddressFinder::find_number_first(std::size_t index) {
  if (!is_number(index)) return;
  std::size_t at = number_end(index);
  if (scan_.is_mark(at, ',')) ++at;
  const std::size_t first = at;
  while (at < scan_.count() && at - first < kStreetTokensMax && scan_.token(at).gap != Gap::kLine) {
    const bool suffix = scan_.has(at, kWordStreetBehind) && at > first;
    if (suffix || (has_street_ending(at) && scan_.is_capital(at))) {
      std::size_t end = at + 1;
      while (scan_.has(end, kWordStreetBehind) && scan_.is_capital(end) &&
             scan_.token(end).gap == Gap::kSpace) {
        ++end;
      }
      if (scan_.is_mark(end, '.') && scan_.joined(end) && scan_.length(at) <= 4) ++end;
      if (scan_.is_word(end) && scan_.length(end) <= 2 && scan_.is_capital(end)) ++end;  // NW
      const bool unit = index > 0 && scan_.has(index - 1, kWordUnit);
      scan_.add_tokens(EntityKind::kAddress, Certainty::kNear, unit ? index - 1 : index,
                       tail_end(end));
      return;
    }
    const bool part = scan_.is_capital(at) || scan_.is_mark(at, '\'') || scan_.is_mark(at, '.') ||
                      scan_.is_mark(at, '-') || scan_.has(at, kWordParticle) ||
                      (scan_.is_digits(at) && scan_.joined(at + 1));
    if (!part) return;
    ++at;
  }
}

// Lange Straße 5, Björkvägen 12: `index` is the word that ends the street's name.
void AddressFinder::find_number_last(std::size_t index) {
  std::size_t number = index + 1;
  if (scan_.is_mark(number, '.') && scan_.joined(number)) ++number;
  if (!is_number(number) || scan_.length(number) > 4 || scan_.token(number).gap == Gap::kLine)
    return;
  const bool own_word = scan_.has(index, kWordStreetBehind) && scan_.is_capital(index) &&
                        (number > index + 1 || !scan_.joined(number));  // PL04 is no street
  if (!own_word && !has_street_ending(index)) return;
  std::size_t first = index;
  while (first > 0 && index - first < kStreetTokensMax) {
    const bool joint = scan_.joined(first) && scan_.is_mark(first - 1, '-');
    const bool ordinary = scan_.has(first - 1, kWordCommon) && !(own_word && first == index);
    const bool word = scan_.is_capital(first - 1) && !ordinary &&
                      !scan_.has(first - 1, kWordTitle) && scan_.token(first).gap != Gap::kLine;
    if (!joint && !word) break;
    --first;
  }
  if (!own_word || first < index) {
    if (!scan_.is_capital(first)) return;
    scan_.add_tokens(EntityKind::kAddress, Certainty::kNear, first, tail_end(number_end(number)));
  }
}

// 12, rue de la Paix; Calle Mayor 5; ul. Polna 12/34
void AddressFinder::find_street_before(std::size_t index) {
  if (!scan_.has(index, kWordStreetBefore)) return;
  const bool dot = scan_.is_mark(index + 1, '.') && scan_.joined(index + 1);
  if (scan_.length(index) <= 2 && !dot) return;  // "al" and "os" are words of their own
  std::size_t first = index;
  bool number = false;
  std::size_t before = index;
  if (before > 0 && scan_.is_mark(before - 1, ',')) --before;
  if (before > 0 && is_number(before - 1)) {
    first = before - 1;
    number = true;
  } else if (before > 1 && scan_.is_word(before - 1) && is_number(before - 2) &&
             scan_.length(before - 1) <= 3) {  // 12 bis, rue
    first = before - 2;
    number = true;
  }
  std::size_t at = index + 1;
  std::size_t end = index;
  std::size_t words = 0;
  while (at < scan_.count() && at - index < kStreetTokensMax && scan_.token(at).gap != Gap::kLine) {
    const bool part = scan_.is_capital(at) || scan_.is_mark(at, '\'') || scan_.is_mark(at, '.') ||
                      scan_.is_mark(at, '-') || scan_.has(at, kWordParticle) ||
                      scan_.has(at, kWordStreetBefore);
    if (!part) break;
    if (scan_.is_capital(at)) {
      end = at + 1;
      ++words;
    }
    ++at;
  }
  if (words == 0) return;
  std::size_t behind = end;
  if (scan_.is_mark(behind, ',')) ++behind;
  while (scan_.is_word(behind) && scan_.length(behind) <= 3 && scan_.is_digits(behind + 1))
    ++behind;
  if (is_number(behind) && scan_.token(behind).gap != Gap::kLine && !number) {
    end = number_end(behind);
    number = true;
  }
  if (!number && !scan_.has(index, kWordStreetSure)) return;
  scan_.add_tokens(EntityKind::kAddress, number ? Certainty::kNear : Certainty::kLikely, first,
                   tail_end(end));
}

// From a postcode back to where the address begins: over words with capitals, numbers, commas and
// lines. The first number, unit or street word in there is the beginning. `index` where there is
// none.
std::size_t AddressFinder::walk_back(std::size_t index, bool* street) const {
  std::size_t at = index;
  std::size_t begin = index;
  std::size_t lines = 0;
  *street = false;
  while (at > 0 && index - at < kTokensBackMax) {
    if (scan_.token(at).gap == Gap::kLine && ++lines > 3) break;
    const std::size_t next = at - 1;
    const ScanToken& token = scan_.token(next);
    const bool soft =
        token.type == TokenType::kMark &&
        std::string_view(",-/'.#()").find(scan_.text()[token.begin]) != std::string_view::npos;
    const bool sentence_end = scan_.is_mark(next, '.') && scan_.token(at).gap == Gap::kSpace &&
                              next > 0 && scan_.length(next - 1) > 4 &&
                              !scan_.has(next - 1, kWordStreetBehind | kWordUnit) &&
                              !has_street_ending(next - 1);
    const bool street_word = scan_.has(next, kWordStreetBehind | kWordStreetBefore);
    const bool word = scan_.is_word(next) &&
                      (token.letter_case != LetterCase::kLower || street_word ||
                       scan_.has(next, kWordParticle | kWordUnit) || scan_.length(next) == 1);
    const bool digits = scan_.is_digits(next) && scan_.length(next) <= 6;
    if (sentence_end || (!soft && !word && !digits)) break;
    at = next;
    if (street_word || has_street_ending(at)) *street = true;
    const bool opens = digits || scan_.has(at, kWordUnit) || scan_.has(at, kWordStreetBefore) ||
                       has_street_ending(at);
    if (opens) begin = at;
  }
  // The words before a street's last one, up to where the walk ended or a line did.
  while (begin > at && has_street_ending(begin) && scan_.token(begin).gap != Gap::kLine &&
         (scan_.is_capital(begin - 1) || scan_.is_mark(begin - 1, '-'))) {
    --begin;
    if (scan_.is_mark(begin, '-') && begin > at) --begin;
    if (!has_street_ending(begin)) break;
  }
  return begin;
}

void AddressFinder::find_from_postcode(std::size_t index) {
  const Postcode postcode = read_postcode(scan_, index);
  if (postcode.form == PostcodeForm::kNone) return;
  if (scan_.joined(index) && !scan_.is_mark(index - 1, ',') && !scan_.is_mark(index - 1, '-'))
    return;
  std::size_t place = postcode.end;
  if (scan_.is_mark(place, ',')) ++place;
  std::size_t end = read_place(scan_, place);
  if (end == place) end = postcode.end;
  bool street = false;
  const std::size_t begin = walk_back(index, &street);
  const bool opened = begin < index;
  const bool city = scan_.has(place, kWordCity) && end > place;
  const bool marked = postcode.form == PostcodeForm::kMarked;
  if (marked && (opened || end > postcode.end || scan_.is_word(index))) {
    scan_.add_tokens(EntityKind::kAddress, opened ? Certainty::kNear : Certainty::kWeak, begin,
                     end);
  } else if (!marked && ((street && opened) || city)) {
    scan_.add_tokens(EntityKind::kAddress, opened ? Certainty::kNear : Certainty::kWeak,
                     street ? begin : index, end);
  }
}

// PSC 1234, Box 5678, APO AP 96201: post of the US forces; `index` is APO, FPO or DPO.
void AddressFinder::find_military(std::size_t index) {
  const std::string_view word = scan_.view(index);
  if (word != "APO" && word != "FPO" && word != "DPO") return;
  const Postcode postcode = read_postcode(scan_, index + 1);
  if (postcode.form != PostcodeForm::kMarked) return;
  std::size_t first = index;
  std::size_t lines = 0;
  while (first > 0 && index - first < 8) {
    if (scan_.token(first).gap == Gap::kLine && ++lines > 1) break;
    const bool part =
        scan_.is_digits(first - 1) || scan_.is_mark(first - 1, ',') || scan_.is_capital(first - 1);
    if (!part) break;
    --first;
  }
  scan_.add_tokens(EntityKind::kAddress, Certainty::kNear, first, postcode.end);
}

// P.O. Box 123, Postfach 1234
void AddressFinder::find_box(std::size_t index) {
  const char first_letter = scan_.view(index)[0];
  if (first_letter != 'B' && first_letter != 'P') return;
  const std::string word = bare_capitals(scan_.view(index));
  const bool box = word == "BOX" && index >= 2 &&
                   (scan_.is_mark(index - 1, '.') || bare_capitals(scan_.view(index - 1)) == "PO");
  if (!box && word != "POSTFACH" && word != "POSTBUS" && word != "POBOX") return;
  if (!scan_.is_digits(index + 1)) return;
  std::size_t first = index;
  while (box && first > 0 && index - first < 4 &&
         (scan_.is_mark(first - 1, '.') || scan_.length(first - 1) <= 2)) {
    --first;
  }
  scan_.add_tokens(EntityKind::kAddress, Certainty::kNear, first, index + 2);
}

void AddressFinder::run() {
  for (std::size_t i = 0; i < scan_.count(); ++i) {
    const ScanToken& token = scan_.token(i);
    if (token.type == TokenType::kMark) continue;
    if (token.type == TokenType::kDigits) {
      find_number_first(i);
    } else {
      if (token.letter_case == LetterCase::kUpper) find_military(i);
      if (token.letter_case != LetterCase::kLower) {
        find_number_last(i);
        find_box(i);
      }
      find_street_before(i);
    }
    if (token.type == TokenType::kDigits || token.letter_case == LetterCase::kUpper) {
      find_from_postcode(i);
    }
  }
}

}  // namespace

void detect_addresses(Scan& scan) { AddressFinder(scan).run(); }

}  // namespace hearth

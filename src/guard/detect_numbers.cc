// SPDX-License-Identifier: Apache-2.0
// Numbers with check digits, and the US social security number, which has none. What its check
// digits do not make certain enough, a word nearby does.
#include <algorithm>

#include "guard/checksums.h"
#include "guard/detectors.h"
#include "guard/digit_groups.h"

namespace hearth {
namespace {

constexpr std::size_t kBehind = 6;  // tokens behind a number in which a word may say what it is

class NumberFinder {
 public:
  explicit NumberFinder(Scan& scan) : scan_(scan) {}

  void run();

 private:
  WordTraits near(const DigitGroups& groups, std::size_t end) const {
    return scan_.all_near(groups.groups[0].token, end, kNearAnyNumber, 8, kBehind);
  }
  void add(EntityKind kind, Certainty certainty, const DigitGroups& groups) {
    scan_.add_tokens(kind, certainty, groups.groups[0].token, groups.end_token());
  }
  bool is_bounded(const DigitGroups& groups) const;
  void find_card(const DigitGroups& groups, bool at_start);
  bool try_card(const DigitGroups& groups, std::size_t amount);
  void find_in_groups(const DigitGroups& groups);
  void find_nine(const DigitGroups& groups, const std::string& digits, WordTraits word);
  void find_ten(const DigitGroups& groups, const std::string& digits, WordTraits word);
  void find_eleven(const DigitGroups& groups, const std::string& digits, WordTraits word);
  void find_twelve(const DigitGroups& groups, const std::string& digits, WordTraits word);
  void find_iban(std::size_t index);
  void find_in_run(std::size_t begin, std::size_t end);
  void find_spaced_insurance_number(std::size_t index);

  Scan& scan_;
};

// Certainty of check digits that agree: more with the right word nearby, less with a wrong one.
Certainty checked(WordTraits word, WordTraits right) {
  if ((word & right) != 0) return Certainty::kCheckedNear;
  return word == 0 ? Certainty::kChecked : Certainty::kWeak;
}

// Whether the words nearby allow that a number is the one of `which`: they name it, or none.
bool means(WordTraits word, WordTraits which) {
  return (word & kNearOneNationalId) == 0 || (word & which) != 0;
}

void NumberFinder::run() {
  const std::size_t count = scan_.count();
  std::size_t run_end = 0;  // of the letters and digits that stand together
  for (std::size_t i = 0; i < count; ++i) {
    if (scan_.token(i).type == TokenType::kMark) continue;
    if (i >= run_end) {
      run_end = i + 1;
      while (run_end < count && scan_.joined(run_end) &&
             scan_.token(run_end).type != TokenType::kMark) {
        ++run_end;
      }
      find_in_run(i, run_end);
      find_iban(i);
      find_spaced_insurance_number(i);
    }
    if (!scan_.is_digits(i)) continue;
    const DigitGroups groups = read_groups(scan_, i);
    const bool at_start = separator_before(scan_, i) == '\0';
    find_card(groups, at_start);
    if (at_start && is_bounded(groups)) find_in_groups(groups);
  }
}

// Whether no letter is joined to the digits on either side.
bool NumberFinder::is_bounded(const DigitGroups& groups) const {
  const std::size_t first = groups.groups[0].token;
  const std::size_t last = groups.end_token();
  const bool before = first > 0 && scan_.joined(first) && scan_.is_word(first - 1);
  return !before && !(scan_.joined(last) && scan_.is_word(last));
}

bool NumberFinder::try_card(const DigitGroups& groups, std::size_t amount) {
  const std::string digits = groups.text(scan_, 0, amount);
  if (!luhn_holds(digits) || digits.find_first_not_of(digits[0]) == std::string::npos) return false;
  const std::size_t last = groups.groups[amount - 1].token + 1;
  const WordTraits word = near(groups, last);
  const bool range = is_card_range(digits);
  if (!range && ((word & kNearCard) == 0 || digits.size() < 15)) return false;
  const bool aadhaar = digits.size() == 12 && (word & kNearAadhaar) != 0;
  scan_.add_tokens(EntityKind::kCard,
                   aadhaar ? Certainty::kWeak : checked(word, kNearCard | kNearIban),
                   groups.groups[0].token, last);
  return true;
}

// A card may stand between other numbers, as its date of expiry behind it. Of several readings the
// longest that is grouped as cards are is taken, so that a wrong number is none and has no right
// one inside.
void NumberFinder::find_card(const DigitGroups& groups, bool at_start) {
  const std::size_t first = groups.groups[0].length;
  if (first >= 12) {
    if (first <= 19) try_card(groups, 1);
    return;
  }
  if (first == 4 && groups.count >= 3) {
    std::size_t fours = 1;
    while (fours < std::min<std::size_t>(groups.count, 4) && groups.groups[fours].length == 4) {
      ++fours;
    }
    const bool tail = fours == 4 && groups.count > 4 && groups.groups[4].length == 3;
    if (tail && try_card(groups, 5)) return;
    if (fours == 4 && try_card(groups, 4)) return;
    if (fours == 3 && at_start && groups.count == 3 && try_card(groups, 3)) return;
    const bool amex = groups.groups[1].length == 6 &&
                      (groups.groups[2].length == 5 || groups.groups[2].length == 4);
    if (amex && try_card(groups, 3)) return;
    if (fours == 4 || amex) return;
  }
  if (at_start && groups.digits >= 12 && groups.digits <= 19) try_card(groups, groups.count);
}

void NumberFinder::find_in_groups(const DigitGroups& groups) {
  // Dates and prices are no numbers of people: the groups must be of one separator.
  for (std::size_t i = 2; i < groups.count; ++i) {
    const bool mixed = groups.groups[i].separator != groups.groups[1].separator;
    const bool cpf = groups.shaped({3, 3, 3, 2}) && i == 3;
    if (mixed && !cpf) return;
  }
  const std::string digits = groups.text(scan_);
  const WordTraits word = near(groups, groups.end_token());
  switch (digits.size()) {
    case 9:
      return find_nine(groups, digits, word);
    case 10:
      return find_ten(groups, digits, word);
    case 11:
      return find_eleven(groups, digits, word);
    case 12:
      return find_twelve(groups, digits, word);
    case 15:
      if (nir_holds(digits)) {
        add(EntityKind::kNationalId, checked(word, kNearNationalId | kNearSocialSecurity), groups);
      }
      return;
    default:
      return;
  }
}

void NumberFinder::find_nine(const DigitGroups& groups, const std::string& digits,
                             WordTraits word) {
  if (groups.shaped({3, 2, 4}) && social_security_possible(digits)) {
    const bool dashed = groups.groups[1].separator == '-';
    const bool named = (word & kNearSocialSecurity) != 0;
    add(EntityKind::kSocialSecurity,
        named ? Certainty::kNear : (dashed ? Certainty::kLikely : Certainty::kWeak), groups);
  } else if ((word & kNearSocialSecurity) != 0 && social_security_possible(digits)) {
    add(EntityKind::kSocialSecurity, Certainty::kNear, groups);
  }
  if (routing_number_holds(digits) && groups.count == 1) {
    const bool named = (word & kNearRouting) != 0;
    add(EntityKind::kRoutingNumber, named ? Certainty::kCheckedNear : Certainty::kWeak, groups);
  }
  if (means(word, kNearBsn) && (word & kNearNationalId) != 0 && bsn_holds(digits)) {
    add(EntityKind::kNationalId, Certainty::kCheckedNear, groups);
  }
}

void NumberFinder::find_ten(const DigitGroups& groups, const std::string& digits, WordTraits word) {
  const bool shape = groups.count == 1 || groups.shaped({3, 3, 4});
  if (shape && nhs_number_holds(digits)) {
    const bool dashed = groups.count > 1 && groups.groups[1].separator != ' ';
    const Certainty certainty = checked(word, kNearNhs);
    add(EntityKind::kNhsNumber,
        dashed && certainty == Certainty::kChecked ? Certainty::kWeak : certainty, groups);
  }
  if (!personnummer_holds(digits)) return;
  if (groups.shaped({6, 4}) && groups.groups[1].separator == '-') {
    add(EntityKind::kNationalId, Certainty::kChecked, groups);
  } else if (groups.count == 1 && (word & kNearNationalId) != 0) {
    add(EntityKind::kNationalId, Certainty::kCheckedNear, groups);
  }
}

void NumberFinder::find_eleven(const DigitGroups& groups, const std::string& digits,
                               WordTraits word) {
  const bool cpf_shape = groups.count == 1 || groups.shaped({3, 3, 3, 2});
  const bool cpf = cpf_shape && means(word, kNearCpf) && cpf_holds(digits);
  const bool pesel = groups.count == 1 && means(word, kNearPesel) && pesel_holds(digits);
  if (cpf || pesel) {
    add(EntityKind::kNationalId, checked(word, kNearNationalId), groups);
  } else if ((word & kNearGermanTax) != 0 && german_tax_id_holds(digits)) {
    add(EntityKind::kNationalId, Certainty::kCheckedNear, groups);
  }
}

void NumberFinder::find_twelve(const DigitGroups& groups, const std::string& digits,
                               WordTraits word) {
  const bool shape = groups.count == 1 || groups.shaped({4, 4, 4});
  if (shape && aadhaar_holds(digits)) {
    add(EntityKind::kAadhaar, checked(word, kNearAadhaar), groups);
  }
  if (personnummer_holds(digits) && (groups.shaped({8, 4}) || groups.count == 1)) {
    add(EntityKind::kNationalId, checked(word, kNearNationalId), groups);
  }
}

// Letters and digits from `begin` on as capitals, over single spaces and dashes; `end`: behind
// them.
std::string gather(const Scan& scan, std::size_t begin, std::size_t count, std::size_t& end) {
  std::string out;
  std::size_t at = begin;
  while (out.size() < count) {
    const char c = scan.byte(at);
    if (is_ascii_digit(c) || is_ascii_letter(c)) {
      out += is_ascii_letter(c) ? static_cast<char>(c & ~0x20) : c;
      end = ++at;
      continue;
    }
    const bool gap = (c == ' ' || c == '-' || c == '.') && !out.empty();
    if (!gap || !is_word_byte(scan.byte(at + 1))) break;
    ++at;
  }
  return out;
}

void NumberFinder::find_iban(std::size_t index) {
  // DE89 3704 ...; also where the first two letters stand apart.
  if (!scan_.is_word(index) || scan_.length(index) != 2 || !scan_.is_digits(index + 1)) return;
  if (scan_.token(index + 1).gap == Gap::kLine) return;
  const std::size_t length = iban_length(bare_capitals(scan_.view(index)));
  if (length == 0) return;
  std::size_t end = 0;
  const std::string iban = gather(scan_, scan_.token(index).begin, length, end);
  if (iban.size() != length || is_word_byte(scan_.byte(end)) || !iban_holds(iban)) return;
  scan_.add(EntityKind::kIban, Certainty::kCertain, scan_.token(index).begin, end);
}

// Letters and digits that stand together, of a length that is a number of its own.
void NumberFinder::find_in_run(std::size_t first, std::size_t last) {
  const std::size_t begin = scan_.token(first).begin;
  const std::size_t end = scan_.token(last - 1).end;
  if (end - begin < 8 || end - begin > 17 || (last - first == 1 && scan_.is_word(first))) return;
  const std::string run = bare_capitals(scan_.text().substr(begin, end - begin));
  if (run.size() != end - begin) return;  // letters beyond ASCII
  if (vin_holds(run)) scan_.add(EntityKind::kVehicle, Certainty::kCheckedNear, begin, end);
  const bool person = codice_fiscale_holds(run) || dni_holds(run) || insurance_number_possible(run);
  if (person) scan_.add(EntityKind::kNationalId, Certainty::kCheckedNear, begin, end);
  // 12345678-Z
  if (run.size() == 8 && scan_.is_mark(last, '-') && scan_.joined(last) && scan_.joined(last + 1) &&
      scan_.is_word(last + 1) && dni_holds(run + bare_capitals(scan_.view(last + 1)))) {
    scan_.add_tokens(EntityKind::kNationalId, Certainty::kChecked, first, last + 2);
  }
}

// QQ 12 34 56 C
void NumberFinder::find_spaced_insurance_number(std::size_t index) {
  if (!scan_.is_word(index) || scan_.length(index) != 2 || !scan_.is_digits(index + 1)) return;
  if (scan_.token(index + 1).gap != Gap::kSpace || scan_.length(index + 1) != 2) return;
  std::size_t end = 0;
  const std::string text = gather(scan_, scan_.token(index).begin, 9, end);
  if (is_word_byte(scan_.byte(end)) || !insurance_number_possible(text)) return;
  scan_.add(EntityKind::kNationalId, Certainty::kNear, scan_.token(index).begin, end);
}

}  // namespace

void detect_checked_numbers(Scan& scan) { NumberFinder(scan).run(); }

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "guard/checksums.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>

namespace hearth {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
int digit(char c) { return c - '0'; }

bool all_digits(std::string_view text, std::size_t count) {
  return text.size() == count && std::all_of(text.begin(), text.end(), is_digit);
}

// The number that the first `count` digits write.
int64_t number_of(std::string_view digits, std::size_t count) {
  int64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value * 10 + digit(digits[i]);
  return value;
}

int weighted_sum(std::string_view digits, std::initializer_list<int> weights) {
  int sum = 0;
  const char* next = digits.data();
  for (const int weight : weights) sum += weight * digit(*next++);
  return sum;
}

bool is_date(int month, int day) { return month >= 1 && month <= 12 && day >= 1 && day <= 31; }

struct CardRange {
  int low;  // of the first four digits
  int high;
  std::size_t shortest;  // digits
  std::size_t longest;
};

constexpr CardRange kCardRanges[] = {
    {4000, 4999, 13, 19},  // Visa
    {5100, 5599, 16, 16},  // Mastercard
    {2221, 2720, 16, 16},  // Mastercard
    {3400, 3499, 15, 15},  // American Express
    {3700, 3799, 15, 15},  // American Express
    {6011, 6011, 16, 19},  // Discover
    {6440, 6599, 16, 19},  // Discover
    {6200, 6299, 16, 19},  // UnionPay
    {8100, 8171, 16, 19},  // UnionPay
    {3000, 3059, 14, 19},  // Diners Club
    {3095, 3095, 14, 19},  // Diners Club
    {3600, 3699, 14, 19},  // Diners Club
    {3800, 3999, 14, 19},  // Diners Club
    {3500, 3599, 16, 19},  // JCB, and test numbers around its range
    {1800, 1800, 15, 15},  // JCB
    {2131, 2131, 15, 15},  // JCB
    {2200, 2204, 16, 19},  // Mir
    {5000, 5099, 12, 19},  // Maestro
    {5600, 5899, 12, 19},  // Maestro
    {6000, 6099, 12, 19},  // Maestro, RuPay
    {6300, 6399, 12, 19},  // Maestro, Elo
    {6700, 6799, 12, 19},  // Maestro
    {604, 604, 12, 19},    // Maestro
    {9792, 9792, 16, 16},  // Troy
};

struct IbanCountry {
  char country[3];
  uint8_t length;
};

// The registry of SWIFT, release 2024.
constexpr IbanCountry kIbanCountries[] = {
    {"AD", 24}, {"AE", 23}, {"AL", 28}, {"AT", 20}, {"AZ", 28}, {"BA", 20}, {"BE", 16}, {"BG", 22},
    {"BH", 22}, {"BI", 27}, {"BR", 29}, {"BY", 28}, {"CH", 21}, {"CR", 22}, {"CY", 28}, {"CZ", 24},
    {"DE", 22}, {"DJ", 27}, {"DK", 18}, {"DO", 28}, {"EE", 20}, {"EG", 29}, {"ES", 24}, {"FI", 18},
    {"FK", 18}, {"FO", 18}, {"FR", 27}, {"GB", 22}, {"GE", 22}, {"GI", 23}, {"GL", 18}, {"GR", 27},
    {"GT", 28}, {"HR", 21}, {"HU", 28}, {"IE", 22}, {"IL", 23}, {"IQ", 23}, {"IS", 26}, {"IT", 27},
    {"JO", 30}, {"KW", 30}, {"KZ", 20}, {"LB", 28}, {"LC", 32}, {"LI", 21}, {"LT", 20}, {"LU", 20},
    {"LV", 21}, {"LY", 25}, {"MC", 27}, {"MD", 24}, {"ME", 22}, {"MK", 19}, {"MN", 20}, {"MR", 27},
    {"MT", 31}, {"MU", 30}, {"NI", 28}, {"NL", 18}, {"NO", 15}, {"OM", 23}, {"PK", 24}, {"PL", 28},
    {"PS", 29}, {"PT", 25}, {"QA", 29}, {"RO", 24}, {"RS", 22}, {"RU", 33}, {"SA", 24}, {"SC", 31},
    {"SD", 18}, {"SE", 24}, {"SI", 19}, {"SK", 24}, {"SM", 27}, {"SO", 23}, {"ST", 25}, {"SV", 28},
    {"TL", 23}, {"TN", 24}, {"TR", 26}, {"UA", 29}, {"VA", 22}, {"VG", 24}, {"XK", 20}, {"YE", 30},
};

// Verhoeff: the dihedral group D5, and the permutation by place.
constexpr uint8_t kDihedral[10][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 2, 3, 4, 0, 6, 7, 8, 9, 5}, {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
    {3, 4, 0, 1, 2, 8, 9, 5, 6, 7}, {4, 0, 1, 2, 3, 9, 5, 6, 7, 8}, {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
    {6, 5, 9, 8, 7, 1, 0, 4, 3, 2}, {7, 6, 5, 9, 8, 2, 1, 0, 4, 3}, {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
    {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}};
constexpr uint8_t kPermutation[8][10] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {1, 5, 7, 6, 2, 8, 3, 0, 9, 4}, {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
    {8, 9, 1, 6, 0, 4, 3, 5, 2, 7}, {9, 4, 5, 3, 1, 2, 6, 8, 7, 0}, {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
    {2, 7, 9, 3, 8, 0, 6, 4, 1, 5}, {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}};

// What a character of a VIN counts; -1 for those that VINs do not have.
int vin_value(char c) {
  if (is_digit(c)) return digit(c);
  constexpr std::string_view kLetters = "ABCDEFGH..JKLMN.P.R..STUVWXYZ";
  constexpr std::string_view kValues = "12345678..12345.7.9..23456789";
  const auto at = kLetters.find(c);
  return at == std::string_view::npos || c == '.' ? -1 : digit(kValues[at]);
}

// Values of the characters in odd places of a codice fiscale, by 0-9 and A-Z.
constexpr int kFiscaleOdd[36] = {1,  0, 5, 7,  9,  13, 15, 17, 19, 21, 1,  0,
                                 5,  7, 9, 13, 15, 17, 19, 21, 2,  4,  18, 20,
                                 11, 3, 6, 8,  12, 14, 16, 10, 22, 25, 24, 23};

}  // namespace

bool luhn_holds(std::string_view digits) {
  int sum = 0;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    const char c = digits[digits.size() - 1 - i];
    if (!is_digit(c)) return false;
    const int value = digit(c) * (i % 2 == 0 ? 1 : 2);
    sum += value > 9 ? value - 9 : value;
  }
  return !digits.empty() && sum % 10 == 0;
}

bool is_card_range(std::string_view digits) {
  if (digits.size() < 12 || digits.size() > 19) return false;
  const int64_t first = number_of(digits, 4);
  return std::any_of(std::begin(kCardRanges), std::end(kCardRanges), [&](const CardRange& range) {
    return first >= range.low && first <= range.high && digits.size() >= range.shortest &&
           digits.size() <= range.longest;
  });
}

std::size_t iban_length(std::string_view country) {
  for (const IbanCountry& row : kIbanCountries) {
    if (country == std::string_view(row.country, 2)) return row.length;
  }
  return 0;
}

bool iban_holds(std::string_view iban) {
  if (iban.size() < 15 || iban_length(iban.substr(0, 2)) != iban.size()) return false;
  uint32_t remainder = 0;
  for (std::size_t i = 0; i < iban.size(); ++i) {
    const char c = iban[(i + 4) % iban.size()];
    if (is_digit(c)) {
      remainder = (remainder * 10 + static_cast<uint32_t>(digit(c))) % 97;
    } else if (is_capital(c)) {
      remainder = (remainder * 100 + static_cast<uint32_t>(c - 'A' + 10)) % 97;
    } else {
      return false;
    }
  }
  return remainder == 1;
}

bool routing_number_holds(std::string_view digits) {
  if (!all_digits(digits, 9)) return false;
  const int64_t first = number_of(digits, 2);
  const bool range =
      first <= 12 || (first >= 21 && first <= 32) || (first >= 61 && first <= 72) || first == 80;
  const int sum = weighted_sum(digits, {3, 7, 1, 3, 7, 1, 3, 7, 1});
  return range && sum != 0 && sum % 10 == 0;
}

bool nhs_number_holds(std::string_view digits) {
  if (!all_digits(digits, 10)) return false;
  const int check = (11 - weighted_sum(digits, {10, 9, 8, 7, 6, 5, 4, 3, 2}) % 11) % 11;
  return check == digit(digits[9]) && number_of(digits, 10) != 0;
}

bool aadhaar_holds(std::string_view digits) {
  if (!all_digits(digits, 12) || digits[0] < '2') return false;
  int state = 0;
  for (std::size_t i = 0; i < 12; ++i) {
    state = kDihedral[state][kPermutation[i % 8][digit(digits[11 - i])]];
  }
  return state == 0;
}

bool vin_holds(std::string_view vin) {
  constexpr int kWeights[17] = {8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2};
  if (vin.size() != 17) return false;
  int sum = 0;
  int letters = 0;
  for (std::size_t i = 0; i < 17; ++i) {
    const int value = vin_value(vin[i]);
    if (value < 0) return false;
    letters += is_digit(vin[i]) ? 0 : 1;
    sum += value * kWeights[i];
  }
  const char check = sum % 11 == 10 ? 'X' : static_cast<char>('0' + sum % 11);
  return letters > 0 && letters < 17 && vin[8] == check;
}

bool social_security_possible(std::string_view digits) {
  if (!all_digits(digits, 9)) return false;
  const int64_t area = number_of(digits, 3);
  return area != 0 && area != 666 && area < 900 && digits.substr(3, 2) != "00" &&
         digits.substr(5) != "0000";
}

bool dni_holds(std::string_view text) {
  if (text.size() != 9 || !is_capital(text[8])) return false;
  std::array<char, 8> digits{};
  std::copy_n(text.begin(), 8, digits.begin());
  if (digits[0] >= 'X' && digits[0] <= 'Z') digits[0] = static_cast<char>(digits[0] - 'X' + '0');
  const std::string_view number(digits.data(), digits.size());
  if (!all_digits(number, 8)) return false;
  return text[8] == "TRWAGMYFPDXBNJZSQVHLCKE"[number_of(number, 8) % 23];
}

bool codice_fiscale_holds(std::string_view text) {
  constexpr std::string_view kShape = "AAAAAA##A##A###A";  // digits may be written as letters
  if (text.size() != 16) return false;
  int sum = 0;
  for (std::size_t i = 0; i < 16; ++i) {
    const bool letter = is_capital(text[i]);
    const bool as_digit =
        is_digit(text[i]) || std::string_view("LMNPQRSTUV").find(text[i]) != std::string_view::npos;
    if (kShape[i] == 'A' ? !letter : !as_digit) return false;
    if (i == 15) break;
    const int index = letter ? text[i] - 'A' + 10 : digit(text[i]);
    sum += i % 2 == 0 ? kFiscaleOdd[index] : (letter ? text[i] - 'A' : digit(text[i]));
  }
  return text[15] == 'A' + sum % 26;
}

bool nir_holds(std::string_view digits) {
  if (!all_digits(digits, 15) || digits[0] < '1' || digits[0] > '4') return false;
  return number_of(digits, 15) % 100 == 97 - number_of(digits, 13) % 97;
}

bool bsn_holds(std::string_view digits) {
  if (!all_digits(digits, 9) || number_of(digits, 9) == 0) return false;
  return weighted_sum(digits, {9, 8, 7, 6, 5, 4, 3, 2, -1}) % 11 == 0;
}

bool pesel_holds(std::string_view digits) {
  if (!all_digits(digits, 11)) return false;
  const int month = static_cast<int>(number_of(digits.substr(2), 2)) % 20;
  if (!is_date(month, static_cast<int>(number_of(digits.substr(4), 2)))) return false;
  return (10 - weighted_sum(digits, {1, 3, 7, 9, 1, 3, 7, 9, 1, 3}) % 10) % 10 == digit(digits[10]);
}

bool cpf_holds(std::string_view digits) {
  if (!all_digits(digits, 11)) return false;
  if (digits.find_first_not_of(digits[0]) == std::string_view::npos) return false;
  const int first = weighted_sum(digits, {10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  const int second = weighted_sum(digits, {11, 10, 9, 8, 7, 6, 5, 4, 3, 2}) * 10 % 11 % 10;
  return first == digit(digits[9]) && second == digit(digits[10]);
}

bool personnummer_holds(std::string_view digits) {
  if (digits.size() == 12 && (digits.starts_with("19") || digits.starts_with("20"))) {
    digits.remove_prefix(2);
  }
  if (!all_digits(digits, 10)) return false;
  const int day = static_cast<int>(number_of(digits.substr(4), 2));
  const int month = static_cast<int>(number_of(digits.substr(2), 2));
  return is_date(month, day > 60 ? day - 60 : day) && luhn_holds(digits);
}

bool german_tax_id_holds(std::string_view digits) {
  if (!all_digits(digits, 11) || digits[0] == '0') return false;
  int product = 10;
  for (std::size_t i = 0; i < 10; ++i) {
    const int sum = (digit(digits[i]) + product) % 10;
    product = (sum == 0 ? 10 : sum) * 2 % 11;
  }
  return (11 - product) % 10 == digit(digits[10]);
}

bool insurance_number_possible(std::string_view text) {
  if (text.size() != 9 || !all_digits(text.substr(2, 6), 6)) return false;
  constexpr std::string_view kFirst = "ABCEGHJKLMNOPRSTWXYZ";
  constexpr std::string_view kSecond = "ABCEGHJKLMNPRSTWXYZ";
  const std::string_view prefix = text.substr(0, 2);
  for (const std::string_view none : {"BG", "GB", "NK", "KN", "TN", "NT", "ZZ"}) {
    if (prefix == none) return false;
  }
  return kFirst.find(text[0]) != std::string_view::npos &&
         kSecond.find(text[1]) != std::string_view::npos && text[8] >= 'A' && text[8] <= 'D';
}

}  // namespace hearth

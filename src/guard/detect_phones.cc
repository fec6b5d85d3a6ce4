// SPDX-License-Identifier: Apache-2.0
// Telephone numbers: international form, the national forms of the ten locales, and any digits
// that a word nearby calls a number to ring.
#include <algorithm>

#include "guard/detectors.h"
#include "guard/digit_groups.h"

namespace hearth {
namespace {

constexpr std::size_t kDigitsMax = 18;  // E.164 has 15, and prefixes such as 00 stand before them
constexpr std::size_t kGroupsOfPhoneMax = 9;

// What was read of a number: its digits, how they are grouped, and marks between.
struct PhoneText {
  std::string digits;
  std::string lengths;  // a character for each group: '3'; '9' for nine and more
  std::size_t end = 0;  // token behind
  bool plus = false;
  bool brackets = false;
  bool slash = false;
  bool dots = false;
  bool spaced = false;  // by spaces or dashes
};

bool is_separator(char c) { return c == '-' || c == '.' || c == '/'; }

class PhoneReader {
 public:
  explicit PhoneReader(const Scan& scan) : scan_(scan) {}

  // The number that begins at `index`: +, ( or digits.
  PhoneText read(std::size_t index) {
    at_ = index;
    if (scan_.is_mark(at_, '+')) {
      out_.plus = true;
      ++at_;
    }
    while (at_ < scan_.count() && out_.lengths.size() < kGroupsOfPhoneMax && step()) {
    }
    read_extension();
    return out_;
  }

 private:
  bool step();
  void read_extension();
  bool on_line(std::size_t index) const {
    return index < scan_.count() && (out_.digits.empty() || scan_.token(index).gap != Gap::kLine);
  }

  const Scan& scan_;
  PhoneText out_;
  std::size_t at_ = 0;
};

// Takes the next group with what stands before it; false where the number ends.
bool PhoneReader::step() {
  std::size_t next = at_;
  if (!on_line(next)) return false;
  char separator = '\0';
  if (!out_.digits.empty() && scan_.token(next).type == TokenType::kMark) {
    const char c = scan_.text()[scan_.token(next).begin];
    const bool dot = c == '.' && (scan_.token(next).gap != Gap::kNone || !scan_.joined(next + 1));
    if (is_separator(c) && !dot) {
      separator = c;
      ++next;
      if (!on_line(next)) return false;
    }
  }
  const bool bracket = scan_.is_mark(next, '(');
  if (bracket) ++next;
  if (!scan_.is_digits(next) || !on_line(next)) return false;
  if (out_.digits.size() + scan_.length(next) > kDigitsMax) return false;
  if (bracket && (!scan_.is_mark(next + 1, ')') || scan_.length(next) > 5)) return false;
  const bool spaced =
      !out_.digits.empty() && separator == '\0' && !bracket && scan_.token(next).gap == Gap::kSpace;
  out_.spaced |= spaced || separator == '-';
  out_.slash |= separator == '/';
  out_.dots |= separator == '.';
  out_.brackets |= bracket;
  out_.digits += scan_.view(next);
  out_.lengths += static_cast<char>('0' + std::min<std::size_t>(scan_.length(next), 9));
  at_ = next + (bracket ? 2 : 1);
  out_.end = at_;
  return true;
}

// x123, ext. 123
void PhoneReader::read_extension() {
  if (!scan_.is_word(at_) || !on_line(at_)) return;
  const std::string word = bare_capitals(scan_.view(at_));
  if (word != "X" && word != "EXT" && word != "DW") return;
  std::size_t next = at_ + 1;
  if (scan_.is_mark(next, '.')) ++next;
  if (scan_.is_digits(next) && on_line(next) && scan_.length(next) <= 6) out_.end = next + 1;
}

bool is_north_american(std::string_view digits) {
  if (digits.starts_with("001")) digits.remove_prefix(3);
  if (digits.size() == 11 && digits[0] == '1') digits.remove_prefix(1);
  return digits.size() == 10 && digits[0] >= '2' && digits[3] >= '2';
}

// How the ten locales write a number within the country, by the lengths of its groups.
bool has_national_shape(const PhoneText& phone) {
  struct Shape {
    std::string_view first;    // what the number may begin with
    std::string_view lengths;  // of groups, with spaces between
  };
  static constexpr Shape kShapes[] = {
      {"0",
       "22222 343 334 433 434 4222 3222 42222 5222 55 56 46 47 37 38 36 45 54 64 324 2344 344 253"},
      {"0",
       "36 2222 3322 4322 26 27 28 29 244 243 234 235 245 335 345 443 344 523 524 525 4223 3323"},
      {"6789", "333 3222 33 2322 54 45 63 36 1222 12222"},  // Spain, Poland
      {"12345678", "333 2322 2322 3222"},                   // Poland
      {"3", "37 334 3322 343 325 36"},                      // Italy's mobiles
      {"123456789", "254 244 2144"},                        // Brazil: area code first
  };
  for (const Shape& shape : kShapes) {
    if (shape.first.find(phone.digits[0]) == std::string_view::npos) continue;
    for (std::size_t at = 0; at < shape.lengths.size();) {
      std::size_t end = std::min(shape.lengths.find(' ', at), shape.lengths.size());
      if (shape.lengths.substr(at, end - at) == phone.lengths) return true;
      at = end + 1;
    }
  }
  return false;
}

bool is_date_like(const PhoneText& phone) {
  const auto& lengths = phone.lengths;
  if (phone.plus || phone.brackets) return false;
  return lengths == "224" || lengths == "422" || lengths == "114" || lengths == "124" ||
         lengths == "214" || lengths == "222" || lengths == "411" || lengths == "412" ||
         lengths == "421";
}

// The certainty with which the text is a telephone number, by its form and the nearest word.
std::optional<Certainty> judge(const PhoneText& phone, WordTraits word) {
  const std::size_t count = phone.digits.size();
  const bool named = (word & kNearPhone) != 0;
  const bool otherwise = word != 0 && !named;
  if (count < 6 || count > kDigitsMax || (is_date_like(phone) && !named)) return std::nullopt;
  if (phone.plus && count >= 7 && count <= 15 + 2) {
    return phone.digits[0] == '0' ? Certainty::kWeak : Certainty::kCheckedNear;
  }
  if (named && count <= 15) return Certainty::kNear;
  if (otherwise) return std::nullopt;
  const bool grouped = phone.lengths.size() > 1;
  if (phone.digits.starts_with("00") && count >= 11 && grouped) return Certainty::kLikely;
  if (is_north_american(phone.digits)) {
    const bool shaped = phone.lengths == "334" || phone.lengths == "1334" ||
                        phone.lengths == "3334" || phone.lengths == "37";
    if (shaped && grouped) return Certainty::kLikely;
    if (!grouped && count == 10) return Certainty::kGuess;
  }
  if (phone.brackets && count >= 8 && count <= 13) return Certainty::kLikely;
  if (phone.slash && phone.digits[0] == '0' && count >= 8 && count <= 13) return Certainty::kWeak;
  if (!grouped) {
    return phone.digits[0] == '0' && (count == 10 || count == 11) ? std::optional(Certainty::kGuess)
                                                                  : std::nullopt;
  }
  if (count >= 8 && count <= 13 && has_national_shape(phone)) return Certainty::kWeak;
  return std::nullopt;
}

}  // namespace

void detect_phones(Scan& scan) {
  for (std::size_t i = 0; i < scan.count(); ++i) {
    const bool plus = scan.is_mark(i, '+') && scan.joined(i + 1);
    const bool bracket = scan.is_mark(i, '(') && scan.is_digits(i + 1);
    if (!plus && !bracket && !scan.is_digits(i)) continue;
    if (scan.joined(i)) {  // part of something longer: a word, a decimal, a path
      const ScanToken& before = scan.token(i - 1);
      const char mark = scan.text()[before.begin];
      const bool opens = before.type == TokenType::kMark &&
                         std::string_view(":=([{\"'<>,;*|").find(mark) != std::string_view::npos;
      if (!opens) continue;
    }
    if (!plus && !bracket && separator_before(scan, i) != '\0') continue;
    const PhoneText phone = PhoneReader(scan).read(i);
    if (phone.end == 0) continue;
    const bool tail =
        scan.joined(phone.end) && (scan.is_word(phone.end) || scan.is_digits(phone.end + 1));
    const WordTraits word = scan.near(i, phone.end, kNearAnyNumber | kNearBirth, 6, 3);
    const auto certainty = judge(phone, word);
    if (certainty && !tail) scan.add_tokens(EntityKind::kPhone, *certainty, i, phone.end);
    // On behind what was read, so that each token is read once.
    if (certainty) i = phone.end - 1;
  }
}

}  // namespace hearth

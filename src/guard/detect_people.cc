// SPDX-License-Identifier: Apache-2.0
// Names of people: stretches of words with capitals, by the lists of names, by titles and greetings
// and labels before them, and where no word is an ordinary one, by their form alone.
#include <algorithm>

#include "guard/detectors.h"

namespace hearth {
namespace {

constexpr std::size_t kNameTokensMax = 14;

// A stretch that may be a name: tokens [first, end).
struct Name {
  std::size_t first = 0;
  std::size_t end = 0;
  std::size_t words = 0;  // without particles and initials
  std::size_t given = 0;  // of the lists
  std::size_t family = 0;
  std::size_t common = 0;  // ordinary words
  std::size_t unsure = 0;  // of the lists, and ordinary words
  std::size_t upper = 0;   // all in capitals
  std::size_t initials = 0;
  bool joint = false;  // by "-" or "'" inside
};

constexpr WordTraits kNoName = kWordTitle | kWordCompany | kWordStreetBehind | kWordMonth |
                               kWordUnit | kWordNameLabel | kWordGreeting | kWordCountry;
constexpr WordTraits kNameLists = kWordGiven | kWordFamily;

class PersonFinder {
 public:
  explicit PersonFinder(Scan& scan) : scan_(scan) {}
  void run();

 private:
  bool is_part(std::size_t index) const;
  bool is_letter(std::size_t index) const {  // of Latin, alone
    return scan_.length(index) == 1 ||
           (scan_.length(index) == 2 && static_cast<unsigned char>(scan_.view(index)[0]) >= 0xc0);
  }
  bool is_copula(std::size_t index) const {  // my name is
    const std::string_view word = scan_.view(index);
    return word == "is" || word == "ist" || word == "est" || word == "es" || word == "é" ||
           word == "è" || word == "to" || word == "är";
  }
  bool find_reversed(const Name& name, bool lead);
  std::size_t with_particles(std::size_t first) const;
  void take(Name& name, std::size_t index) const;
  Name read(std::size_t index) const;
  bool has_lead(const Name& name) const;
  bool begins_sentence(std::size_t index) const;
  void judge(const Name& name);
  void find_lower(std::size_t index);

  Scan& scan_;
};

// Whether the word can be one of a name. Ordinary words can where a list has them.
bool PersonFinder::is_part(std::size_t index) const {
  if (!scan_.is_word(index)) return false;
  const ScanToken& token = scan_.token(index);
  if (token.letter_case == LetterCase::kLower) return false;
  const bool listed = (token.traits & kNameLists) != 0;
  if ((token.traits & kNoName) != 0 && !listed && !is_letter(index)) return false;
  if ((token.traits & kWordTitle) != 0 && !is_letter(index)) return false;  // M. is an initial too
  if ((token.traits & kWordGreeting) != 0) return false;
  return true;
}

void PersonFinder::take(Name& name, std::size_t index) const {
  const ScanToken& token = scan_.token(index);
  if (is_letter(index)) {
    ++name.initials;
    return;
  }
  ++name.words;
  const bool listed = (token.traits & kNameLists) != 0;
  const bool common = (token.traits & (kWordCommon | kWordCity)) != 0;
  if (listed && !common) {
    name.given += (token.traits & kWordGiven) != 0;
    name.family += (token.traits & kWordFamily) != 0;
  }
  name.unsure += listed && common;
  name.common += !listed && common;
  name.upper += token.letter_case == LetterCase::kUpper;
}

// The longest stretch from `index` on: words, initials with dots, particles between, parts joined
// by "-" and "'". An ordinary word that no list has ends it.
Name PersonFinder::read(std::size_t index) const {
  Name name;
  name.first = index;
  std::size_t at = index;
  while (at < scan_.count() && at - index < kNameTokensMax) {
    if (at > index && scan_.token(at).gap == Gap::kLine) break;
    std::size_t word = at;
    while (word > index && word - at < 3 && scan_.has(word, kWordNameParticle) &&
           scan_.token(word).letter_case == LetterCase::kLower &&
           scan_.token(word).gap == Gap::kSpace) {
      ++word;
    }
    if (word > at && scan_.token(std::min(word, scan_.count() - 1)).gap == Gap::kLine) break;
    if (!is_part(word)) break;
    const WordTraits traits = scan_.token(word).traits;
    const bool ordinary = (traits & kWordCommon) != 0 && (traits & kNameLists) == 0;
    if (ordinary && !is_letter(word)) break;
    take(name, word);
    name.end = at = word + 1;
    if (is_letter(word) && scan_.is_mark(at, '.') && scan_.joined(at)) name.end = ++at;
    // Anne-Marie, O'Brien
    while (scan_.joined(at) && (scan_.is_mark(at, '-') || scan_.is_mark(at, '\'')) &&
           scan_.joined(at + 1) && scan_.is_word(at + 1)) {
      const bool possessive = scan_.is_mark(at, '\'') && scan_.length(at + 1) == 1;
      if (possessive || !scan_.is_capital(at + 1)) break;
      take(name, at + 1);
      name.joint = true;
      name.end = at = at + 2;
    }
    if (scan_.joined(at)) break;
  }
  return name;
}

// Whether what stands before says that a name follows: a title, a label, a greeting.
bool PersonFinder::has_lead(const Name& name) const {
  std::size_t at = with_particles(name.first);
  for (std::size_t back = 0; back < 5 && at > 0; ++back) {
    --at;
    if (scan_.has(at, kWordTitle | kWordNameLabel | kWordGreeting)) return true;
    const bool soft = scan_.token(at).type == TokenType::kMark &&
                      std::string_view(".:,=\"'(").find(scan_.text()[scan_.token(at).begin]) !=
                          std::string_view::npos;
    if (!soft && !scan_.is_digits(at) && !is_copula(at)) return false;
  }
  return false;
}

// Back over "van der" before a family name.
std::size_t PersonFinder::with_particles(std::size_t first) const {
  std::size_t at = first;
  while (at > 0 && first - at < 3 && scan_.has(at - 1, kWordNameParticle) &&
         scan_.token(at - 1).letter_case == LetterCase::kLower && !is_letter(at - 1) &&
         scan_.token(at).gap == Gap::kSpace) {
    --at;
  }
  return at;
}

// "Surname, Given"
bool PersonFinder::find_reversed(const Name& name, bool lead) {
  const std::size_t comma = name.end;
  if (!scan_.is_mark(comma, ',') || !scan_.joined(comma) || comma + 1 >= scan_.count() ||
      scan_.token(comma + 1).gap != Gap::kSpace || name.words > 2) {
    return false;
  }
  if (name.given > 0 && name.family == 0) return false;
  const Name behind = read(comma + 1);
  if (behind.end == 0 || behind.words == 0 || behind.words > 2) return false;
  const bool given = behind.given > 0 || scan_.has(comma + 1, kWordGiven);
  if (!given && !lead && name.family == 0) return false;
  const bool list_of_people = behind.words == 2 && scan_.has(comma + 1, kWordGiven) &&
                              scan_.has(behind.end - 1, kWordFamily) &&
                              !scan_.has(behind.end - 1, kWordGiven);
  if (list_of_people) return false;
  const std::size_t first = with_particles(name.first);
  scan_.add_tokens(EntityKind::kPerson, lead ? Certainty::kCheckedNear : Certainty::kNear, first,
                   behind.end);
  return true;
}

bool PersonFinder::begins_sentence(std::size_t index) const {
  if (index == 0 || scan_.token(index).gap == Gap::kLine) return true;
  return scan_.is_mark(index - 1, '.') || scan_.is_mark(index - 1, '!') ||
         scan_.is_mark(index - 1, '?') || scan_.is_mark(index - 1, ':');
}

void PersonFinder::judge(const Name& name) {
  const auto add = [&](Certainty certainty) {
    const bool led = certainty == Certainty::kNear;
    scan_.add_tokens(EntityKind::kPerson, certainty, led ? with_particles(name.first) : name.first,
                     name.end);
  };
  if (name.words == 0) return;
  const std::size_t listed = name.given + name.family;
  const bool lead = has_lead(name);
  if (find_reversed(name, lead)) return;
  if (lead && (name.common < name.words || name.words > 1)) return add(Certainty::kNear);
  const bool several = name.words + name.initials >= 2;
  if (several && (listed > 0 || name.unsure >= 2)) return add(Certainty::kLikely);
  if (name.upper > 0 && listed == 0) return;
  if (!several) {
    if (name.given > 0)
      add(Certainty::kWeak);
    else if (name.family > 0 && !begins_sentence(name.first))
      add(Certainty::kGuess);
    return;
  }
  const bool plain = name.common == 0 && name.upper == 0 && name.words <= 4;
  if (plain && (name.words >= 2 || name.initials > 0)) {
    add(begins_sentence(name.first) && !name.unsure ? Certainty::kGuess : Certainty::kWeak);
  }
}

// john smith: both in the lists, and neither an ordinary word.
void PersonFinder::find_lower(std::size_t index) {
  if (!scan_.is_word(index + 1) || scan_.token(index + 1).gap != Gap::kSpace) return;
  const WordTraits first = scan_.token(index).traits;
  const WordTraits second = scan_.token(index + 1).traits;
  if ((first & kWordGiven) == 0 || (second & kWordFamily) == 0) return;
  if (((first | second) & (kWordCommon | kWordCity | kWordParticle)) != 0) return;
  scan_.add_tokens(EntityKind::kPerson, Certainty::kWeak, index, index + 2);
}

void PersonFinder::run() {
  for (std::size_t i = 0; i < scan_.count(); ++i) {
    if (!scan_.is_word(i)) continue;
    if (scan_.token(i).letter_case == LetterCase::kLower) {
      find_lower(i);
      continue;
    }
    if (scan_.joined(i) && scan_.token(i - 1).type != TokenType::kMark) continue;
    if (scan_.joined(i) && std::string_view("@_/\\.#").find(
                               scan_.text()[scan_.token(i - 1).begin]) != std::string_view::npos) {
      continue;
    }
    const Name name = read(i);
    if (name.end == 0) continue;
    judge(name);
    i = name.end - 1;
  }
}

}  // namespace

void detect_people(Scan& scan) { PersonFinder(scan).run(); }

}  // namespace hearth

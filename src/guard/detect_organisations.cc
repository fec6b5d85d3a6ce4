// SPDX-License-Identifier: Apache-2.0
// Companies and institutions: words with capitals before a legal form (Meier GmbH, Smith and Sons)
// or behind a word that begins such names (Grupo, Fundacja), and partnerships of several surnames.
#include <algorithm>

#include "guard/detectors.h"

namespace hearth {
namespace {

constexpr std::size_t kNameTokensMax = 9;

// Legal forms that are written with dots or whose small letters are ordinary words: as they stand,
// without dots and spaces.
constexpr std::string_view kExactForms[] = {
    "SA",   "SE",  "AG",    "KG",   "AB",  "HB",     "KB",   "BV",  "NV",  "VOF", "SAS",   "SARL",
    "SL",   "SLU", "SLL",   "SLNE", "SpA", "SPA",    "SRL",  "Srl", "srl", "snc", "SNC",   "sas",
    "Sas",  "SaS", "ME",    "eV",   "EV",  "PLC",    "LLC",  "LLP", "LP",  "spj", "spzoo", "Spzoo",
    "spk",  "Spk", "sc",    "SC",   "sa",  "EIRELI", "EURL", "SNC", "Co",  "CO",  "COOP",  "SCoop",
    "SCom", "SC",  "SPZOO", "SpK",  "SCP", "SAT",    "CB",   "OHG", "oHG", "GbR", "EI",    "Spj",
    "SPJ",  "eK",  "eG",    "KGaA", "mbH", "CV",     "Ek"};

class OrganisationFinder {
 public:
  explicit OrganisationFinder(Scan& scan) : scan_(scan) {}
  void run();

 private:
  std::size_t form_end(std::size_t index) const;
  std::size_t name_begin(std::size_t index) const;
  void find_behind(std::size_t index);
  void find_partners(std::size_t index);
  void find_pair(std::size_t index);
  bool is_connector(std::size_t index) const;
  bool is_joint(std::size_t index) const;
  // Whether a legal form may follow: behind most words it cannot.
  bool may_end_name(std::size_t index) const {
    const ScanToken& token = scan_.token(index);
    return token.type != TokenType::kWord || token.letter_case != LetterCase::kLower ||
           is_joint(index);
  }
  std::size_t surname_end(std::size_t index) const;

  Scan& scan_;
};

// Where a legal form that begins at `index` ends: S.p.A., Sp. z o.o., GmbH; 0: none begins there.
std::size_t OrganisationFinder::form_end(std::size_t index) const {
  if (!scan_.is_word(index)) return 0;
  std::string letters;
  std::size_t longest = 0;
  std::size_t at = index;
  while (at < scan_.count() && letters.size() <= 6 && at - index < 9) {
    if (at > index && scan_.token(at).gap == Gap::kLine) break;
    if (scan_.is_mark(at, '.') || scan_.is_mark(at, '/')) {
      if (!scan_.joined(at)) break;
      ++at;
      continue;
    }
    if (!scan_.is_word(at) || scan_.length(at) > 6) break;
    letters += scan_.view(at);
    ++at;
    if (std::find(std::begin(kExactForms), std::end(kExactForms), letters) !=
        std::end(kExactForms)) {
      longest = at + (scan_.is_mark(at, '.') && scan_.joined(at) ? 1 : 0);
    }
  }
  if (longest != 0) return longest;
  if (!scan_.has(index, kWordCompany)) return 0;
  // "and sons", but not "of our partners"
  if (scan_.token(index).letter_case == LetterCase::kLower && !is_joint(index - 1)) return 0;
  return index + 1;
}

bool OrganisationFinder::is_connector(std::size_t index) const {
  if (scan_.is_mark(index, '&') || scan_.is_mark(index, '-') || scan_.is_mark(index, '\''))
    return true;
  if (!scan_.is_word(index) || scan_.length(index) > 3) return false;
  const std::string_view word = scan_.view(index);
  for (const std::string_view connector :
       {"and", "und", "et", "y", "e", "i", "en", "och", "de", "of", "di", "da", "do", "la", "van",
        "von", "du", "del"}) {
    if (word == connector) return true;
  }
  return false;
}

// "and" between names: & or a word.
bool OrganisationFinder::is_joint(std::size_t index) const {
  if (scan_.is_mark(index, '&')) return true;
  const std::string_view word = scan_.view(index);
  for (const std::string_view joint : {"and", "und", "et", "y", "e", "i", "en", "och"}) {
    if (word == joint) return true;
  }
  return false;
}

// The first token of the name that ends before `index`: words with capitals, connectors between.
std::size_t OrganisationFinder::name_begin(std::size_t index) const {
  std::size_t first = index;
  std::size_t at = index;
  bool comma = false;
  while (at > 0 && index - at < kNameTokensMax && scan_.token(at).gap != Gap::kLine) {
    --at;
    const bool word = scan_.is_word(at) && scan_.token(at).letter_case != LetterCase::kLower;
    const bool ordinary =
        word && first < index && scan_.has(at, kWordCommon) &&
        !scan_.has(at, kWordGiven | kWordFamily | kWordCompany | kWordCompanyBefore);
    if (word && !ordinary && !scan_.has(at, kWordTitle | kWordGreeting | kWordNameLabel)) {
      first = at;
      continue;
    }
    if (scan_.is_mark(at, ',') && !comma && (first < index || at + 1 == index)) {
      comma = true;
      continue;
    }
    if (!is_connector(at)) break;
  }
  while (first > 0 && first < index && scan_.has(first - 1, kWordNameParticle) &&
         scan_.length(first - 1) > 2 && scan_.token(first).gap == Gap::kSpace &&
         scan_.token(first - 1).letter_case == LetterCase::kLower) {
    --first;  // van der Meer NV
  }
  return first;
}

// Garcia, or Garcia-Lopez, or O'Neil, at `index`; 0: no word with a capital.
std::size_t OrganisationFinder::surname_end(std::size_t index) const {
  if (!scan_.is_word(index) || scan_.token(index).letter_case == LetterCase::kLower ||
      (scan_.has(index, kWordCommon) && !scan_.has(index, kWordFamily))) {
    return 0;
  }
  std::size_t end = index + 1;
  while (scan_.joined(end) && (scan_.is_mark(end, '-') || scan_.is_mark(end, '\'')) &&
         scan_.joined(end + 1) && scan_.is_capital(end + 1)) {
    end += 2;
  }
  return end;
}

// Garcia, Lee and Clark
void OrganisationFinder::find_partners(std::size_t index) {
  const std::size_t first = surname_end(index);
  if (first == 0 || !scan_.is_mark(first, ',')) return;
  const std::size_t second = surname_end(first + 1);
  if (second == 0 || scan_.token(first + 1).gap != Gap::kSpace || !is_connector(second)) return;
  const std::size_t third = surname_end(second + 1);
  if (third == 0 || scan_.token(second + 1).gap != Gap::kSpace) return;
  if (!scan_.has(index, kWordFamily) && !scan_.has(first + 1, kWordFamily) &&
      !scan_.has(second + 1, kWordFamily)) {
    return;
  }
  scan_.add_tokens(EntityKind::kOrganisation, Certainty::kNear, index, third);
}

// Grupo Acme, Fundacja Polska: the words with capitals behind.
void OrganisationFinder::find_behind(std::size_t index) {
  std::size_t end = index + 1;
  std::size_t at = end;
  while (at < scan_.count() && at - index < kNameTokensMax && scan_.token(at).gap != Gap::kLine) {
    const bool word = scan_.is_word(at) && scan_.token(at).letter_case != LetterCase::kLower;
    if (word) end = at + 1;
    if (!word && !is_connector(at)) break;
    ++at;
  }
  if (end > index + 1) scan_.add_tokens(EntityKind::kOrganisation, Certainty::kNear, index, end);
}

// Hofman & Roukes; and for, by, at or from Woods-Cooper
void OrganisationFinder::find_pair(std::size_t index) {
  const std::size_t first = surname_end(index);
  if (first == 0) return;
  if (scan_.is_mark(first, '&') && scan_.token(first).gap == Gap::kSpace) {
    const std::size_t second = surname_end(first + 1);
    if (second != 0 && scan_.token(first + 1).gap == Gap::kSpace) {
      scan_.add_tokens(EntityKind::kOrganisation, Certainty::kNear, index, second);
    }
    return;
  }
  const bool double_name = first == index + 3 && scan_.is_mark(index + 1, '-') &&
                           scan_.has(index, kWordFamily) && scan_.has(index + 2, kWordFamily);
  if (!double_name || index == 0 || scan_.is_capital(first)) return;
  std::size_t before = index - 1;
  while (before > 0 && !scan_.is_word(before) && index - before < 5) --before;
  const std::string_view word = scan_.view(before);
  for (const std::string_view lead : {"for", "by", "at", "from", "with", "to"}) {
    if (word == lead) {
      return scan_.add_tokens(EntityKind::kOrganisation, Certainty::kNear, index, first);
    }
  }
}

void OrganisationFinder::run() {
  for (std::size_t i = 0; i < scan_.count(); ++i) {
    if (!scan_.is_word(i)) continue;
    if (scan_.is_capital(i) && scan_.has(i, kWordCompanyBefore)) find_behind(i);
    if (scan_.token(i).letter_case != LetterCase::kLower) {
      find_partners(i);
      if (!scan_.joined(i) || !scan_.is_mark(i - 1, '-')) find_pair(i);
    }
    if (i == 0 || scan_.token(i).gap == Gap::kLine || !may_end_name(i - 1)) continue;
    std::size_t end = form_end(i);
    if (end == 0) continue;
    const std::size_t first = name_begin(i);
    if (first == i) continue;
    for (int more = 0; more < 3; ++more) {  // GmbH & Co. KG
      const std::size_t next = scan_.is_mark(end, '&') ? end + 1 : end;
      const std::size_t further =
          next < scan_.count() && scan_.token(next).gap != Gap::kLine ? form_end(next) : 0;
      if (further == 0) break;
      end = further;
    }
    scan_.add_tokens(EntityKind::kOrganisation, Certainty::kNear, first, end);
    i = end - 1;
  }
}

}  // namespace

void detect_organisations(Scan& scan) { OrganisationFinder(scan).run(); }

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// How well the guard finds what a labelled corpus says is there: counts, per slice. A slice is a
// kind, or a property that the corpus gives its documents (locale, obfuscation, ...). Values.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "guard/guard.h"

namespace hearth {

struct GuardDocument {
  std::string text;
  std::vector<Entity> entities;   // what is there
  std::vector<Entity> negatives;  // what looks like it, and is not: wrong check digits
  std::vector<std::pair<std::string, std::string>> slices;  // property and value
};

// A line of JSON: {"text", "entities": [{"kind","start","end"}], "negatives": as entities,
// "slices": {"locale": "de_DE", ...}}; offsets in bytes. Errors: kCorrupt (what, but not where).
Result<GuardDocument> parse_guard_document(std::string_view line);

struct GuardCounts {
  int64_t expected = 0;   // entities of the corpus
  int64_t hit = 0;        // of them: at least half is in what was found of the same kind
  int64_t found = 0;      // by the guard
  int64_t right = 0;      // of them: at least half is in entities of the same kind
  int64_t documents = 0;  // with any entity
  int64_t leaking = 0;    // of them: a letter or digit of an entity is in nothing that was found
  int64_t negatives = 0;
  int64_t flagged = 0;      // of them: found as the kind that they are not
  int64_t flagged_any = 0;  // found as any kind

  double precision() const { return share(right, found); }
  double recall() const { return share(hit, expected); }
  // 1 where there is nothing of which it could be a part.
  static double share(int64_t part, int64_t whole) {
    return whole == 0 ? 1.0 : static_cast<double>(part) / static_cast<double>(whole);
  }
  // Weighs recall `beta` times as much as precision.
  double f(double beta) const;
};

struct GuardScore {
  GuardCounts all;
  GuardCounts checksummed;  // kinds with check digits; without `found` and documents
  std::map<std::string, GuardCounts> slices;  // "kind CARD", "locale de_DE"

  void add(const Guard& guard, const GuardDocument& document);
};

}  // namespace hearth

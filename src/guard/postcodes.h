// SPDX-License-Identifier: Apache-2.0
// Postcodes of the ten locales' countries, where they stand with a place. Pure functions.
#pragma once

#include <cstddef>

#include "guard/scan.h"

namespace hearth {

enum class PostcodeForm : uint8_t {
  kNone,
  kDigits,  // four to five digits, or eight: any number may look so
  kMarked,  // a form of its own: SW1A 1AA, 1234 AB, 12-345, CA 90210
};

struct Postcode {
  PostcodeForm form = PostcodeForm::kNone;
  std::size_t end = 0;  // token behind
};

// The postcode that begins at token `index`. That of the US begins with its state.
Postcode read_postcode(const Scan& scan, std::size_t index);

// The end of the place's name that begins at `index`, over up to six words with capitals, and of
// what belongs to it: (RM), / SP. `index` itself where there is none.
std::size_t read_place(const Scan& scan, std::size_t index);

}  // namespace hearth

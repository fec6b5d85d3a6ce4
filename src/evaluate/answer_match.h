// SPDX-License-Identifier: Apache-2.0
// How well a short answer fits the expected one: the measures of SQuAD 1.1 (Rajpurkar et al. 2016,
// its evaluation script): both texts are put in lower case, lose ASCII punctuation, then the words
// a, an, the, and are compared word by word.
//
// Threading: pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth {

// The text as it is compared: words with one space between.
std::string normalised_answer(std::string_view text);

// Whether the two are the same then.
bool exact_match(std::string_view answer, std::string_view expected);

// Harmonic mean of the shares of common words (each counted as often as both have it), 0..1. 1 for
// two answers without words, 0 for one.
double word_f1(std::string_view answer, std::string_view expected);

// Whether the words of `expected` stand in the answer, one behind the other. Who expects no words
// is mentioned nowhere.
bool mentions(std::string_view answer, std::string_view expected);

// The last number that a text has, as people write them: "about 1,234.50 dollars", "it is -3.";
// nothing where there is none.
std::optional<double> last_number(std::string_view text);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Regular expressions, as ECMA-262 writes them, as expressions of a grammar: classes, groups,
// alternatives, repetitions, ^ and $ at the ends of an alternative, and the escapes \d \w \s \D
// \W \S \t \n \r \f \v \0 \xHH \uHHHH \u{H}. What looks ahead, back or at word borders
// or refers to groups is refused by name; that a repetition is lazy changes nothing.
#pragma once

#include <string_view>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "grammar/automaton.h"
#include "grammar/expression.h"

namespace hearth {

inline constexpr std::size_t kRegexBytesMax = 10'000;

// How one character of some ranges is spelled in the text: in UTF-8, or as in a JSON string.
using SpellChars = FunctionRef<ExpressionId(std::vector<CharRange>)>;

enum class RegexFit {
  kWhole,      // the whole text fits
  kSomewhere,  // a part of it does, at its ends where ^ and $ say so
};

// Errors: kUsage (too long, not a regular expression, unsupported: what and where).
Result<ExpressionId> read_regex(std::string_view pattern, RegexFit fit, Rules& rules,
                                SpellChars spell);

// Whole texts that fit. Errors: those of read_regex() and of Automaton::compile().
Result<Automaton> compile_regex(std::string_view pattern);

}  // namespace hearth

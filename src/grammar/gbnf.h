// SPDX-License-Identifier: Apache-2.0
// Grammars as llama.cpp writes them (GBNF): rules `name ::= alternatives`, of which `root` is the
// whole text. Literals, character classes, groups, `.`, and * + ? {m,n} behind them; # begins a
// comment.
#pragma once

#include <string_view>

#include "base/result.h"
#include "grammar/automaton.h"

namespace hearth {

inline constexpr std::size_t kGbnfBytesMax = 1 << 20;

// Errors: kUsage (not a grammar: line and what was expected; those of Automaton::compile()).
Result<Automaton> compile_gbnf(std::string_view text);

}  // namespace hearth

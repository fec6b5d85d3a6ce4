// SPDX-License-Identifier: Apache-2.0
// One of some texts, as a grammar.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "grammar/automaton.h"

namespace hearth {

// Errors: kUsage (no texts), those of Automaton::compile().
Result<Automaton> compile_choices(std::span<const std::string> texts);

}  // namespace hearth

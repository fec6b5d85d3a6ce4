// SPDX-License-Identifier: Apache-2.0
// Any text but for a marker, behind which something else begins.
#pragma once

#include <string_view>

#include "grammar/expression.h"

namespace hearth {

// Any bytes in which `marker`, which is not empty, does not stand (the automaton of Knuth, Morris
// and Pratt 1977, without its end).
ExpressionId text_without(std::string_view marker, Rules& rules);
// Any bytes that do not begin with `marker`, which is not empty.
ExpressionId text_not_beginning_with(std::string_view marker, Rules& rules);

}  // namespace hearth

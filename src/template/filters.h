// SPDX-License-Identifier: Apache-2.0
// How the two halves of the filters find each other.
#pragma once

#include <span>

#include "template/builtins.h"

namespace hearth::jinja {

// length, join, map, sort, ...: they live as long as the program.
std::span<const Builtin> sequence_filters();

}  // namespace hearth::jinja

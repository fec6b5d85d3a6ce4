// SPDX-License-Identifier: Apache-2.0
// Numbers and string escapes as Python and Jinja write them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth::jinja {

struct NumberLiteral {
  bool is_float = false;
  int64_t integer = 0;
  double number = 0;
  std::size_t bytes = 0;  // how far it reaches
};

// The number that `text` begins with (a digit); no float where a dot stands before it, as in x.1.2.
// Errors: kCorrupt (beyond 64 bits).
Result<NumberLiteral> read_number(std::string_view text, bool after_dot);

// What stands between the quotes, with Python's escapes resolved. Errors: kCorrupt (a broken
// escape).
Result<std::string> decode_string(std::string_view body);

}  // namespace hearth::jinja

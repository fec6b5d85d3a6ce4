// SPDX-License-Identifier: Apache-2.0
// JSON numbers within limits, as automata over their decimal digits: exact, whatever a
// floating-point number makes of them.
//
// Threading: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "grammar/expression.h"

namespace hearth {

// A limit as decimal digits, whose value is (negative ? -1 : 1) * whole.fraction.
struct Decimal {
  bool negative = false;
  std::string whole;     // without leading zeros but "0"
  std::string fraction;  // without trailing zeros
};

Decimal decimal(double value);  // finite; the shortest that reads as it
Decimal decimal(int64_t value);

struct NumberLimit {
  Decimal value;
  bool is_excluded = false;
};

struct NumberLimits {
  bool is_integer = false;
  std::optional<NumberLimit> minimum;
  std::optional<NumberLimit> maximum;
  std::optional<int32_t> multiple_of;  // of integers: 1 to kMultipleMax
};

inline constexpr int32_t kMultipleMax = 1000;

// Integers have up to 18 digits, which int64 holds. Other numbers have up to 18 before the point,
// 20 behind it and an exponent of up to two digits; where they have limits they have no exponent
// and up to 15 digits in all, which double tells apart.
ExpressionId number_text(Rules& rules, const NumberLimits& limits);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Python's three ways to fill in a text: "%s" % x, "{}".format(x) and strftime.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "base/result.h"
#include "template/builtins.h"
#include "template/values.h"

namespace hearth::jinja {

// format % operand, with the conversions s, r, d, i, x, f, e, g and %. Errors: kCorrupt (too few or
// too many values, types), kUnsupported (another conversion).
Result<Value> percent_format(const Text& format, const Value& operand, Budget& budget);

// format.format(...), with fields {}, {0}, {name}. Errors: kCorrupt (a field without a value),
// kUnsupported (format specifications, conversions and attributes inside a field).
Result<Value> brace_format(const Text& format, const Arguments& arguments, Budget& budget);

// datetime.strftime in the C locale. Errors: kUnsupported (a conversion that is not known),
// kCorrupt (too long).
Result<std::string> format_time(std::string_view format, const std::tm& time);

}  // namespace hearth::jinja

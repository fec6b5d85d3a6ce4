// SPDX-License-Identifier: Apache-2.0
// JSON Schema's `format` as regular expressions over whole strings. Where a format's own definition
// takes more than every validator does, what all of them take.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace hearth {

std::optional<std::string> format_pattern(std::string_view format);
std::string format_names();  // "date, date-time, ...", for messages

}  // namespace hearth

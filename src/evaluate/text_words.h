// SPDX-License-Identifier: Apache-2.0
// Texts made comparable: lower case, code points, words. Internal to the metrics.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// Simple lower-case mapping of Unicode, a code point to a code point. Bytes that are not UTF-8
// stay.
std::string lower_case(std::string_view text);

// The code points; a byte that is not UTF-8 counts as one of its own, above U+10FFFF.
std::vector<char32_t> code_points(std::string_view text);

// Pieces between runs of ASCII white space; none is empty.
std::vector<std::string> split_words(std::string_view text);

}  // namespace hearth

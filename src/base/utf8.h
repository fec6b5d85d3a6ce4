// SPDX-License-Identifier: Apache-2.0
// UTF-8 decoding of untrusted bytes (Unicode 15, table 3-7: no overlong forms, no surrogates).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace hearth {

struct Utf8Char {
  char32_t code_point;  // the byte's value where `valid` is false
  uint32_t bytes;       // how many bytes to move on: 1..4; 1 where `valid` is false
  bool valid;
};

// The character that `text` (not empty) begins with.
Utf8Char decode_utf8(std::string_view text);

// Appends the UTF-8 form of `code_point` (<= 0x10FFFF) to `out`.
void append_utf8(std::string& out, char32_t code_point);

// How many bytes at the end of `text` are the beginning of a character that more bytes could
// complete: 0..3.
std::size_t incomplete_utf8_suffix(std::string_view text);

// Where the first byte stands that is not part of valid UTF-8, if any.
std::optional<std::size_t> find_invalid_utf8(std::string_view text);

// `text` with each byte that is not part of valid UTF-8 replaced by U+FFFD.
std::string sanitize_utf8(std::string_view text);
// Appends that to `out`.
void append_sanitized_utf8(std::string& out, std::string_view text);

}  // namespace hearth

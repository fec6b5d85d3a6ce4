// SPDX-License-Identifier: Apache-2.0
// Building messages: concat("tensor ", name, " has ", 3, " dimensions").
#pragma once

#include <charconv>
#include <concepts>
#include <span>
#include <string>
#include <string_view>

namespace hearth {

inline void append_piece(std::string& out, std::string_view piece) { out += piece; }
inline void append_piece(std::string& out, char piece) { out += piece; }
template <typename Number>
  requires(std::integral<Number> || std::floating_point<Number>)
void append_piece(std::string& out, Number number) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
  out.append(digits, end);
}

template <typename... Pieces>
std::string concat(const Pieces&... pieces) {
  std::string out;
  (append_piece(out, pieces), ...);
  return out;
}

// Untrusted bytes made fit for one line of a terminal: control bytes and invalid UTF-8 are escaped
// as \xNN, and what is longer than `bytes_max` is cut with "...".
std::string printable(std::string_view untrusted, std::size_t bytes_max = 80);

// Two lower-case hexadecimal digits for each byte.
std::string hexadecimal(std::span<const unsigned char> bytes);

}  // namespace hearth

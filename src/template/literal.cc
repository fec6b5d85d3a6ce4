// SPDX-License-Identifier: Apache-2.0
#include "template/literal.h"

#include <charconv>
#include <optional>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth::jinja {
namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}

// The length of a run of digits in `base`, single underscores between them; 0 where none is there.
std::size_t digits_bytes(std::string_view text, int base) {
  std::size_t bytes = 0;
  while (bytes < text.size()) {
    const bool underscore = text[bytes] == '_' && bytes > 0;
    const std::size_t digit = bytes + (underscore ? 1 : 0);
    if (digit >= text.size() || digit_value(text[digit]) >= base) break;
    bytes = digit + 1;
  }
  return bytes;
}

std::string without_underscores(std::string_view text) {
  std::string out(text);
  std::erase(out, '_');
  return out;
}

// The length of "12.5", "1e9", "1.5e-3"; 0 where `text` begins with no float.
std::size_t float_bytes(std::string_view text) {
  std::size_t bytes = digits_bytes(text, 10);
  bool has_fraction = false;
  if (text.substr(bytes).starts_with('.')) {
    const std::size_t fraction = digits_bytes(text.substr(bytes + 1), 10);
    if (fraction > 0) {
      bytes += 1 + fraction;
      has_fraction = true;
    }
  }
  std::string_view rest = text.substr(bytes);
  if (rest.starts_with('e') || rest.starts_with('E')) {
    const std::size_t sign = rest.substr(1).starts_with('+') || rest.substr(1).starts_with('-');
    const std::size_t exponent = digits_bytes(rest.substr(1 + sign), 10);
    if (exponent > 0) return bytes + 1 + sign + exponent;
  }
  return has_fraction ? bytes : 0;
}

Result<NumberLiteral> read_integer(std::string_view text) {
  int base = 10;
  std::size_t prefix = 0;
  if (text.size() > 2 && text[0] == '0') {
    const char letter = static_cast<char>(text[1] | 0x20);
    const int wanted = letter == 'x' ? 16 : letter == 'o' ? 8 : letter == 'b' ? 2 : 10;
    const std::size_t underscore = text[2] == '_' ? 1 : 0;
    if (wanted != 10 && digits_bytes(text.substr(2 + underscore), wanted) > 0) {
      base = wanted;
      prefix = 2 + underscore;
    }
  }
  std::size_t bytes = digits_bytes(text.substr(prefix), base);
  if (base == 10 && text[0] == '0') {
    // No leading zeros: "00" is zero and "01" is two numbers, which the parser refuses.
    bytes = 1;
    while (bytes < text.size() && text[bytes] == '0') ++bytes;
  }
  const std::string digits = without_underscores(text.substr(prefix, bytes));
  NumberLiteral literal;
  literal.bytes = prefix + bytes;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), literal.integer, base);
  if (error != std::errc()) return Error(ErrorCode::kCorrupt, "an integer of more than 64 bits");
  return literal;
}

}  // namespace

Result<NumberLiteral> read_number(std::string_view text, bool after_dot) {
  const std::size_t bytes = after_dot ? 0 : float_bytes(text);
  if (bytes == 0) return read_integer(text);
  NumberLiteral literal;
  literal.is_float = true;
  literal.bytes = bytes;
  const std::string digits = without_underscores(text.substr(0, bytes));
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), literal.number);
  if (error != std::errc())
    return Error(ErrorCode::kCorrupt, "a float outside the range of 64 bits");
  return literal;
}

namespace {

// Reads \xhh, \uhhhh, \Uhhhhhhhh and \ooo; `at` stands behind the letter and is moved on.
Result<char32_t> read_code_point(std::string_view body, std::size_t& at, std::size_t digits,
                                 int base, bool all_needed) {
  char32_t code_point = 0;
  std::size_t count = 0;
  while (count < digits && at < body.size() && digit_value(body[at]) < base) {
    code_point =
        code_point * static_cast<char32_t>(base) + static_cast<char32_t>(digit_value(body[at++]));
    ++count;
  }
  if (all_needed && count < digits)
    return Error(ErrorCode::kCorrupt, "a truncated escape in a string");
  if (code_point > 0x10ffff || (code_point >= 0xd800 && code_point < 0xe000)) {
    return Error(ErrorCode::kCorrupt, "an escape in a string that is no Unicode character");
  }
  return code_point;
}

std::optional<char> simple_escape(char letter) {
  constexpr std::string_view kLetters = "\\'\"abfnrtv";
  constexpr std::string_view kBytes = "\\'\"\a\b\f\n\r\t\v";
  const std::size_t at = kLetters.find(letter);
  if (at == std::string_view::npos) return std::nullopt;
  return kBytes[at];
}

}  // namespace

Result<std::string> decode_string(std::string_view body) {
  std::string out;
  for (std::size_t at = 0; at < body.size();) {
    const char c = body[at++];
    if (c != '\\' || at == body.size()) {
      out += c;
      continue;
    }
    const char letter = body[at++];
    if (const std::optional<char> byte = simple_escape(letter)) {
      out += *byte;
    } else if (letter == '\n') {
      // a continued line
    } else if (letter == 'x' || letter == 'u' || letter == 'U') {
      const std::size_t digits = letter == 'x' ? 2 : letter == 'u' ? 4 : 8;
      HEARTH_ASSIGN(const char32_t code_point, read_code_point(body, at, digits, 16, true));
      append_utf8(out, code_point);
    } else if (letter >= '0' && letter <= '7') {
      --at;
      HEARTH_ASSIGN(const char32_t code_point, read_code_point(body, at, 3, 8, false));
      append_utf8(out, code_point);
    } else if (letter == 'N') {
      return Error(ErrorCode::kCorrupt, "an escape \\N{...} in a string is not supported");
    } else {
      out += '\\';
      out += letter;
    }
  }
  return out;
}

}  // namespace hearth::jinja

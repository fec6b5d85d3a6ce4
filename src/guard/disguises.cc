// SPDX-License-Identifier: Apache-2.0
#include "guard/disguises.h"

#include <cstdint>

namespace hearth {
namespace {

// A run of digits: what each is worth, and where it stands.
struct Digits {
  std::vector<uint8_t> values;
  std::vector<std::size_t> places;

  void add(int value, std::size_t place) {
    values.push_back(static_cast<uint8_t>(value));
    places.push_back(place);
  }
};

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

int base64_value(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+' || c == '-') return 62;
  if (c == '/' || c == '_') return 63;
  return -1;
}

bool is_between_hex(char c) {
  return std::string_view(" \t\r\n:-,").find(c) != std::string_view::npos;
}

// Bits of the digits, from digit `first` on, as bytes.
Disguised decode(const Digits& digits, std::size_t first, int bits_per_digit) {
  Disguised out;
  uint32_t bits = 0;
  int count = 0;
  std::size_t begin = first;
  for (std::size_t i = first; i < digits.values.size(); ++i) {
    bits = bits << bits_per_digit | digits.values[i];
    count += bits_per_digit;
    if (count < 8) continue;
    count -= 8;
    out.bytes += static_cast<char>(bits >> count & 0xff);
    out.begin.push_back(digits.places[begin]);
    out.end.push_back(digits.places[i] + 1);
    begin = count > 0 ? i : i + 1;
  }
  return out;
}

void take(Digits& digits, int bits_per_digit, std::size_t bytes_min, std::vector<Disguised>& out) {
  const std::size_t digits_min = (bytes_min * 8 + static_cast<std::size_t>(bits_per_digit) - 1) /
                                 static_cast<std::size_t>(bits_per_digit);
  // Digits of which eight bits are made by one, two or four: so many alignments.
  const std::size_t alignments = bits_per_digit == 4 ? 2 : 4;
  if (digits.values.size() >= digits_min) {
    for (std::size_t first = 0; first < alignments; ++first)
      out.push_back(decode(digits, first, bits_per_digit));
  }
  digits = {};
}

void find_hex(std::string_view text, std::size_t bytes_min, std::vector<Disguised>& out) {
  Digits digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_prefix = (text[i] == '0' || text[i] == '\\') && i + 1 < text.size() &&
                           (text[i + 1] == 'x' || text[i + 1] == 'X');
    if (is_prefix) {
      ++i;
    } else if (const int value = hex_value(text[i]); value >= 0) {
      digits.add(value, i);
    } else if (!is_between_hex(text[i])) {
      take(digits, 4, bytes_min, out);
    }
  }
  take(digits, 4, bytes_min, out);
}

void find_base64(std::string_view text, std::size_t bytes_min, std::vector<Disguised>& out) {
  Digits digits;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (const int value = base64_value(text[i]); value >= 0) {
      digits.add(value, i);
    } else if (text[i] != '\r' && text[i] != '\n') {
      take(digits, 6, bytes_min, out);
    }
  }
  take(digits, 6, bytes_min, out);
}

// The whole text with %41 as A, unless it has none.
void find_percent(std::string_view text, std::vector<Disguised>& out) {
  Disguised decoded;
  bool has_any = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_coded = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                          hex_value(text[i + 2]) >= 0;
    decoded.begin.push_back(i);
    decoded.bytes += is_coded
                         ? static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2]))
                         : text[i];
    if (is_coded) i += 2;
    has_any = has_any || is_coded;
    decoded.end.push_back(i + 1);
  }
  if (has_any) out.push_back(std::move(decoded));
}

}  // namespace

std::vector<Disguised> decode_disguises(std::string_view text, std::size_t bytes_min) {
  std::vector<Disguised> out;
  find_hex(text, bytes_min, out);
  find_base64(text, bytes_min, out);
  find_percent(text, out);
  return out;
}

}  // namespace hearth

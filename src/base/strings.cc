// SPDX-License-Identifier: Apache-2.0
#include "base/strings.h"

#include "base/utf8.h"

namespace hearth {

std::string printable(std::string_view untrusted, std::size_t bytes_max) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  while (!untrusted.empty()) {
    if (out.size() >= bytes_max) return out + "...";
    const Utf8Char next = decode_utf8(untrusted);
    if (next.valid && next.code_point >= 0x20 &&
        (next.code_point < 0x7f || next.code_point >= 0xa0)) {
      out += untrusted.substr(0, next.bytes);
    } else {
      for (const char byte : untrusted.substr(0, next.bytes)) {
        out += "\\x";
        out += kHex[(static_cast<unsigned char>(byte)) >> 4];
        out += kHex[static_cast<unsigned char>(byte) & 15];
      }
    }
    untrusted.remove_prefix(next.bytes);
  }
  return out;
}

std::string hexadecimal(std::span<const unsigned char> bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(2 * bytes.size());
  for (const unsigned char byte : bytes) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"

namespace hearth {
namespace {

// Length of the sequence that `lead` announces, 0 where no sequence begins with it.
uint32_t sequence_bytes(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead <= 0xdf) return 2;
  if (lead >= 0xe0 && lead <= 0xef) return 3;
  if (lead >= 0xf0 && lead <= 0xf4) return 4;
  return 0;
}

// Whether `second` may follow `lead`: excludes overlong forms, surrogates and what lies above
// U+10FFFF.
bool second_byte_valid(unsigned char lead, unsigned char second) {
  if (lead == 0xe0) return second >= 0xa0 && second <= 0xbf;
  if (lead == 0xed) return second >= 0x80 && second <= 0x9f;
  if (lead == 0xf0) return second >= 0x90 && second <= 0xbf;
  if (lead == 0xf4) return second >= 0x80 && second <= 0x8f;
  return (second & 0xc0) == 0x80;
}

}  // namespace

Utf8Char decode_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  const uint32_t bytes = sequence_bytes(lead);
  const Utf8Char invalid{lead, 1, false};
  if (bytes == 0 || bytes > text.size()) return invalid;
  if (bytes == 1) return {lead, 1, true};
  if (!second_byte_valid(lead, byte(1))) return invalid;
  char32_t code_point = lead & (0x7fu >> bytes);
  for (uint32_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return invalid;
    code_point = code_point << 6 | (byte(i) & 0x3fu);
  }
  return {code_point, bytes, true};
}

void append_utf8(std::string& out, char32_t code_point) {
  const auto put = [&](char32_t bits) { out += static_cast<char>(bits); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xc0 | code_point >> 6);
    put(0x80 | (code_point & 0x3f));
  } else if (code_point < 0x10000) {
    put(0xe0 | code_point >> 12);
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  } else {
    put(0xf0 | code_point >> 18);
    put(0x80 | (code_point >> 12 & 0x3f));
    put(0x80 | (code_point >> 6 & 0x3f));
    put(0x80 | (code_point & 0x3f));
  }
}

std::size_t incomplete_utf8_suffix(std::string_view text) {
  for (std::size_t length = 1; length <= 3 && length <= text.size(); ++length) {
    const auto lead = static_cast<unsigned char>(text[text.size() - length]);
    if ((lead & 0xc0) == 0x80) continue;  // a continuation byte: its lead stands further left
    if (sequence_bytes(lead) <= length) return 0;
    const bool second_ok =
        length < 2 ||
        second_byte_valid(lead, static_cast<unsigned char>(text[text.size() - length + 1]));
    return second_ok ? length : 0;
  }
  return 0;
}

std::optional<std::size_t> find_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = decode_utf8(text.substr(at));
    if (!next.valid) return at;
    at += next.bytes;
  }
  return std::nullopt;
}

std::string sanitize_utf8(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_sanitized_utf8(out, text);
  return out;
}

void append_sanitized_utf8(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    if (next.valid) {
      out += text.substr(0, next.bytes);
    } else {
      append_utf8(out, 0xfffd);
    }
    text.remove_prefix(next.bytes);
  }
}

}  // namespace hearth

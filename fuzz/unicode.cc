// SPDX-License-Identifier: Apache-2.0
// base/utf8.h and printable() on any bytes: decoding partitions the text, what is valid is encoded
// back the same, sanitizing gives valid text, and a stream cut anywhere says what the whole says.
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace {

using namespace hearth;  // NOLINT: a harness is a program of its own

// Walks the text as decode_utf8() cuts it; returns whether all of it is valid.
bool check_decoding(std::string_view text) {
  bool all_valid = true;
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    HEARTH_CHECK(next.bytes >= 1 && next.bytes <= 4 && next.bytes <= text.size());
    if (next.valid) {
      HEARTH_CHECK(next.code_point <= 0x10ffff);
      HEARTH_CHECK(next.code_point < 0xd800 || next.code_point > 0xdfff);
      std::string encoded;
      append_utf8(encoded, next.code_point);
      HEARTH_CHECK(encoded == text.substr(0, next.bytes));
    } else {
      HEARTH_CHECK(next.bytes == 1);
      HEARTH_CHECK(next.code_point == static_cast<unsigned char>(text[0]));
      all_valid = false;
    }
    text.remove_prefix(next.bytes);
  }
  return all_valid;
}

// Whether some continuation makes `beginning` (1..3 bytes) one character. 0x80, 0x90 and 0xa0
// stand for all second bytes: each range of the standard's table holds one of them.
bool completable(std::string_view beginning) {
  if (decode_utf8(beginning).valid) return false;
  for (const char second : {'\x80', '\x90', '\xa0'}) {
    std::string text(beginning);
    while (text.size() < 4) {
      text += text.size() == 1 ? second : '\x80';
      const Utf8Char decoded = decode_utf8(text);
      if (decoded.valid && decoded.bytes == text.size()) return true;
    }
  }
  return false;
}

void check_incomplete_suffix(std::string_view text) {
  const std::size_t suffix = incomplete_utf8_suffix(text);
  HEARTH_CHECK(suffix <= 3 && suffix <= text.size());
  for (std::size_t bytes = 1; bytes <= 3 && bytes <= text.size(); ++bytes) {
    HEARTH_CHECK(completable(text.substr(text.size() - bytes)) == (bytes == suffix));
  }
}

// What a stream shows that holds unfinished characters back, fed in pieces of `piece_bytes`.
std::string streamed(std::string_view text, std::size_t piece_bytes) {
  std::string shown;
  std::string pending;
  while (!text.empty()) {
    pending += text.substr(0, piece_bytes);
    text.remove_prefix(std::min(piece_bytes, text.size()));
    const std::size_t ready = pending.size() - incomplete_utf8_suffix(pending);
    shown += sanitize_utf8(std::string_view(pending).substr(0, ready));
    pending.erase(0, ready);
  }
  return shown + sanitize_utf8(pending);
}

void check_printable(std::string_view text) {
  constexpr std::size_t kBytesMax = 80;
  const std::string shown = printable(text, kBytesMax);
  HEARTH_CHECK(check_decoding(shown));
  HEARTH_CHECK(shown.size() < kBytesMax + 16);  // one escaped character and "..." beyond it
  for (const char c : shown) HEARTH_CHECK(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const bool valid = check_decoding(text);
  const std::string sanitized = sanitize_utf8(text);
  HEARTH_CHECK(check_decoding(sanitized));
  HEARTH_CHECK((sanitized == text) == valid);
  HEARTH_CHECK(sanitize_utf8(sanitized) == sanitized);
  check_incomplete_suffix(text);
  for (std::size_t piece_bytes = 1; piece_bytes <= 5; ++piece_bytes) {
    HEARTH_CHECK(streamed(text, piece_bytes) == sanitized);
  }
  check_printable(text);
  return 0;
}

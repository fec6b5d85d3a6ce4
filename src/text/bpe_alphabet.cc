// SPDX-License-Identifier: Apache-2.0
#include "text/bpe_alphabet.h"

#include <array>

#include "base/utf8.h"

namespace hearth {
namespace {

constexpr char32_t kAlphabetEnd = 0x180;  // 0x100 + 68 rounded up to where the lead byte 0xc5 ends

constexpr bool stands_for_itself(int32_t byte) {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

constexpr std::array<char16_t, 256> make_characters() {
  std::array<char16_t, 256> characters{};
  char16_t next = 0x100;
  for (int32_t byte = 0; byte < 256; ++byte) {
    characters[byte] = stands_for_itself(byte) ? static_cast<char16_t>(byte) : next++;
  }
  return characters;
}

constexpr std::array<char16_t, 256> kCharacters = make_characters();

constexpr std::array<int16_t, kAlphabetEnd> make_bytes() {
  std::array<int16_t, kAlphabetEnd> bytes{};
  for (int16_t& byte : bytes) byte = -1;
  for (int16_t byte = 0; byte < 256; ++byte) bytes[kCharacters[byte]] = byte;
  return bytes;
}

constexpr std::array<int16_t, kAlphabetEnd> kBytes = make_bytes();

}  // namespace

int32_t byte_of_alphabet(char32_t character) {
  return character < kAlphabetEnd ? kBytes[character] : -1;
}

// Start-up reads a million characters through this: no general UTF-8 decoder, for those outside
// ASCII have two bytes.
AlphabetRead read_alphabet(std::string_view spelled, char* out) {
  const auto* const begin = reinterpret_cast<const unsigned char*>(spelled.data());
  const auto* const end = begin + spelled.size();
  char* const first = out;
  const auto* at = begin;
  while (at != end) {
    const unsigned char lead = *at;
    if (lead >= 0x21 && lead <= 0x7e) {
      *out++ = static_cast<char>(lead);
      ++at;
      continue;
    }
    if (lead < 0xc2 || lead > 0xc5 || end - at < 2 || (at[1] & 0xc0) != 0x80) break;
    const int32_t byte = kBytes[(lead & 0x1fu) << 6 | (at[1] & 0x3fu)];
    if (byte < 0) break;
    *out++ = static_cast<char>(byte);
    at += 2;
  }
  return {static_cast<std::size_t>(at - begin), static_cast<std::size_t>(out - first)};
}

void append_alphabet_spelling(std::string& out, std::string_view bytes) {
  for (const char byte : bytes) append_utf8(out, kCharacters[static_cast<unsigned char>(byte)]);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// GPT-2's byte alphabet: vocabularies of byte-level BPE spell each byte as one printable character,
// so that a token is always a string. Bytes 0x21-0x7e, 0xa1-0xac and 0xae-0xff are the character of
// their own number; the other 68 are U+0100, U+0101, ... in order ("Ġ", U+0120, is the space).
// Source: encoder.py of openai/gpt-2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace hearth {

// The byte that a character of the alphabet stands for, or -1.
int32_t byte_of_alphabet(char32_t character);

struct AlphabetRead {
  std::size_t
      read;  // bytes of `spelled`: all, or those before the first character outside the alphabet
  std::size_t written;  // bytes that they stand for
};

// Writes the bytes that `spelled` stands for to `out`, which has room for spelled.size().
AlphabetRead read_alphabet(std::string_view spelled, char* out);

// Appends the alphabet's spelling of `bytes`.
void append_alphabet_spelling(std::string& out, std::string_view bytes);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What a text says in hexadecimal, in base64 or by percent signs, decoded wherever it could be one:
// so that something can be looked for however it is written. Linear in the text. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// Bytes that a part of a text stands for, and where each stands there.
struct Disguised {
  std::string bytes;
  std::vector<std::size_t> begin;  // of the text, for each byte
  std::vector<std::size_t> end;
};

// Each run of digits of `text` that is long enough for `bytes_min` bytes, decoded at each alignment
// that it can have. Between digits of hexadecimal may stand spaces, line ends, : - , 0x and \x;
// between those of base64, of either alphabet, line ends. Runs of other digits are no error: what
// they decode to is noise.
std::vector<Disguised> decode_disguises(std::string_view text, std::size_t bytes_min);

}  // namespace hearth

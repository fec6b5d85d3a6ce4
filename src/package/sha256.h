// SPDX-License-Identifier: Apache-2.0
// SHA-256 by libsodium, fed piece by piece.
#pragma once

#include <sodium/crypto_hash_sha256.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace hearth {

class Sha256 {
 public:
  Sha256();
  void update(std::span<const std::byte> bytes);
  // The hash of all bytes so far as 64 lower-case hexadecimal digits. Called once, last.
  std::string finish_hex();

 private:
  crypto_hash_sha256_state state_;
};

// The hash of `text`, as finish_hex() has it.
std::string sha256_hex(std::string_view text);

// Whether `text` is 64 lower-case hexadecimal digits.
bool is_sha256_hex(std::string_view text);

}  // namespace hearth

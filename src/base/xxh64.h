// SPDX-License-Identifier: Apache-2.0
// XXH64, a fast 64-bit checksum: finds damage and tells files apart, but does not withstand
// somebody who wants two inputs to agree. Source: the xxHash specification 0.1.1 (Collet).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace hearth {

// Fed piece by piece; how the bytes are cut does not matter.
class Xxh64 {
 public:
  explicit Xxh64(uint64_t seed = 0);
  void update(std::span<const std::byte> bytes);
  // Of all bytes so far; more may follow.
  uint64_t digest() const;

 private:
  void consume(const std::byte* stripe);

  uint64_t seed_;
  uint64_t count_ = 0;  // bytes so far
  std::array<uint64_t, 4> lanes_;
  std::array<std::byte, 32> held_{};  // count_ % 32 bytes that fill no stripe yet
};

uint64_t xxh64(std::span<const std::byte> bytes);

}  // namespace hearth

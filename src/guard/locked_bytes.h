// SPDX-License-Identifier: Apache-2.0
// Text that must not reach a disk: in pages that are locked into memory, kept out of core dumps,
// and wiped before they are given back. Where the limit on locked memory is reached
// (RLIMIT_MEMLOCK), the pages are wiped and kept out of dumps all the same, and all_locked() is
// false.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace hearth {

// Append-only. Move-only owner of its pages; one thread at a time.
class LockedBytes {
 public:
  LockedBytes() = default;
  LockedBytes(LockedBytes&& other) noexcept;
  LockedBytes& operator=(LockedBytes&& other) noexcept;
  ~LockedBytes();

  // A copy of `text` that stays where it is while this object lives, moved or not. Empty where the
  // machine has no memory left (the text is not).
  std::string_view append(std::string_view text);

  bool all_locked() const { return all_locked_; }

 private:
  struct Block {
    char* data;
    std::size_t bytes;
    std::size_t used;
  };
  void wipe();

  std::vector<Block> blocks_;
  bool all_locked_ = true;
};

}  // namespace hearth

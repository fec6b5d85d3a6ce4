// SPDX-License-Identifier: Apache-2.0
#include "guard/locked_bytes.h"

#include <string.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace hearth {
namespace {

constexpr std::size_t kPageBytes = 4096;
constexpr std::size_t kBlockBytes = 4 * kPageBytes;

}  // namespace

LockedBytes::LockedBytes(LockedBytes&& other) noexcept
    : blocks_(std::exchange(other.blocks_, {})), all_locked_(other.all_locked_) {}

LockedBytes& LockedBytes::operator=(LockedBytes&& other) noexcept {
  if (this == &other) return *this;
  wipe();
  blocks_ = std::exchange(other.blocks_, {});
  all_locked_ = other.all_locked_;
  return *this;
}

LockedBytes::~LockedBytes() { wipe(); }

void LockedBytes::wipe() {
  for (const Block& block : blocks_) {
    ::explicit_bzero(block.data, block.used);
    ::munmap(block.data, block.bytes);
  }
  blocks_.clear();
}

std::string_view LockedBytes::append(std::string_view text) {
  if (blocks_.empty() || blocks_.back().bytes - blocks_.back().used < text.size()) {
    const std::size_t bytes =
        std::max(kBlockBytes, (text.size() + kPageBytes - 1) / kPageBytes * kPageBytes);
    void* const data =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (data == MAP_FAILED) return {};
    ::madvise(data, bytes, MADV_DONTDUMP);
    ::madvise(data, bytes, MADV_DONTFORK);
    if (::mlock(data, bytes) != 0) all_locked_ = false;
    blocks_.push_back({static_cast<char*>(data), bytes, 0});
  }
  Block& block = blocks_.back();
  char* const copy = block.data + block.used;
  std::memcpy(copy, text.data(), text.size());
  block.used += text.size();
  return {copy, text.size()};
}

}  // namespace hearth

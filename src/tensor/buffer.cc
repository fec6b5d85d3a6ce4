// SPDX-License-Identifier: Apache-2.0
#include "tensor/buffer.h"

#include <sys/mman.h>

#include <cstdint>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kHugePageBytes = std::size_t{2} << 20;

}  // namespace

Result<Buffer> Buffer::create(std::size_t bytes, PageHint hint) {
  if (bytes == 0) return Buffer();
  const bool huge = hint == PageHint::kHuge && bytes >= kHugePageBytes;
  const std::size_t mapping_bytes = bytes + (huge ? kHugePageBytes : 0);
  void* mapping = mapping_bytes < bytes
                      ? MAP_FAILED
                      : ::mmap(nullptr, mapping_bytes, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping == MAP_FAILED) {
    return Error(ErrorCode::kUnavailable,
                 concat("memory: ", bytes, " bytes cannot be had; use a smaller model or context"));
  }
  auto* data = static_cast<std::byte*>(mapping);
  if (huge) {
    const auto address = reinterpret_cast<std::uintptr_t>(data);
    data += (kHugePageBytes - address % kHugePageBytes) % kHugePageBytes;
    // Refused (no THP in this kernel): small pages work as well, only slower. The tail stays on
    // small pages.
    ::madvise(data, bytes / kHugePageBytes * kHugePageBytes, MADV_HUGEPAGE);
  }
  return Buffer(data, bytes, static_cast<std::byte*>(mapping), mapping_bytes);
}

Buffer::Buffer(Buffer&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapping_(std::exchange(other.mapping_, nullptr)),
      mapping_bytes_(std::exchange(other.mapping_bytes_, 0)) {}

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(mapping_, other.mapping_);
  std::swap(mapping_bytes_, other.mapping_bytes_);
  return *this;
}

Buffer::~Buffer() {
  if (mapping_ != nullptr) ::munmap(mapping_, mapping_bytes_);
}

}  // namespace hearth

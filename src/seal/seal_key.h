// SPDX-License-Identifier: Apache-2.0
// The key that text at rest is sealed with: 32 random bytes in a file that only its owner may read.
//
// Ownership: the bytes are wiped when the last copy goes. Threading: immutable.
#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"

namespace hearth {

inline constexpr std::size_t kSealKeyBytes = 32;

// A key made from another, for one purpose.
using SubKey = std::array<unsigned char, kSealKeyBytes>;

class SealKey {
 public:
  // The key in `path`, which is made where it is not there; of several processes that make it at
  // once, all get the same. Errors: kCorrupt (a file that holds no key), kUnavailable (others may
  // read it; permission, disk), and others of open_file().
  static Result<SealKey> load_or_create(const std::filesystem::path& path);
  // One that is there. Errors: kNotFound, and as load_or_create().
  static Result<SealKey> load(const std::filesystem::path& path);
  // A new one, which is kept nowhere yet. Errors: kUnavailable (no random numbers).
  static Result<SealKey> random();
  // Of bytes that were kept elsewhere; the caller wipes his.
  explicit SealKey(std::span<const unsigned char, kSealKeyBytes> bytes);

  std::span<const unsigned char, kSealKeyBytes> bytes() const { return *bytes_; }
  // By keyed BLAKE2b of the purpose; who has one learns nothing of the others.
  SubKey derive(std::string_view purpose) const;

 private:
  using Bytes = std::array<unsigned char, kSealKeyBytes>;

  explicit SealKey(std::shared_ptr<const Bytes> bytes) : bytes_(std::move(bytes)) {}
  static std::shared_ptr<Bytes> wiped_bytes();

  std::shared_ptr<const Bytes> bytes_;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Files at rest that only who has the key can read, or change unnoticed: messages one behind the
// other, each encrypted and bound to all before it, the last one marked as the last (libsodium's
// secretstream: XChaCha20-Poly1305, rekeyed as it goes). docs/formats/sealed.md.
//
// `context` is what the file is for; one that was sealed for something else is refused.
//
// Threading: one thread at a time.
#pragma once

#include <sodium.h>

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "base/temporary_file.h"
#include "seal/seal_key.h"

namespace hearth {

inline constexpr std::size_t kSealedMessageBytesMax = std::size_t{1} << 30;

class SealedWriter {
 public:
  // Errors: kUnavailable (permission, disk).
  static Result<SealedWriter> create(const std::filesystem::path& folder, const SealKey& key,
                                     std::string_view context);

  // Seals a message. Errors: kUnavailable (disk full).
  Result<void> write(std::span<const std::byte> message);
  // Marks the end, and puts the file in the place of `path`, for its owner only. Errors:
  // kUnavailable (disk full, permission).
  Result<void> publish(const std::filesystem::path& path);

 private:
  SealedWriter(TemporaryFile file, std::string_view context)
      : file_(std::move(file)), context_(context) {}
  Result<void> push(std::span<const std::byte> message, unsigned char tag);

  TemporaryFile file_;
  std::string context_;
  crypto_secretstream_xchacha20poly1305_state state_ = {};
  std::vector<std::byte> sealed_;
};

class SealedReader {
 public:
  // Errors: kNotFound, kCorrupt (no sealed file), kUnsupported (another version), kUnavailable.
  static Result<SealedReader> open(const std::filesystem::path& path, const SealKey& key,
                                   std::string_view context);

  // The next message, which has the size of `message`. Errors: kCorrupt (it was changed, cut short,
  // is none of that size, or was sealed with another key or for something else).
  Result<void> read(std::span<std::byte> message);
  // Whether that was all. Errors: as read().
  Result<void> finish();
  // What is wrong with the file, for what its messages hold too.
  Error corrupt(std::string_view why) const;

 private:
  SealedReader(OpenFile file, const std::filesystem::path& path, std::string_view context)
      : file_(std::move(file)), path_(path), context_(context) {}
  Result<void> pull(std::span<std::byte> message, unsigned char expected_tag);

  OpenFile file_;
  std::filesystem::path path_;
  std::string context_;
  crypto_secretstream_xchacha20poly1305_state state_ = {};
  std::vector<std::byte> sealed_;
};

}  // namespace hearth

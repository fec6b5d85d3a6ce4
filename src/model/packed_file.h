// SPDX-License-Identifier: Apache-2.0
// Packed weights kept in a file beside the model's own (a sidecar), so that the next start maps
// them instead of packing anew. The format is docs/formats/packed.md. Nothing in such a file is
// interpreted: it is the one that was asked for, and whole, or it is not used.
//
// Ownership: move-only. Threading: immutable once opened.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "base/thread_pool.h"

namespace hearth {

// What weights were packed from and how: where one of these differs, so do the bytes.
struct PackedIdentity {
  uint64_t source = 0;  // XXH64 of the FileIdentity of each of the model's files
  uint64_t plan = 0;    // XXH64 of what lies where in the packed bytes, and in which type
  uint64_t bytes = 0;   // all packed weights
};

class PackedFile {
 public:
  // Its name in a folder of such files.
  static std::string name(const PackedIdentity& identity);

  // Maps the file in `folder` that belongs to `identity` and reads all of it, on all threads of
  // `pool`, to compare the checksum. Errors: kNotFound (there is none), kCorrupt (damaged, cut
  // short, of other weights or another version), kUnavailable (permission, mapping failed).
  static Result<PackedFile> open(const std::filesystem::path& folder,
                                 const PackedIdentity& identity, ThreadPool& pool);

  // Keeps `weights` (identity.bytes of them) in `folder`, which exists. Of more than kFilesMax
  // such files there, those that were written first go. Errors: those of base/files.h's write_file.
  static Result<void> write(const std::filesystem::path& folder, const PackedIdentity& identity,
                            std::span<const std::byte> weights, ThreadPool& pool);
  static constexpr std::size_t kFilesMax = 8;

  // Whether `file` is what write() makes of these weights, to the last byte. Errors: kCorrupt.
  static Result<void> check(std::span<const std::byte> file, const PackedIdentity& identity,
                            ThreadPool& pool);

  std::span<const std::byte> weights() const { return file_.bytes().first(bytes_); }
  // Copies them to `memory`, which has room for them, on all threads, and gives the file's pages
  // back.
  void move_to(std::byte* memory, ThreadPool& pool) const;
  // See MappedFile::on_huge_pages().
  bool on_huge_pages() const { return file_.on_huge_pages(); }

 private:
  PackedFile(MappedFile file, std::size_t bytes) : file_(std::move(file)), bytes_(bytes) {}

  MappedFile file_;
  std::size_t bytes_;
};

}  // namespace hearth

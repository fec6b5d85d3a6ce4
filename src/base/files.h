// SPDX-License-Identifier: Apache-2.0
// Files: mapping for models, whole reads with a cap, atomic writes. Errors name the path, the cause
// and the remedy.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

#include "base/owned_fd.h"
#include "base/result.h"

namespace hearth {

// Which bytes a path stood for when it was opened: another file, or the same one written anew,
// differs in one of these.
struct FileIdentity {
  uint64_t device;
  uint64_t inode;
  uint64_t bytes;
  int64_t modified_ns;  // since 1970
};

// A regular file, opened for reading.
struct OpenFile {
  OwnedFd fd;
  FileIdentity identity;
  mode_t mode;

  // The next bytes, up to the end of the file: how many. `path` is what errors call it. Errors:
  // kUnavailable.
  Result<std::size_t> read(std::span<std::byte> into, const std::filesystem::path& path) const;
};

// Errors: kNotFound (no such file), kUsage (a folder or not a regular file), kUnavailable
// (permission).
Result<OpenFile> open_file(const std::filesystem::path& path);

// A file mapped read-only. Move-only owner of the mapping; concurrent reads are safe.
class MappedFile {
 public:
  // Errors: kNotFound (no such file), kUsage (a folder or not a regular file), kCorrupt (empty),
  // kUnavailable (permission, mapping failed).
  static Result<MappedFile> open(const std::filesystem::path& path);

  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  // Valid while this object lives and has not been moved from.
  std::span<const std::byte> bytes() const { return {data_, identity_.bytes}; }
  const FileIdentity& identity() const { return identity_; }

  // Asks the kernel to start reading the range ahead of use.
  void prefetch(std::span<const std::byte> range) const;
  // Gives the range's pages back (they can be read again from the file): used once weights have
  // been packed.
  void drop(std::span<const std::byte> range) const;

  // Asks for huge pages, for a file whose every byte will be read, again and again. A refusal does
  // no harm: on_huge_pages() tells.
  void ask_for_huge_pages() const;
  // Whether most of the file, all of which was read before, lies on huge pages; that is up to the
  // file system. Where the kernel does not say: no.
  bool on_huge_pages() const;

 private:
  MappedFile(const std::byte* data, const FileIdentity& identity)
      : data_(data), identity_(identity) {}

  const std::byte* data_ = nullptr;
  FileIdentity identity_{};
};

// The whole file. Errors: as MappedFile::open, but an empty file is an empty string; kUsage where
// it is longer than `bytes_max`.
Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);

// Makes the folder and those around it where they are not there, flushed to the disk. Errors:
// kUnavailable (permission, disk full, a file is in the way) and others of file_error().
Result<void> make_folder(const std::filesystem::path& folder);

// Who may read a file that is written; only its owner may write it again.
enum class FileReaders { kAll, kOwner };

// Replaces `path` by `pieces`, one behind the other, so that a crash leaves the old or the new file
// whole: temporary file beside it, fsync, rename, fsync of the folder. Errors: kUnavailable (disk
// full, permission).
Result<void> write_file(const std::filesystem::path& path,
                        std::initializer_list<std::string_view> pieces,
                        FileReaders readers = FileReaders::kAll);
Result<void> write_file(const std::filesystem::path& path, std::string_view content,
                        FileReaders readers = FileReaders::kAll);

// An Error for a failed system call on `path`, saying strerror(error_number) and a remedy.
Error file_error(int error_number, std::string_view action, const std::filesystem::path& path);

}  // namespace hearth

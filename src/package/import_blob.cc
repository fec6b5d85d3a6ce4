// SPDX-License-Identifier: Apache-2.0
// How bytes enter the store: copied and hashed in one pass, published under their hash.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/files.h"
#include "base/strings.h"
#include "package/durable.h"
#include "package/sha256.h"
#include "package/store.h"

namespace hearth {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;

Result<OwnedFd> open_source(const std::filesystem::path& path, uint64_t& bytes) {
  OwnedFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return file_error(errno, "cannot open", path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return file_error(errno, "cannot stat", path);
  const std::string name = printable(path.string(), 300);
  if (!S_ISREG(info.st_mode)) {
    return Error(ErrorCode::kUsage, concat(name, ": is not a regular file; name a file"));
  }
  if (info.st_size == 0) {
    return Error(ErrorCode::kCorrupt, concat(name, ": the file is empty; fetch it again"));
  }
  bytes = static_cast<uint64_t>(info.st_size);
  return fd;
}

Result<void> write_piece(int fd, std::span<const std::byte> piece,
                         const std::filesystem::path& folder) {
  while (!piece.empty()) {
    const ssize_t written = ::write(fd, piece.data(), piece.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error(errno, "cannot write to", folder);
    piece = piece.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

// Takes the bytes of a blob: writes and hashes them, and tells the progress.
class BlobWriter {
 public:
  BlobWriter(int fd, const std::filesystem::path& folder, uint64_t bytes_total,
             ByteProgress progress)
      : fd_(fd), folder_(folder), bytes_total_(bytes_total), progress_(progress) {}

  // Errors: kUnavailable (disk full), kCancelled.
  Result<void> write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), kPieceBytes));
      bytes = bytes.subspan(piece.size());
      hash_.update(piece);
      HEARTH_TRY(write_piece(fd_, piece, folder_));
      bytes_done_ += piece.size();
      if (!progress_(bytes_done_, bytes_total_)) {
        return Error(ErrorCode::kCancelled, "import: stopped; the store is as it was");
      }
    }
    return {};
  }
  uint64_t bytes_done() const { return bytes_done_; }
  std::string finish_hex() { return hash_.finish_hex(); }

 private:
  int fd_;
  const std::filesystem::path& folder_;
  uint64_t bytes_total_;
  ByteProgress progress_;
  uint64_t bytes_done_ = 0;
  Sha256 hash_;
};

Result<void> copy_file(const OwnedFd& source, const ImportRequest& request, BlobWriter& target) {
  std::vector<std::byte> buffer(kPieceBytes);
  while (true) {
    const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno, "cannot read", request.file);
    if (count == 0) return {};
    HEARTH_TRY(target.write({buffer.data(), static_cast<std::size_t>(count)}));
  }
}

// Writes the bytes that the request asks for to `fd`, in `folder`, and says in `file` what they
// are.
Result<void> fill_blob(const ImportRequest& request, int fd, const std::filesystem::path& folder,
                       ByteProgress progress, ManifestFile& file) {
  OwnedFd source;
  uint64_t bytes_total = request.source_bytes;
  if (!request.source) {
    HEARTH_ASSIGN(source, open_source(request.file, bytes_total));
  }
  BlobWriter writer(fd, folder, bytes_total, progress);
  if (request.source) {
    HEARTH_TRY(
        request.source([&](std::span<const std::byte> piece) { return writer.write(piece); }));
  } else {
    HEARTH_TRY(copy_file(source, request, writer));
  }
  if (writer.bytes_done() != bytes_total) {
    return Error(ErrorCode::kCorrupt,
                 concat(printable(request.file.string(), 300), ": changed from ", bytes_total,
                        " to ", writer.bytes_done(), " bytes while it was read; try again"));
  }
  file.bytes = writer.bytes_done();
  file.sha256 = writer.finish_hex();
  return {};
}

}  // namespace

Result<void> Store::add_blob(const ImportRequest& request, Manifest& manifest,
                             ByteProgress progress) const {
  const std::filesystem::path folder = folder_ / "blobs";
  ManifestFile file;
  file.role = "model";
  file.path = request.file.filename().string();
  HEARTH_ASSIGN(TemporaryFile target, TemporaryFile::create(folder));
  HEARTH_TRY(fill_blob(request, target.fd(), folder, progress, file));
  if (!request.sha256_expected.empty() && file.sha256 != request.sha256_expected) {
    return Error(ErrorCode::kVerification,
                 concat(printable(request.file.string(), 300), ": has SHA-256 ", file.sha256,
                        " where ", request.sha256_expected, " is expected; fetch it again"));
  }
  if (request.examine) HEARTH_TRY(request.examine(target.path(), manifest));
  manifest.files = {file};
  // Also where the blob exists already: whatever happened to it, now it is right.
  return target.publish(blob_path(file.sha256));
}

}  // namespace hearth

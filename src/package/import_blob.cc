// SPDX-License-Identifier: Apache-2.0
// How bytes enter the store: copied and hashed in one pass, published under their hash.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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

// Copies all of `source` to `target` and returns the hash of what was copied.
Result<std::string> copy_and_hash(const OwnedFd& source, const ImportRequest& request,
                                  uint64_t bytes_total, const std::filesystem::path& folder,
                                  int target, uint64_t& bytes_done, ByteProgress progress) {
  Sha256 hash;
  std::vector<std::byte> buffer(kPieceBytes);
  while (true) {
    const ssize_t count = ::read(source.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return file_error(errno, "cannot read", request.file);
    if (count == 0) break;
    const std::span<const std::byte> piece(buffer.data(), static_cast<std::size_t>(count));
    hash.update(piece);
    HEARTH_TRY(write_piece(target, piece, folder));
    bytes_done += piece.size();
    if (!progress(bytes_done, bytes_total)) {
      return Error(ErrorCode::kCancelled, "import: stopped; the store is as it was");
    }
  }
  if (bytes_done != bytes_total) {
    return Error(ErrorCode::kCorrupt,
                 concat(printable(request.file.string(), 300), ": changed from ", bytes_total,
                        " to ", bytes_done, " bytes while it was read; try again"));
  }
  return hash.finish_hex();
}

}  // namespace

Result<void> Store::add_blob(const ImportRequest& request, Manifest& manifest,
                             ByteProgress progress) const {
  const std::filesystem::path folder = folder_ / "blobs";
  ManifestFile file;
  file.role = "model";
  file.path = request.file.filename().string();
  uint64_t bytes_total = 0;
  HEARTH_ASSIGN(const OwnedFd source, open_source(request.file, bytes_total));
  HEARTH_ASSIGN(TemporaryFile target, TemporaryFile::create(folder));
  HEARTH_ASSIGN(file.sha256, copy_and_hash(source, request, bytes_total, folder, target.fd(),
                                           file.bytes, progress));
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

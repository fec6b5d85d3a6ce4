// SPDX-License-Identifier: Apache-2.0
#include "base/temporary_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {

Result<TemporaryFile> TemporaryFile::create(const std::filesystem::path& folder) {
  std::string path = (folder / concat(kPrefix, "XXXXXX")).string();
  OwnedFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (fd.get() < 0) return file_error(errno, "cannot create a file in", folder);
  return TemporaryFile(std::move(fd), path);
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> TemporaryFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return file_error(errno, "cannot write to", path_.parent_path());
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
  return {};
}

Result<void> TemporaryFile::publish(const std::filesystem::path& path, mode_t mode) {
  if (::fchmod(fd_.get(), mode) != 0) return file_error(errno, "cannot set the mode of", path_);
  if (::fsync(fd_.get()) != 0) return file_error(errno, "cannot flush", path_);
  if (::rename(path_.c_str(), path.c_str()) != 0) return file_error(errno, "cannot replace", path);
  path_.clear();
  return flush_folder(path.has_parent_path() ? path.parent_path() : std::filesystem::path("."));
}

Result<void> flush_folder(const std::filesystem::path& folder) {
  const OwnedFd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return file_error(errno, "cannot open the folder", folder);
  // Some file systems cannot flush a folder and need not.
  if (::fsync(fd.get()) != 0 && errno != EINVAL && errno != EROFS) {
    return file_error(errno, "cannot flush the folder", folder);
  }
  return {};
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "package/durable.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {

OwnedFd::~OwnedFd() {
  if (fd_ >= 0) ::close(fd_);
}

Result<StoreLock> StoreLock::acquire(const std::filesystem::path& store_folder) {
  const std::filesystem::path path = store_folder / "lock";
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (fd.get() < 0) return file_error(errno, "cannot open", path);
  if (::flock(fd.get(), LOCK_EX) != 0) {
    if (errno == EINTR) {
      return Error(ErrorCode::kCancelled, "store: stopped while waiting for another hearth");
    }
    return file_error(errno, "cannot lock", path);
  }
  return StoreLock(std::move(fd));
}

Result<TemporaryFile> TemporaryFile::create(const std::filesystem::path& folder) {
  std::string path = (folder / concat(kPrefix, "XXXXXX")).string();
  OwnedFd fd(::mkostemp(path.data(), O_CLOEXEC));
  if (fd.get() < 0) return file_error(errno, "cannot create a file in", folder);
  return TemporaryFile(std::move(fd), path);
}

TemporaryFile::~TemporaryFile() {
  if (!path_.empty()) ::unlink(path_.c_str());
}

Result<void> TemporaryFile::publish(const std::filesystem::path& path) {
  if (::fchmod(fd_.get(), 0444) != 0) return file_error(errno, "cannot set the mode of", path_);
  if (::fsync(fd_.get()) != 0) return file_error(errno, "cannot flush", path_);
  if (::rename(path_.c_str(), path.c_str()) != 0)
    return file_error(errno, "cannot rename to", path);
  path_.clear();
  return flush_folder(path.parent_path());
}

Result<void> make_folders(const std::filesystem::path& folder) {
  struct stat info {};
  if (::stat(folder.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return Error(ErrorCode::kUnavailable, concat(printable(folder.string(), 300),
                                                 ": is in the way of a folder; move it away"));
  }
  const std::filesystem::path parent = folder.parent_path();
  if (!parent.empty() && parent != folder) HEARTH_TRY(make_folders(parent));
  if (::mkdir(folder.c_str(), 0755) != 0 && errno != EEXIST) {
    return file_error(errno, "cannot create the folder", folder);
  }
  return flush_folder(parent.empty() ? std::filesystem::path(".") : parent);
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

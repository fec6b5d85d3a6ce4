// SPDX-License-Identifier: Apache-2.0
#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>

#include <cerrno>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {

Result<OwnedFd> FileLock::open(const std::filesystem::path& path) {
  OwnedFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (fd.get() < 0) return file_error(errno, "cannot open", path);
  return fd;
}

Result<FileLock> FileLock::acquire(const std::filesystem::path& path) {
  HEARTH_ASSIGN(OwnedFd fd, open(path));
  if (::flock(fd.get(), LOCK_EX) == 0) return FileLock(std::move(fd));
  if (errno != EINTR) return file_error(errno, "cannot lock", path);
  return Error(ErrorCode::kCancelled,
               concat(printable(path.string(), 300), ": stopped while waiting for another hearth"));
}

Result<FileLock> FileLock::try_acquire(const std::filesystem::path& path) {
  HEARTH_ASSIGN(OwnedFd fd, open(path));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return FileLock(std::move(fd));
  if (errno != EWOULDBLOCK) return file_error(errno, "cannot lock", path);
  return Error(ErrorCode::kUnavailable,
               concat(printable(path.string(), 300), ": another hearth holds it; end that first"));
}

}  // namespace hearth

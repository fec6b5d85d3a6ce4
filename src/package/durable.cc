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
#include "base/temporary_file.h"

namespace hearth {

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

}  // namespace hearth

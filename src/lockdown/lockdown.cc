// SPDX-License-Identifier: Apache-2.0
#include "lockdown/lockdown.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <vector>

#include "base/strings.h"
#include "lockdown/landlock.h"
#include "lockdown/seccomp_filter.h"

namespace hearth {
namespace {

Error refused(std::string_view call) {
  return Error(ErrorCode::kUnavailable, concat("lockdown: ", call, ": ", std::strerror(errno),
                                               "; check that nothing else restricts this process"));
}

// Threads of this process; 1 where /proc cannot be read.
int count_threads() {
  std::error_code error;
  int count = 0;
  for (std::filesystem::directory_iterator task("/proc/self/task", error), end;
       !error && task != end; task.increment(error)) {
    ++count;
  }
  return count > 0 ? count : 1;
}

// Where close_range is missing (Linux before 5.9) or a container's filter does not know it.
Result<void> close_listed_descriptors(const std::vector<int>& keep) {
  std::error_code error;
  std::vector<int> open;
  for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
       !error && entry != end; entry.increment(error)) {
    open.push_back(std::atoi(entry->path().filename().c_str()));
  }
  if (error) {
    errno = error.value();
    return refused("close_range and /proc/self/fd");
  }
  for (const int fd : open) {
    // The folder's own has been closed already, which does no harm.
    if (fd > 2 && std::find(keep.begin(), keep.end(), fd) == keep.end()) ::close(fd);
  }
  return {};
}

}  // namespace

// A core dump is a copy of the prompt on disk; the dumpable flag also keeps other processes of the
// same user from reading our memory.
Result<void> disable_core_dumps() {
  const struct rlimit none {};
  if (::setrlimit(RLIMIT_CORE, &none) != 0) return refused("setrlimit(RLIMIT_CORE)");
  if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return refused("prctl(PR_SET_DUMPABLE)");
  return {};
}

// A descriptor that was handed down may be a connected socket, which no filter on new ones stops.
Result<void> close_inherited_descriptors(std::vector<int> keep) {
  std::sort(keep.begin(), keep.end());
  unsigned first = 3;
  for (const int kept : keep) {
    const auto fd = static_cast<unsigned>(kept);
    if (fd < first) continue;
    if (fd > first && ::syscall(SYS_close_range, first, fd - 1, 0u) != 0) {
      return close_listed_descriptors(keep);
    }
    first = fd + 1;
  }
  if (::syscall(SYS_close_range, first, ~0u, 0u) == 0) return {};
  return close_listed_descriptors(keep);
}

Result<LockdownReport> lockdown(const LockdownOptions& options) {
  const int abi = landlock_abi();
  if (const int threads = count_threads(); abi > 0 && threads > 1) {
    return Error(ErrorCode::kUsage, concat("lockdown: ", threads,
                                           " threads are running and Landlock reaches only this "
                                           "one; lock down before starting threads"));
  }
  if (options.connections == Connections::kNone)
    HEARTH_TRY(close_inherited_descriptors(options.keep));
  HEARTH_TRY(disable_core_dumps());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return refused("prctl(PR_SET_NO_NEW_PRIVS)");
  HEARTH_TRY(confine_writes(abi, options.writable, options.removable));
  HEARTH_TRY(install_seccomp_filter(options.connections));

  LockdownReport report{true, abi, "seccomp refuses sockets; "};
  report.summary += abi > 0 ? concat("Landlock ABI ", abi, " confines writes")
                            : std::string("this kernel has no Landlock to confine writes");
  return report;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "lockdown/landlock.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/files.h"
#include "base/owned_fd.h"
#include "base/strings.h"
#include "lockdown/lockdown.h"

namespace hearth {
namespace {

// Rights of newer kernels than the headers we build with.
constexpr uint64_t kTruncate = 1ull << 14;          // ABI 3
constexpr uint64_t kIoctlDevice = 1ull << 15;       // ABI 5
constexpr uint64_t kNetBindTcp = 1ull << 0;         // ABI 4
constexpr uint64_t kNetConnectTcp = 1ull << 1;      // ABI 4
constexpr uint64_t kScopeAbstractUnix = 1ull << 0;  // ABI 6
constexpr uint64_t kScopeSignal = 1ull << 1;        // ABI 6
constexpr int kRuleNetPort = 2;                     // LANDLOCK_RULE_NET_PORT, ABI 4

// struct landlock_ruleset_attr as of ABI 6; older kernels are given its beginning.
struct RulesetAttributes {
  uint64_t handled_access_fs;
  uint64_t handled_access_net;
  uint64_t scoped;
};

// struct landlock_net_port_attr.
struct PortRule {
  uint64_t allowed_access;
  uint64_t port;
};

constexpr uint64_t kReadAbi1 =
    LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;

constexpr uint64_t kWriteAbi1 = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;

// What a writable folder allows: files, folders and links, but no devices, sockets or pipes, which
// would be doors to other processes.
constexpr uint64_t kFolderAbi1 = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                 LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
                                 LANDLOCK_ACCESS_FS_MAKE_REG;

// The rights about writing that a kernel of this ABI can refuse.
uint64_t write_rights(int abi) {
  uint64_t rights = kWriteAbi1;
  if (abi >= 2) rights |= LANDLOCK_ACCESS_FS_REFER;
  if (abi >= 3) rights |= kTruncate;
  return rights;
}

Error refused(std::string_view call) {
  return Error(ErrorCode::kUnavailable, concat("lockdown: ", call, ": ", std::strerror(errno),
                                               "; check that nothing else restricts this process"));
}

// Allows `rights` at `path` and, where it is a folder, below it.
Result<void> allow(int ruleset, const std::filesystem::path& path, uint64_t rights) {
  const OwnedFd target(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (target.get() < 0) return file_error(errno, "cannot open", path);
  struct landlock_path_beneath_attr rule {};
  rule.allowed_access = rights;
  rule.parent_fd = target.get();
  if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0) {
    return refused("landlock_add_rule");
  }
  return {};
}

Result<void> allow_below(int ruleset, const std::vector<std::filesystem::path>& folders,
                         uint64_t rights) {
  for (const std::filesystem::path& folder : folders) {
    struct stat info {};
    if (::stat(folder.c_str(), &info) != 0) return file_error(errno, "cannot open", folder);
    if (!S_ISDIR(info.st_mode)) {
      return Error(ErrorCode::kUsage, concat("lockdown: ", printable(folder.string(), 300),
                                             ": is not a folder; name one"));
    }
    HEARTH_TRY(allow(ruleset, folder, rights));
  }
  return {};
}

// The ruleset that attributes ask for, with those that this ABI does not know left out.
OwnedFd create_ruleset(int abi, RulesetAttributes attributes) {
  std::size_t attribute_bytes = sizeof attributes;
  if (abi < 6) attribute_bytes = 2 * sizeof(uint64_t);
  if (abi < 4) attribute_bytes = sizeof attributes.handled_access_fs;
  return OwnedFd(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, attribute_bytes, 0)));
}

Result<void> allow_ports(int ruleset, const std::vector<uint16_t>& ports) {
  for (const uint16_t port : ports) {
    const PortRule rule{kNetConnectTcp, port};
    if (::syscall(SYS_landlock_add_rule, ruleset, kRuleNetPort, &rule, 0) != 0) {
      return refused("landlock_add_rule");
    }
  }
  return {};
}

}  // namespace

int landlock_abi() {
  const long abi =
      ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return abi > 0 ? static_cast<int>(abi) : 0;
}

Result<void> confine_writes(int abi, const std::vector<std::filesystem::path>& writable,
                            const std::vector<std::filesystem::path>& removable) {
  if (abi == 0) return {};
  const OwnedFd ruleset = create_ruleset(
      abi, {write_rights(abi), kNetBindTcp | kNetConnectTcp, kScopeAbstractUnix | kScopeSignal});
  if (ruleset.get() < 0) return refused("landlock_create_ruleset");

  const uint64_t handled = write_rights(abi);
  const uint64_t folder_rights = handled & (kFolderAbi1 | LANDLOCK_ACCESS_FS_REFER | kTruncate);
  HEARTH_TRY(allow_below(ruleset.get(), writable, folder_rights));
  HEARTH_TRY(allow_below(ruleset.get(), removable, LANDLOCK_ACCESS_FS_REMOVE_FILE));
  // The terminal and /dev/null are not ways out, and libraries open them.
  for (const char* device : {"/dev/tty", "/dev/null"}) {
    if (::access(device, F_OK) != 0) continue;
    HEARTH_TRY(allow(ruleset.get(), device, handled & (LANDLOCK_ACCESS_FS_WRITE_FILE | kTruncate)));
  }
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return refused("landlock_restrict_self");
  }
  return {};
}

Result<void> confine_to_reading(int abi, const std::vector<std::filesystem::path>& readable,
                                const std::vector<uint16_t>& ports) {
  if (abi == 0) return {};
  uint64_t handled = kReadAbi1 | write_rights(abi);
  if (abi >= 5) handled |= kIoctlDevice;
  const OwnedFd ruleset =
      create_ruleset(abi, {handled, ports.empty() ? kNetBindTcp : kNetBindTcp | kNetConnectTcp,
                           kScopeAbstractUnix | kScopeSignal});
  if (ruleset.get() < 0) return refused("landlock_create_ruleset");
  for (const std::filesystem::path& path : readable) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) continue;
    const uint64_t folder_right = S_ISDIR(info.st_mode) ? LANDLOCK_ACCESS_FS_READ_DIR : 0;
    HEARTH_TRY(allow(ruleset.get(), path, LANDLOCK_ACCESS_FS_READ_FILE | folder_right));
  }
  if (abi >= 4) HEARTH_TRY(allow_ports(ruleset.get(), ports));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), 0) != 0) {
    return refused("landlock_restrict_self");
  }
  return {};
}

}  // namespace hearth

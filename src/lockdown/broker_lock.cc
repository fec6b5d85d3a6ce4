// SPDX-License-Identifier: Apache-2.0
#include "lockdown/broker_lock.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

#include "base/strings.h"
#include "lockdown/landlock.h"
#include "lockdown/lockdown.h"
#include "lockdown/seccomp_rules.h"

namespace hearth {
namespace {

constexpr int kRefusedCalls[] = {
    // Other programs and processes.
    SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(fork), SCMP_SYS(vfork),
    // Letting others in.
    SCMP_SYS(listen), SCMP_SYS(accept), SCMP_SYS(accept4),
    // Behind seccomp's back.
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
    // Reaching into other processes.
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd), SCMP_SYS(kill), SCMP_SYS(tkill), SCMP_SYS(perf_event_open),
    // Queues and memory by names that are no files.
    SCMP_SYS(msgget), SCMP_SYS(msgsnd), SCMP_SYS(shmget), SCMP_SYS(shmat), SCMP_SYS(mq_open),
    // Files: none is made, changed or removed.
    SCMP_SYS(creat), SCMP_SYS(truncate), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
    SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(symlink),
    SCMP_SYS(symlinkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat), SCMP_SYS(rmdir), SCMP_SYS(mknod),
    SCMP_SYS(mknodat), SCMP_SYS(chmod), SCMP_SYS(fchmodat), SCMP_SYS(open_by_handle_at),
    // File systems and keys.
    SCMP_SYS(mount), SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(move_mount),
    SCMP_SYS(request_key), SCMP_SYS(add_key), SCMP_SYS(keyctl),
    // The rules of the kernel.
    SCMP_SYS(bpf), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(init_module),
    SCMP_SYS(finit_module), SCMP_SYS(userfaultfd)};

constexpr unsigned long kWritingFlags[] = {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC};
constexpr unsigned long kRefusedIoctls[] = {TIOCSTI, TIOCLINUX};

// Of addresses: IP, and netlink, by which libc asks which addresses this machine has. Not Unix
// sockets: other processes would act as proxies. Pairs of them (socketpair) reach nobody.
void refuse_families(SeccompRules& rules) {
  for (unsigned long family = 0; family <= AF_NETLINK; ++family) {
    if (family == AF_INET || family == AF_INET6 || family == AF_NETLINK) continue;
    rules.refuse(SCMP_SYS(socket), {argument(0, SCMP_CMP_EQ, family)});
  }
  rules.refuse(SCMP_SYS(socket), {argument(0, SCMP_CMP_GT, AF_NETLINK)});
  for (const unsigned long family : {AF_INET, AF_INET6}) {  // packets of one's own making
    rules.refuse(SCMP_SYS(socket), {argument(0, SCMP_CMP_EQ, family),
                                    argument(1, SCMP_CMP_MASKED_EQ, 0xf, SOCK_RAW)});
  }
}

Result<void> install_broker_filter() {
  SeccompRules rules;
  for (const int call : kRefusedCalls) rules.refuse(call);
  refuse_families(rules);
  // A clone that is no thread is a process.
  rules.refuse(SCMP_SYS(clone), {argument(0, SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0)});
  rules.hide(SCMP_SYS(clone3));   // its flags lie in memory
  rules.hide(SCMP_SYS(openat2));  // likewise
  for (const unsigned long flag : kWritingFlags) {
    rules.refuse(SCMP_SYS(open), {argument(1, SCMP_CMP_MASKED_EQ, flag, flag)});
    rules.refuse(SCMP_SYS(openat), {argument(2, SCMP_CMP_MASKED_EQ, flag, flag)});
  }
  for (const unsigned long request : kRefusedIoctls) {
    rules.refuse(SCMP_SYS(ioctl), {argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffu, request)});
  }
  return rules.load();
}

}  // namespace

Result<void> lock_broker(const BrokerLock& lock) {
  HEARTH_TRY(disable_core_dumps());
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    return Error(ErrorCode::kUnavailable,
                 concat("lockdown: prctl(PR_SET_NO_NEW_PRIVS): ", std::strerror(errno),
                        "; check that nothing else restricts this process"));
  }
  HEARTH_TRY(confine_to_reading(landlock_abi(), lock.readable, lock.ports));
  return install_broker_filter();
}

}  // namespace hearth

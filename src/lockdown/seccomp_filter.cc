// SPDX-License-Identifier: Apache-2.0
// A list of refusals, not of permissions: what a C++ runtime needs differs between libc versions
// and must not break an update, while the doors out of a process are few and known.
#include "lockdown/seccomp_filter.h"

#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <initializer_list>
#include <memory>
#include <span>

#include "base/strings.h"
#include "lockdown/lockdown.h"

namespace hearth {
namespace {

// Refused with EPERM, whatever the arguments.
constexpr int kRefusedCalls[] = {
    // Sockets of every family. AF_UNIX too: D-Bus, nscd and systemd-resolved would act as proxies.
    SCMP_SYS(socket), SCMP_SYS(socketpair), SCMP_SYS(connect), SCMP_SYS(bind), SCMP_SYS(listen),
    // seccomp cannot see the address in a msghdr, nor descriptors that arrive by SCM_RIGHTS.
    SCMP_SYS(sendmsg), SCMP_SYS(sendmmsg), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg),
    // io_uring does all of the above behind seccomp's back.
    SCMP_SYS(io_uring_setup), SCMP_SYS(io_uring_enter), SCMP_SYS(io_uring_register),
    // Reaching into other processes, which may connect.
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev),
    SCMP_SYS(pidfd_getfd),
    // Queues and memory by names that are no files, which Landlock does not see.
    SCMP_SYS(msgget), SCMP_SYS(msgsnd), SCMP_SYS(shmget), SCMP_SYS(shmat), SCMP_SYS(mq_open),
    // Having the kernel connect: file systems of the network, keys that are looked up by a program.
    SCMP_SYS(mount), SCMP_SYS(fsopen), SCMP_SYS(fsmount), SCMP_SYS(move_mount),
    SCMP_SYS(request_key),
    // Changing the rules of the kernel, or leaving for a namespace with other rules.
    SCMP_SYS(bpf), SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(init_module),
    SCMP_SYS(finit_module)};

// Refused too where nobody is to be let in.
constexpr int kAcceptingCalls[] = {SCMP_SYS(accept), SCMP_SYS(accept4)};

// What programs that are built to leak let through, to show that the proof finds it
// (tests/CMakeLists.txt). Ours nothing.
#ifndef HEARTH_LEAKS
#define HEARTH_LEAKS
#endif
constexpr std::initializer_list<int> kLeaks = {HEARTH_LEAKS};

constexpr unsigned long kNamespaceFlags[] = {CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
                                             CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
                                             CLONE_NEWNET};

// Typing into the terminal that we were started from: its shell would run it after we have gone.
constexpr unsigned long kRefusedIoctls[] = {TIOCSTI, TIOCLINUX};

// Options of IP: a route by way of another machine is among them.
constexpr unsigned long kRefusedOptionLevels[] = {IPPROTO_IP, IPPROTO_IPV6};

Error refused(std::string_view step, int negative_errno) {
  return Error(ErrorCode::kUnavailable,
               concat("lockdown: ", step, ": ", std::strerror(-negative_errno),
                      "; hearth reads prompts only where the kernel has seccomp filters"));
}

struct Release {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, Release>;  // scmp_filter_ctx is a void*

int set_attributes(scmp_filter_ctx filter) {
  // i386 and x32 entries have other call numbers; the whole architecture is refused, not killed.
  int status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(EPERM));
  if (status == 0) status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 1);
  if (status == 0) status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
  return status;
}

// A condition on an argument of a call. libseccomp's macros for it are C99, not C++.
scmp_arg_cmp argument(unsigned index, scmp_compare compare, uint64_t a, uint64_t b = 0) {
  return {index, compare, a, b};
}

constexpr uint32_t kRefuse = SCMP_ACT_ERRNO(EPERM);

int refuse_calls(scmp_filter_ctx filter, std::span<const int> calls) {
  for (const int call : calls) {
    if (std::find(kLeaks.begin(), kLeaks.end(), call) != kLeaks.end()) continue;
    if (const int status = seccomp_rule_add(filter, kRefuse, call, 0); status != 0) return status;
  }
  return 0;
}

int add_rules(scmp_filter_ctx filter, Connections connections) {
  int status = refuse_calls(filter, kRefusedCalls);
  if (status == 0 && connections == Connections::kNone) {
    status = refuse_calls(filter, kAcceptingCalls);
  }
  // send() on a connected descriptor is a sendto() without an address; with one it picks a target.
  if (status == 0) {
    status = seccomp_rule_add(filter, kRefuse, SCMP_SYS(sendto), 1, argument(4, SCMP_CMP_NE, 0));
  }
  for (const unsigned long flag : kNamespaceFlags) {
    if (status != 0) break;
    status = seccomp_rule_add(filter, kRefuse, SCMP_SYS(clone), 1,
                              argument(0, SCMP_CMP_MASKED_EQ, flag, flag));
  }
  // clone3's flags lie in memory; libc falls back to clone where the call does not exist.
  if (status == 0) {
    status = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
  }
  for (const unsigned long request : kRefusedIoctls) {
    if (status != 0) break;
    // The kernel looks at the lower 32 bits of the request only.
    status = seccomp_rule_add(filter, kRefuse, SCMP_SYS(ioctl), 1,
                              argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffu, request));
  }
  for (const unsigned long level : kRefusedOptionLevels) {
    if (status != 0) break;
    status = seccomp_rule_add(filter, kRefuse, SCMP_SYS(setsockopt), 1,
                              argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffu, level));
  }
  return status;
}

}  // namespace

bool seccomp_available() { return seccomp_api_get() >= 2; }  // 2: filters with TSYNC

Result<void> install_seccomp_filter(Connections connections) {
  const Filter filter(seccomp_init(SCMP_ACT_ALLOW));
  if (filter == nullptr) return refused("seccomp_init", -ENOMEM);
  if (const int status = set_attributes(filter.get()); status != 0) {
    return refused("seccomp_attr_set", status);
  }
  if (const int status = add_rules(filter.get(), connections); status != 0) {
    return refused("seccomp_rule_add", status);
  }
  if (const int status = seccomp_load(filter.get()); status != 0) {
    return refused("seccomp_load", status);
  }
  return {};
}

}  // namespace hearth

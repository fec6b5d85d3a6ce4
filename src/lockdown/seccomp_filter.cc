// SPDX-License-Identifier: Apache-2.0
// A list of refusals, not of permissions: what a C++ runtime needs differs between libc versions
// and must not break an update, while the doors out of a process are few and known.
#include "lockdown/seccomp_filter.h"

#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <initializer_list>
#include <span>

#include "lockdown/lockdown.h"
#include "lockdown/seccomp_rules.h"

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

// All but the leaks.
void refuse_calls(SeccompRules& rules, std::span<const int> calls) {
  for (const int call : calls) {
    if (std::find(kLeaks.begin(), kLeaks.end(), call) == kLeaks.end()) rules.refuse(call);
  }
}

}  // namespace

bool seccomp_available() { return seccomp_api_get() >= 2; }  // 2: filters with TSYNC

Result<void> install_seccomp_filter(Connections connections) {
  SeccompRules rules;
  refuse_calls(rules, kRefusedCalls);
  if (connections == Connections::kNone) refuse_calls(rules, kAcceptingCalls);
  // send() on a connected descriptor is a sendto() without an address; with one it picks a target.
  rules.refuse(SCMP_SYS(sendto), {argument(4, SCMP_CMP_NE, 0)});
  for (const unsigned long flag : kNamespaceFlags) {
    rules.refuse(SCMP_SYS(clone), {argument(0, SCMP_CMP_MASKED_EQ, flag, flag)});
  }
  // clone3's flags lie in memory; libc falls back to clone where the call does not exist.
  rules.hide(SCMP_SYS(clone3));
  for (const unsigned long request : kRefusedIoctls) {
    // The kernel looks at the lower 32 bits of the request only.
    rules.refuse(SCMP_SYS(ioctl), {argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffu, request)});
  }
  for (const unsigned long level : kRefusedOptionLevels) {
    rules.refuse(SCMP_SYS(setsockopt), {argument(1, SCMP_CMP_MASKED_EQ, 0xffffffffu, level)});
  }
  return rules.load();
}

}  // namespace hearth

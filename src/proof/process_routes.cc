// SPDX-License-Identifier: Apache-2.0
// Ways out through others: processes that may connect, the kernel's own rules, other entries into
// the kernel, and files where nothing may be written.
#include <fcntl.h>
#include <linux/bpf.h>
#include <mqueue.h>
#include <sched.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <string>

#include "base/strings.h"
#include "proof/route.h"

namespace hearth {
namespace {

// 0 where `result` says success, else errno.
int outcome(long result) { return result >= 0 ? 0 : errno; }

// Seizing does not stop the neighbour, and ends with this child.
int try_ptrace(const Doors& doors, int) {
  return outcome(::ptrace(PTRACE_SEIZE, doors.neighbour, nullptr, nullptr));
}

int try_process_vm_readv(const Doors& doors, int) {
  std::array<char, kNeighbourWordBytes> word{};
  iovec here{word.data(), word.size()};
  iovec there{const_cast<char*>(doors.neighbour_word), word.size()};
  return outcome(::process_vm_readv(doors.neighbour, &here, 1, &there, 1, 0));
}

// Landlock forbids it; Yama may. Where neither does, a locked process can reach into others, and
// the proof is to fail.
int try_proc_mem(const Doors& doors, int) {
  return outcome(
      ::open(concat("/proc/", doors.neighbour, "/mem").c_str(), O_RDWR | O_CLOEXEC | O_NOCTTY));
}

int try_pidfd_getfd(const Doors& doors, int) {
  const long neighbour = ::syscall(SYS_pidfd_open, doors.neighbour, 0);
  if (neighbour < 0) return errno;
  return outcome(::syscall(SYS_pidfd_getfd, neighbour, doors.neighbour_socket, 0));
}

int try_bpf(const Doors&, int) {
  bpf_attr attributes{};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = 4;
  attributes.value_size = 4;
  attributes.max_entries = 1;
  return outcome(::syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof attributes));
}

int try_setns(const Doors&, int) {
  const int space = ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
  if (space < 0) return errno;
  return outcome(::setns(space, CLONE_NEWNET));
}

int try_unshare(const Doors&, int) { return outcome(::unshare(CLONE_NEWUSER)); }

int try_clone(const Doors&, int) {
  const long child = ::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, nullptr, nullptr, nullptr, 0);
  if (child == 0) ::kill(::getpid(), SIGKILL);  // nothing of ours runs in the new namespace
  return outcome(child);
}

// A file system of the network is mounted by the kernel, which connects itself.
int try_mount(const Doors&, int) { return outcome(::syscall(SYS_fsopen, "tmpfs", 0)); }

// The kernel may start a program that looks names up (request-key(8)).
int try_request_key(const Doors&, int) {
  constexpr int kProcessKeyring = -2;
  const char* const name = "hearth-proof";
  if (::syscall(SYS_add_key, "user", name, "x", 1, kProcessKeyring) < 0) return errno;
  return outcome(::syscall(SYS_request_key, "user", name, nullptr, 0));
}

int try_message_queue(const Doors&, int) {
  const int queue = ::msgget(IPC_PRIVATE, 0600);
  if (queue < 0) return errno;
  ::msgctl(queue, IPC_RMID, nullptr);
  return 0;
}

int try_shared_memory(const Doors&, int) {
  const int memory = ::shmget(IPC_PRIVATE, 1, 0600);
  if (memory < 0) return errno;
  ::shmctl(memory, IPC_RMID, nullptr);
  return 0;
}

int try_posix_queue(const Doors&, int) {
  const std::string name = concat("/hearth-proof-", ::getpid());
  if (::mq_open(name.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600, nullptr) < 0) return errno;
  return outcome(::mq_unlink(name.c_str()));
}

// The first of these that is there is started and connects.
int try_exec(const Doors& doors, int) {
  const std::string port = std::to_string(doors.tcp4_port);
  const std::string bash = "exec 3<>/dev/tcp/127.0.0.1/" + port;
  const std::string python =
      "import socket; socket.create_connection(('127.0.0.1', " + port + "), 5)";
  const char* const environment[] = {"LC_ALL=C", nullptr};
  const auto start = [&](const char* program, const std::string& text) {
    const char* const words[] = {program, "-c", text.c_str(), nullptr};
    ::execve(program, const_cast<char**>(words), const_cast<char**>(environment));
  };
  start("/bin/bash", bash);
  start("/usr/bin/bash", bash);
  start("/usr/bin/python3", python);
  return errno;
}

int try_file(const Doors& doors, int) {
  return outcome(::open(doors.outside_path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

int try_pipe(const Doors& doors, int) {
  const int fd = ::open(doors.pipe_path.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return errno;
  return outcome(::write(fd, "x", 1));
}

#if defined(__x86_64__)
int try_x32(const Doors&, int) {
  constexpr long kX32Bit = 0x40000000;
  return outcome(::syscall(kX32Bit + SYS_socket, AF_INET, SOCK_STREAM, 0));
}

// Where the kernel has no such entry, the child dies of it.
int try_i386(const Doors&, int) {
  constexpr int kI386Socket = 359;
  int result = kI386Socket;
  asm volatile("int $0x80"
               : "+a"(result)
               : "b"(AF_INET), "c"(SOCK_STREAM), "d"(0)
               : "memory", "r8", "r9", "r10", "r11");
  return result < 0 ? -result : 0;
}
#endif

}  // namespace

std::vector<Route> process_routes() {
  std::vector<Route> routes = {
      {"exec", "start a program that connects (bash or python3)", "EPERM", try_exec},
      {"ptrace", "take over the process that started it", "EPERM", try_ptrace},
      {"process_vm_readv", "read the memory of the process that started it", "EPERM",
       try_process_vm_readv},
      {"pidfd_getfd", "take a socket of the process that started it", "EPERM", try_pidfd_getfd},
      {"bpf", "load something into the kernel", "EPERM", try_bpf},
      {"setns", "enter a namespace", "EPERM", try_setns},
      {"unshare", "leave for a new namespace", "EPERM", try_unshare},
      {"clone", "start a child in a new namespace", "EPERM", try_clone},
      {"mount", "have the kernel open a file system", "EPERM", try_mount},
      {"request_key", "have the kernel ask for a key", "EPERM", try_request_key},
      {"message-queue", "a message queue of System V", "EPERM", try_message_queue},
      {"shared-memory", "shared memory of System V", "EPERM", try_shared_memory},
      {"posix-queue", "a message queue of POSIX", "EPERM", try_posix_queue},
#if defined(__x86_64__)
      {"x32", "socket by the x32 entry", "EPERM", try_x32},
      {"i386", "socket by the i386 entry", "EPERM", try_i386},
#endif
      {"proc-mem", "write the memory of the process that started it (/proc)", "EACCES",
       try_proc_mem},
      {"file", "make a file where nothing may be written", "EACCES", try_file, nullptr,
       Needs::kLandlock},
      {"named-pipe", "write to a named pipe that is being read", "EACCES", try_pipe, nullptr,
       Needs::kLandlock},
  };
  return routes;
}

}  // namespace hearth

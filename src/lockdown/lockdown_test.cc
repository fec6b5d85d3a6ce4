// SPDX-License-Identifier: Apache-2.0
// Each way out is tried in a locked child, and the errno that it meets is named. The same attempt
// is made without the lockdown where that works on every machine, so that a test cannot pass
// because the attempt itself is broken.
#include "lockdown/lockdown.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <fstream>
#include <functional>
#include <thread>

#include "base/test_folder.h"

namespace hearth {
namespace {

constexpr int kNotLocked = 250;  // what a child reports when lockdown() itself failed
constexpr int kKilled = 251;     // what a child that died by a signal counts as

// The exit status of a child that runs `attempt`.
int in_child(const std::function<int()>& attempt) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(attempt());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : kKilled;
}

// The same in a child that has locked itself down, allowed to write below `writable`.
int locked(const std::function<int()>& attempt, std::vector<std::filesystem::path> writable = {}) {
  return in_child([&] {
    const auto report = lockdown({std::move(writable)});
    return report.ok() && report->seccomp ? attempt() : kNotLocked;
  });
}

// 0 where `result` says success, else errno.
int outcome(long result) { return result >= 0 ? 0 : errno; }

int try_socket(int family, int type, int protocol) {
  return outcome(::socket(family, type, protocol));
}

sockaddr_in loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

#define SKIP_WITHOUT_LANDLOCK() \
  if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock"

TEST(Lockdown, RefusesSocketsOfEveryFamily) {
  EXPECT_EQ(in_child([] { return try_socket(AF_INET, SOCK_STREAM, 0); }), 0);
  EXPECT_EQ(locked([] { return try_socket(AF_INET, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(locked([] { return try_socket(AF_INET, SOCK_DGRAM, 0); }), EPERM);
  EXPECT_EQ(locked([] { return try_socket(AF_INET6, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(locked([] { return try_socket(AF_INET, SOCK_RAW, IPPROTO_ICMP); }), EPERM);
  EXPECT_EQ(locked([] { return try_socket(AF_PACKET, SOCK_RAW, 0); }), EPERM);
  EXPECT_EQ(locked([] { return try_socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE); }), EPERM);
  EXPECT_EQ(locked([] { return try_socket(AF_VSOCK, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(locked([] { return try_socket(AF_UNIX, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(locked([] {
              int pair[2];
              return outcome(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
            }),
            EPERM);
}

TEST(Lockdown, RefusesConnectAndBind) {
  const sockaddr_in address = loopback(9);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  EXPECT_EQ(locked([&] { return outcome(::connect(0, generic, sizeof address)); }), EPERM);
  EXPECT_EQ(locked([&] { return outcome(::bind(0, generic, sizeof address)); }), EPERM);
  EXPECT_EQ(locked([&] { return outcome(::listen(0, 1)); }), EPERM);
  EXPECT_EQ(locked([&] { return outcome(::accept4(0, nullptr, nullptr, 0)); }), EPERM);
}

TEST(Lockdown, NameLookupFailsCleanly) {
  EXPECT_EQ(locked([] {
              addrinfo* found = nullptr;
              return ::getaddrinfo("example.org", "443", nullptr, &found) != 0 ? 0 : 1;
            }),
            0);
}

// A socket that the parent forgot is a way out that needs no socket(): it must be gone.
TEST(Lockdown, ClosesALeakedSocket) {
  const int leaked = ::socket(AF_INET, SOCK_DGRAM, 0);
  ASSERT_GE(leaked, 3);
  const sockaddr_in address = loopback(9);
  ASSERT_EQ(::connect(leaked, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(in_child([&] { return outcome(::write(leaked, "x", 1)); }), 0);
  EXPECT_EQ(locked([&] { return outcome(::write(leaked, "x", 1)); }), EBADF);
  EXPECT_EQ(locked([&] { return outcome(::send(leaked, "x", 1, 0)); }), EBADF);
  ::close(leaked);
}

// Even one that sits on descriptor 0, where it is not closed, can only talk to its own peer.
TEST(Lockdown, ALeakedSocketOnStdinCannotPickATarget) {
  const int leaked = ::socket(AF_INET, SOCK_DGRAM, 0);
  ASSERT_GE(leaked, 3);
  const sockaddr_in address = loopback(9);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  const auto send_to = [&] { return outcome(::sendto(0, "x", 1, 0, generic, sizeof address)); };
  const auto send_message = [&] {
    sockaddr_in target = address;
    msghdr message{};
    message.msg_name = &target;
    message.msg_namelen = sizeof target;
    return outcome(::sendmsg(0, &message, 0));
  };
  EXPECT_EQ(in_child([&] { return ::dup2(leaked, 0) == 0 ? send_to() : 1; }), 0);
  const auto on_stdin = [&](const std::function<int()>& attempt) {
    return in_child([&] {
      ::dup2(leaked, 0);
      return lockdown({}).ok() ? attempt() : kNotLocked;
    });
  };
  EXPECT_EQ(on_stdin(send_to), EPERM);
  EXPECT_EQ(on_stdin(send_message), EPERM);
  EXPECT_EQ(on_stdin([] { return outcome(::syscall(SYS_sendmmsg, 0, nullptr, 0, 0)); }), EPERM);
  EXPECT_EQ(on_stdin([] {
              msghdr message{};
              return outcome(::recvmsg(0, &message, MSG_DONTWAIT));
            }),
            EPERM);
  ::close(leaked);
}

TEST(Lockdown, RefusesIoUring) {
  EXPECT_EQ(locked([] {
              std::array<char, 256> parameters{};
              return outcome(::syscall(SYS_io_uring_setup, 4, parameters.data()));
            }),
            EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_io_uring_enter, 0, 0, 0, 0, nullptr, 0)); }),
            EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_io_uring_register, 0, 0, nullptr, 0)); }),
            EPERM);
}

TEST(Lockdown, RefusesToReachIntoOtherProcesses) {
  EXPECT_EQ(locked([] { return outcome(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr)); }),
            EPERM);
  EXPECT_EQ(locked([] {
              char byte = 0;
              iovec vector{&byte, 1};
              return outcome(::process_vm_readv(::getppid(), &vector, 1, &vector, 1, 0));
            }),
            EPERM);
  EXPECT_EQ(locked([] {
              char byte = 0;
              iovec vector{&byte, 1};
              return outcome(::process_vm_writev(::getpid(), &vector, 1, &vector, 1, 0));
            }),
            EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_pidfd_getfd, 0, 0, 0)); }), EPERM);
}

TEST(Lockdown, RefusesToChangeTheRules) {
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_bpf, 0, nullptr, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::setns(0, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::unshare(CLONE_NEWUSER)); }), EPERM);
  EXPECT_EQ(
      locked([] { return outcome(::syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)); }),
      EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_clone3, nullptr, 0)); }), ENOSYS);
}

TEST(Lockdown, RefusesToTypeIntoTheTerminal) {
  EXPECT_EQ(locked([] { return outcome(::ioctl(0, TIOCSTI, "x")); }), EPERM);
  // The kernel ignores the upper half of the request; so must the filter.
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_ioctl, 0, 0x100000000ull | TIOCSTI, "x")); }),
            EPERM);
}

#if defined(__x86_64__)
TEST(Lockdown, RefusesTheX32Entry) {
  constexpr long kX32Bit = 0x40000000;
  EXPECT_EQ(
      locked([] { return outcome(::syscall(kX32Bit + SYS_socket, AF_INET, SOCK_STREAM, 0)); }),
      EPERM);
}

TEST(Lockdown, RefusesTheI386Entry) {
  constexpr int kI386Getpid = 20;
  EXPECT_EQ(locked([] {
              int result = kI386Getpid;
              asm volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
              return result < 0 ? -result : 0;
            }),
            EPERM);
}
#endif

TEST(Lockdown, RefusesQueuesAndSharedMemory) {
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_msgget, 1, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_msgsnd, 0, nullptr, 0, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_shmget, 1, 1, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_shmat, 0, nullptr, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_mq_open, "x", 0, 0, nullptr)); }), EPERM);
}

TEST(Lockdown, RefusesToHaveTheKernelConnect) {
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_mount, "", "", "nfs", 0, nullptr)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_fsopen, "nfs", 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::syscall(SYS_request_key, "dns_resolver", "x", "", 0)); }),
            EPERM);
}

// A server's: what came before stays, who connects is let in, and nothing else.
TEST(Lockdown, LetsConnectionsInWhereTheyAreAccepted) {
  const int listener = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = loopback(0);
  socklen_t bytes = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  ASSERT_EQ(::bind(listener, generic, bytes), 0);
  ASSERT_EQ(::listen(listener, 1), 0);
  ASSERT_EQ(::getsockname(listener, generic, &bytes), 0);
  const int client = ::socket(AF_INET, SOCK_STREAM, 0);
  ASSERT_EQ(::connect(client, generic, bytes), 0);
  ASSERT_EQ(::send(client, "ping", 4, 0), 4);
  const auto serving = [](const std::function<int()>& attempt) {
    return in_child(
        [&] { return lockdown({{}, Connections::kAccepted}).ok() ? attempt() : kNotLocked; });
  };
  EXPECT_EQ(serving([&] {
              const int accepted = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
              if (accepted < 0) return errno;
              std::array<char, 8> text{};
              if (::recv(accepted, text.data(), text.size(), 0) != 4) return 1;
              return outcome(::send(accepted, "pong", 4, MSG_NOSIGNAL));
            }),
            0);
  std::array<char, 8> text{};
  EXPECT_EQ(::recv(client, text.data(), text.size(), 0), 4);
  EXPECT_EQ(serving([&] {
              iovec piece{text.data(), 1};
              msghdr message{};
              message.msg_iov = &piece;
              message.msg_iovlen = 1;
              return outcome(::sendmsg(client, &message, 0));
            }),
            EPERM);
  EXPECT_EQ(serving([&] { return outcome(::sendto(client, "x", 1, 0, generic, bytes)); }), EPERM);
  EXPECT_EQ(serving([] { return try_socket(AF_INET, SOCK_STREAM, 0); }), EPERM);
  EXPECT_EQ(serving([&] { return outcome(::listen(listener, 1)); }), EPERM);
  EXPECT_EQ(serving([&] { return outcome(::connect(client, generic, bytes)); }), EPERM);
  ::close(client);
  ::close(listener);
}

TEST(Lockdown, RefusesOptionsOfIp) {
  const int on = 1;
  for (const int level : {IPPROTO_IP, IPPROTO_IPV6}) {
    EXPECT_EQ(locked([&] { return outcome(::setsockopt(0, level, IP_TTL, &on, sizeof on)); }),
              EPERM);
  }
  EXPECT_EQ(locked([&] { return outcome(::setsockopt(0, IPPROTO_TCP, 1, &on, sizeof on)); }),
            ENOTSOCK);
}

TEST(Lockdown, ClosesWhatWasInheritedButWhatIsKept) {
  EXPECT_EQ(in_child([] {
              for (const int fd : {10, 11, 12, 20}) ::dup2(0, fd);
              if (!close_inherited_descriptors({12, 1, 10}).ok()) return 1;
              for (const int fd : {0, 1, 2, 10, 12}) {
                if (::fcntl(fd, F_GETFD) < 0) return fd;
              }
              return ::fcntl(11, F_GETFD) < 0 && ::fcntl(20, F_GETFD) < 0 ? 0 : 100;
            }),
            0);
}

TEST(Lockdown, KeepsOpenWhatItIsTold) {
  EXPECT_EQ(in_child([] {
              ::dup2(0, 10);
              ::dup2(0, 11);
              if (!lockdown({{}, Connections::kNone, {}, {10}}).ok()) return kNotLocked;
              return ::fcntl(10, F_GETFD) >= 0 && ::fcntl(11, F_GETFD) < 0 ? 0 : 1;
            }),
            0);
}

TEST(Lockdown, FilesMayBeRemovedWhereThatIsAllAndNotMore) {
  SKIP_WITHOUT_LANDLOCK();
  const TestFolder folder;
  std::ofstream(folder.path() / "old") << "content";
  const auto check = [&](const std::function<long()>& call) {
    return in_child([&] {
      return lockdown({{}, Connections::kNone, {folder.path()}}).ok() ? outcome(call())
                                                                      : kNotLocked;
    });
  };
  const std::string old = folder.path() / "old";
  EXPECT_EQ(check([&] { return ::open(old.c_str(), O_WRONLY); }), EACCES);
  EXPECT_EQ(check([&] { return ::open((old + "-new").c_str(), O_WRONLY | O_CREAT, 0600); }),
            EACCES);
  EXPECT_EQ(check([&] { return ::unlink(old.c_str()); }), 0);
}

TEST(Lockdown, ProgramsStartedAfterwardsAreLockedToo) {
  const auto run_python = [] {
    const char* argv[] = {"python3", "-c", "import socket; socket.socket()", nullptr};
    const int null = ::open("/dev/null", O_WRONLY);
    ::dup2(null, 2);
    ::execvp(argv[0], const_cast<char**>(argv));
    return kNotLocked;
  };
  EXPECT_EQ(in_child(run_python), 0);
  EXPECT_EQ(locked(run_python), 1);
}

TEST(Lockdown, LeavesNoCoreDump) {
  EXPECT_EQ(locked([] {
              struct rlimit limit {};
              ::getrlimit(RLIMIT_CORE, &limit);
              return static_cast<int>(limit.rlim_max) + ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0);
            }),
            0);
}

TEST(Lockdown, WritesOnlyBelowTheNamedFolders) {
  SKIP_WITHOUT_LANDLOCK();
  const TestFolder allowed;
  const TestFolder other;
  std::ofstream(other.path() / "old") << "content";
  const auto write_to = [](const std::filesystem::path& path, int flags) {
    const int fd = ::open(path.c_str(), flags, 0600);
    return fd < 0 ? errno : ::write(fd, "x", 1) == 1 ? 0 : 1;
  };
  const auto check = [&](const std::filesystem::path& path, int flags) {
    return locked([&] { return write_to(path, flags); }, {allowed.path()});
  };
  EXPECT_EQ(check(allowed.path() / "new", O_WRONLY | O_CREAT), 0);
  EXPECT_EQ(check(other.path() / "new", O_WRONLY | O_CREAT), EACCES);
  EXPECT_EQ(check(other.path() / "old", O_WRONLY), EACCES);
  EXPECT_EQ(check(other.path() / "old", O_RDWR | O_APPEND), EACCES);
  const auto attempt = [&](const std::function<long()>& call) {
    return locked([&] { return outcome(call()); }, {allowed.path()});
  };
  EXPECT_EQ(attempt([&] { return ::unlink((other.path() / "old").c_str()); }), EACCES);
  EXPECT_EQ(attempt([&] { return ::mkdir((other.path() / "d").c_str(), 0700); }), EACCES);
  EXPECT_EQ(attempt([&] { return ::mkfifo((allowed.path() / "f").c_str(), 0600); }), EACCES);
  EXPECT_NE(attempt([&] {
              return ::rename((other.path() / "old").c_str(), (allowed.path() / "x").c_str());
            }),
            0);
  if (landlock_abi() >= 3) {
    EXPECT_EQ(attempt([&] { return ::truncate((other.path() / "old").c_str(), 0); }), EACCES);
  }
  EXPECT_EQ(attempt([&] { return ::open((other.path() / "old").c_str(), O_RDONLY); }), 0);
}

TEST(Lockdown, RefusesAWritableFolderThatIsNone) {
  SKIP_WITHOUT_LANDLOCK();
  EXPECT_EQ(in_child([] {
              const auto report = lockdown({{"/nonexistent/folder"}});
              return !report.ok() && report.error().code() == ErrorCode::kNotFound ? 0 : 1;
            }),
            0);
  EXPECT_EQ(in_child([] {
              const auto report = lockdown({{"/dev/null"}});
              return !report.ok() && report.error().code() == ErrorCode::kUsage ? 0 : 1;
            }),
            0);
}

TEST(Lockdown, WhatAProgramNeedsStillWorks) {
  EXPECT_EQ(locked([] {
              int sum = 0;
              std::thread thread([&] { sum = 42; });
              thread.join();
              return sum;
            }),
            42);
  EXPECT_EQ(locked([] { return outcome(::open("/dev/null", O_RDWR)); }), 0);
  EXPECT_EQ(locked([] {
              int pipe_ends[2];
              if (::pipe(pipe_ends) != 0 || ::write(pipe_ends[1], "x", 1) != 1) return 1;
              char byte = 0;
              return ::read(pipe_ends[0], &byte, 1) == 1 && byte == 'x' ? 0 : 1;
            }),
            0);
}

TEST(Lockdown, StdoutAndTheTerminalStillWork) {
  const int master = ::posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(master, 0);
  ASSERT_EQ(::grantpt(master), 0);
  ASSERT_EQ(::unlockpt(master), 0);
  const std::string name = ::ptsname(master);
  EXPECT_EQ(in_child([&] {
              ::setsid();
              const int terminal = ::open(name.c_str(), O_RDWR);  // becomes the controlling one
              ::dup2(terminal, 1);
              if (!lockdown({}).ok()) return kNotLocked;
              struct winsize size {};
              if (::write(1, "out\n", 4) != 4 || ::ioctl(1, TIOCGWINSZ, &size) != 0) return 1;
              const int again = ::open("/dev/tty", O_RDWR);
              if (again < 0) return errno;
              return ::write(again, "tty\n", 4) == 4 && ::isatty(again) ? 0 : 1;
            }),
            0);
  std::array<char, 64> seen{};
  ASSERT_GT(::read(master, seen.data(), seen.size() - 1), 0);
  EXPECT_NE(std::string(seen.data()).find("out"), std::string::npos);
  ::close(master);
}

TEST(Lockdown, MayBeCalledTwice) {
  EXPECT_EQ(locked([] { return lockdown({}).ok() ? 0 : 1; }), 0);
}

TEST(Lockdown, RefusesWhereOtherThreadsRun) {
  SKIP_WITHOUT_LANDLOCK();
  EXPECT_EQ(in_child([] {
              std::atomic<bool> done{false};
              std::thread thread([&] { done.wait(false); });
              const auto report = lockdown({});
              const bool refused = !report.ok() && report.error().code() == ErrorCode::kUsage;
              done = true;
              done.notify_all();
              thread.join();
              return refused ? 0 : 1;
            }),
            0);
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What the broker's lock refuses, tried in a child; what must go on working, too.
#include "lockdown/broker_lock.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <functional>
#include <thread>

#include "base/test_folder.h"
#include "lockdown/lockdown.h"

namespace hearth {
namespace {

constexpr int kNotLocked = 250;

int outcome(long result) { return result >= 0 ? 0 : errno; }

// 0 or the errno that `attempt` returns, in a child that has locked itself.
int locked(const std::function<int()>& attempt, const BrokerLock& lock = {}) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(lock_broker(lock).ok() ? attempt() : kNotLocked);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// A listener on loopback, of which connecting is tried.
class Listener {
 public:
  Listener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    socklen_t bytes = sizeof address_;
    EXPECT_EQ(::bind(fd_, address, bytes), 0);
    EXPECT_EQ(::listen(fd_, 8), 0);
    EXPECT_EQ(::getsockname(fd_, address, &bytes), 0);
  }
  ~Listener() { ::close(fd_); }
  uint16_t port() const { return ntohs(address_.sin_port); }
  int connect() const {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0) return errno;
    return outcome(::connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof address_));
  }

 private:
  int fd_;
  sockaddr_in address_{};
};

TEST(BrokerLock, ConnectsToItsPortsAndNoOthers) {
  const Listener listener;
  const Listener other;
  EXPECT_EQ(locked([&] { return listener.connect(); }), 0);
  const BrokerLock lock{{}, {listener.port()}};
  EXPECT_EQ(locked([&] { return listener.connect(); }, lock), 0);
  if (landlock_abi() >= 4) {
    EXPECT_EQ(locked([&] { return other.connect(); }, lock), EACCES);
  }
}

TEST(BrokerLock, ReadsWhatIsNamedAndNothingElse) {
  if (landlock_abi() == 0) GTEST_SKIP() << "this kernel has no Landlock";
  const TestFolder folder;
  const auto open = folder.path() / "open";
  const auto closed = folder.path() / "closed";
  std::ofstream(open) << "a";
  std::ofstream(closed) << "b";
  const auto reads = [](const std::filesystem::path& path) {
    return outcome(::open(path.c_str(), O_RDONLY));
  };
  const BrokerLock lock{{open, folder.path() / "is-not-there"}, {}};
  EXPECT_EQ(locked([&] { return reads(open); }, lock), 0);
  EXPECT_EQ(locked([&] { return reads(closed); }, lock), EACCES);
  EXPECT_EQ(locked([&] { return reads(folder.path()); }, lock), EACCES);
  EXPECT_EQ(locked([&] { return reads("/proc/self/environ"); }, lock), EACCES);
}

TEST(BrokerLock, WritesNothing) {
  const TestFolder folder;
  const auto path = folder.path() / "file";
  std::ofstream(path) << "a";
  const BrokerLock lock{{folder.path()}, {}};
  EXPECT_EQ(locked([&] { return outcome(::open(path.c_str(), O_WRONLY)); }, lock), EPERM);
  EXPECT_EQ(locked([&] { return outcome(::open(path.c_str(), O_RDWR)); }, lock), EPERM);
  EXPECT_EQ(locked([&] { return outcome(::open(path.c_str(), O_RDONLY | O_TRUNC)); }, lock), EPERM);
  const auto fresh = folder.path() / "fresh";
  EXPECT_EQ(locked([&] { return outcome(::open(fresh.c_str(), O_RDONLY | O_CREAT, 0600)); }, lock),
            EPERM);
  EXPECT_EQ(locked([&] { return outcome(::unlink(path.c_str())); }, lock), EPERM);
  EXPECT_EQ(locked([&] { return outcome(::rename(path.c_str(), fresh.c_str())); }, lock), EPERM);
  EXPECT_EQ(locked([&] { return outcome(::mkdir(fresh.c_str(), 0700)); }, lock), EPERM);
}

TEST(BrokerLock, StartsNothingAndLooksIntoNobody) {
  EXPECT_EQ(locked([] { return outcome(::execl("/bin/true", "true", nullptr)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::fork()); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::ptrace(PTRACE_ATTACH, ::getppid(), 0, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::kill(::getppid(), 0)); }), EPERM);
}

TEST(BrokerLock, ListensNotAndHasIpAndNetlinkOnly) {
  EXPECT_EQ(locked([] {
              const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
              return outcome(::listen(fd, 1));
            }),
            EPERM);
  EXPECT_EQ(locked([] { return outcome(::socket(AF_UNIX, SOCK_STREAM, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::socket(AF_VSOCK, SOCK_STREAM, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::socket(AF_PACKET, SOCK_DGRAM, 0)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }), EPERM);
  EXPECT_EQ(locked([] { return outcome(::socket(AF_INET, SOCK_DGRAM, 0)); }), 0);
  EXPECT_EQ(locked([] { return outcome(::socket(AF_NETLINK, SOCK_RAW, 0)); }), 0);
}

TEST(BrokerLock, ThreadsAndPairsGoOn) {
  EXPECT_EQ(locked([] {
              int status = 1;
              std::thread([&] { status = outcome(::socket(AF_UNIX, SOCK_STREAM, 0)); }).join();
              int pair[2];
              return status == EPERM ? outcome(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) : 1;
            }),
            0);
}

}  // namespace
}  // namespace hearth

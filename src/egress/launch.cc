// SPDX-License-Identifier: Apache-2.0
#include "egress/launch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/strings.h"
#include "egress/frames.h"

namespace hearth {
namespace {

// Of libcurl's; http goes to this machine only, and to no proxy.
constexpr std::array<std::string_view, 6> kProxyVariables = {
    "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

constexpr int kNotStarted = 127;

std::vector<char*> proxy_environment() {
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const std::string_view name = text.substr(0, text.find('='));
    if (name.size() + 1 < text.size() &&
        std::find(kProxyVariables.begin(), kProxyVariables.end(), name) != kProxyVariables.end()) {
      kept.push_back(*entry);
    }
  }
  kept.push_back(nullptr);
  return kept;
}

// In the child: system calls only, as other threads of the parent may have held locks.
[[noreturn]] void become_broker(const char* program, char** environment, int channel,
                                pid_t parent) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kNotStarted);  // it has gone already
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (channel == kBrokerChannel) {
    ::fcntl(channel, F_SETFD, 0);
  } else {
    ::dup2(channel, kBrokerChannel);
  }
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(null, 0);
  ::dup2(null, 1);
  ::syscall(SYS_close_range, kBrokerChannel + 1, ~0u, 0u);  // the broker itself makes sure
  char name[] = "hearth-egress";
  char* arguments[] = {name, nullptr};
  if (::chdir("/") == 0) ::execve(program, arguments, environment);
  ::_exit(kNotStarted);
}

}  // namespace

Result<LaunchedBroker> launch_broker(const std::filesystem::path& program) {
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(program, error);
  if (error || ::access(path.c_str(), X_OK) != 0) {
    return Error(ErrorCode::kNotFound,
                 concat(printable(program.string(), 300),
                        ": is not there or is no program, and remote targets are asked by it; "
                        "install it beside hearth"));
  }
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    return Error(ErrorCode::kUnavailable,
                 concat("egress: socketpair: ", std::strerror(errno), "; close some files"));
  }
  LaunchedBroker launched;
  launched.channel = OwnedFd(ends[0]);
  const OwnedFd theirs(ends[1]);
  std::vector<char*> environment = proxy_environment();
  const pid_t parent = ::getpid();
  launched.process = ::fork();
  if (launched.process == 0) {
    become_broker(path.c_str(), environment.data(), theirs.get(), parent);
  }
  if (launched.process < 0) {
    return Error(ErrorCode::kUnavailable,
                 concat("egress: the broker cannot be started: ", std::strerror(errno),
                        "; allow this user more processes"));
  }
  return launched;
}

}  // namespace hearth

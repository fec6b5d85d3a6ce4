// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/check.h"

namespace hearth {
namespace {

std::atomic<bool> interrupted_flag{false};
std::atomic<bool> in_scope{false};
std::atomic<bool> stderr_is_terminal{false};
std::atomic<bool> hung_up{false};
// An eventfd that can be read after each Ctrl-C until clear(); what wait_readable() wakes by.
std::atomic<int> wake_descriptor{-1};
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers need lock-free flags");

void wake() {
  const int saved = errno;
  const std::uint64_t one = 1;
  // It can only fail by being readable already.
  [[maybe_unused]] const auto written = ::write(wake_descriptor, &one, sizeof one);
  errno = saved;
}

void on_interrupt(int signal_number) {
  if (in_scope && !interrupted_flag.exchange(true)) {
    wake();
    return;
  }
  constexpr int kExitTerminated = 143;
  if (signal_number == SIGTERM) ::_exit(kExitTerminated);
  // The terminal has just shown ^C: the shell's prompt belongs on the next line.
  if (stderr_is_terminal && ::write(2, "\n", 1) < 0) ::_exit(kExitInterrupted);
  ::_exit(kExitInterrupted);
}

void install_handler(int signal_number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  // Without SA_RESTART: a read that waits for the user returns, and the flag is looked at.
  HEARTH_CHECK(::sigaction(signal_number, &action, nullptr) == 0);
}

}  // namespace

void install_signal_handlers() {
  stderr_is_terminal = ::isatty(2) == 1;
  wake_descriptor = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
  HEARTH_CHECK(wake_descriptor >= 0);
  install_handler(SIGPIPE, SIG_IGN);
  install_handler(SIGXFSZ, SIG_IGN);
  install_handler(SIGTERM, on_interrupt);
  struct sigaction inherited {};
  // A job that was started in the background with SIGINT ignored stays deaf to it, as usual.
  if (::sigaction(SIGINT, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN) return;
  install_handler(SIGINT, on_interrupt);
}

InterruptScope::InterruptScope() {
  clear();
  in_scope = true;
}

InterruptScope::~InterruptScope() { in_scope = false; }

const std::atomic<bool>& InterruptScope::flag() { return interrupted_flag; }

void InterruptScope::clear() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto drained = ::read(wake_descriptor, &count, sizeof count);
  interrupted_flag = false;
}

bool InterruptScope::wait_readable(int descriptor) {
  struct pollfd waited[2] = {{descriptor, POLLIN, 0}, {wake_descriptor, POLLIN, 0}};
  while (!interrupted() && ::poll(waited, 2, -1) < 0 && errno == EINTR) {
  }
  return !interrupted();
}

int InterruptScope::descriptor() { return wake_descriptor; }

void InterruptScope::stop() { interrupted_flag = true; }

void HangUp::install() {
  install_handler(SIGHUP, [](int) { hung_up = true; });
}

bool HangUp::take() { return hung_up.exchange(false); }

}  // namespace hearth

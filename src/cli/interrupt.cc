// SPDX-License-Identifier: Apache-2.0
#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "base/check.h"

namespace hearth {
namespace {

std::atomic<bool> interrupted_flag{false};
std::atomic<bool> in_scope{false};
std::atomic<bool> stderr_is_terminal{false};
static_assert(std::atomic<bool>::is_always_lock_free, "signal handlers need lock-free flags");

void on_interrupt(int) {
  if (in_scope && !interrupted_flag.exchange(true)) return;
  // The terminal has just shown ^C: the shell's prompt belongs on the next line.
  if (stderr_is_terminal && ::write(2, "\n", 1) < 0) ::_exit(kExitInterrupted);
  ::_exit(kExitInterrupted);
}

void install(int signal_number, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  // Without SA_RESTART: a read that waits for the user returns, and the flag is looked at.
  HEARTH_CHECK(::sigaction(signal_number, &action, nullptr) == 0);
}

}  // namespace

void install_signal_handlers() {
  stderr_is_terminal = ::isatty(2) == 1;
  install(SIGPIPE, SIG_IGN);
  install(SIGXFSZ, SIG_IGN);
  struct sigaction inherited {};
  // A job that was started in the background with SIGINT ignored stays deaf to it, as usual.
  if (::sigaction(SIGINT, nullptr, &inherited) == 0 && inherited.sa_handler == SIG_IGN) return;
  install(SIGINT, on_interrupt);
}

InterruptScope::InterruptScope() {
  clear();
  in_scope = true;
}

InterruptScope::~InterruptScope() { in_scope = false; }

const std::atomic<bool>& InterruptScope::flag() { return interrupted_flag; }

void InterruptScope::clear() { interrupted_flag = false; }

void InterruptScope::stop() { interrupted_flag = true; }

}  // namespace hearth

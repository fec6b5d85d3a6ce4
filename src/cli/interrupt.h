// SPDX-License-Identifier: Apache-2.0
// Ctrl-C. Where nothing is worth keeping it ends the process at once with status 130; inside an
// InterruptScope it sets a flag, the work in hand ends soon and what is finished is kept. A second
// Ctrl-C before the flag was cleared ends the process in any case. SIGTERM, as a service manager
// sends it, is the same, with status 143.
//
// Threading: the flag may be read anywhere; scopes are opened by the main thread, one at a time.
#pragma once

#include <atomic>

namespace hearth {

// Status of a process that the user stopped.
inline constexpr int kExitInterrupted = 130;

// Installs the handlers of SIGINT and SIGTERM (as above), SIGPIPE and SIGXFSZ (ignored: writes
// report errors).
void install_signal_handlers();

class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;

  // True from Ctrl-C until clear(). The object is static.
  static const std::atomic<bool>& flag();
  static bool interrupted() { return flag().load(std::memory_order_relaxed); }
  static void clear();
  // Waits until `descriptor` can be read (or is at its end): true. False when Ctrl-C was pressed
  // first, or before the call: a plain read() that begins just after would wait on regardless.
  static bool wait_readable(int descriptor);
  // What wait_readable() wakes by: open as long as the process is.
  static int descriptor();
  // As if Ctrl-C had been pressed: for work that nobody can receive any more.
  static void stop();
};

// SIGHUP: read what is configured anew.
class HangUp {
 public:
  // From now on it does not end the process.
  static void install();
  // Whether it came since the last call.
  static bool take();
};

}  // namespace hearth

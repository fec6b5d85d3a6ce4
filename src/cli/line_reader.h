// SPDX-License-Identifier: Apache-2.0
// Lines that a person types, with editing and history (libedit), or lines of a pipe.
//
// Threading: the main thread only. A LineReader changes the terminal's mode while it waits for a
// line, and puts it back.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "cli/history.h"

namespace hearth {

enum class LineEvent {
  kLine,
  kEnd,          // end of input
  kInterrupted,  // Ctrl-C; a line that was being typed is dropped
};

class LineReader {
 public:
  virtual ~LineReader() = default;

  // Waits for a line, without its line end. `prompt` is shown on a terminal only.
  // Errors: kUnavailable, kUsage (stdin cannot be read, a line over the bound).
  virtual Result<LineEvent> next(const std::string& prompt, std::string& line) = 0;

  // Makes `entry` reachable by the arrow keys; forgets all entries.
  virtual void remember(const std::string& entry) = 0;
  virtual void forget() = 0;
};

std::unique_ptr<LineReader> make_pipe_reader();

// Prompts and echo go to stderr, so that stdout holds answers only. Errors: kUnavailable (libedit
// cannot use the terminal).
Result<std::unique_ptr<LineReader>> make_terminal_reader(const ChatHistory& history);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What is read from stdin, and what may be a prompt.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

// All of stdin. Errors: kUsage (longer than `bytes_max`), kUnavailable (cannot be read).
Result<std::string> read_stdin(std::size_t bytes_max);

// The next line of stdin, without its line end, read ahead by blocks. Main thread only.
class StdinLines {
 public:
  // False at the end of input. Errors: as read_stdin(), for one line.
  Result<bool> next(std::string& line);

 private:
  std::string buffer_;
  std::size_t begin_ = 0;  // of what has not been handed out
  bool ended_ = false;
};

// Whether `text` can be a prompt. Errors: kUsage (empty; not UTF-8, or a NUL byte: says where).
Result<void> check_prompt(std::string_view text);

}  // namespace hearth

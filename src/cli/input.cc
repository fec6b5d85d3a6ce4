// SPDX-License-Identifier: Apache-2.0
#include "cli/input.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth {
namespace {

constexpr std::size_t kLineBytesMax = 64 << 20;
constexpr std::size_t kBlockBytes = 64 << 10;

// Appends the next bytes of stdin; false at its end. Errors: kUnavailable.
Result<bool> read_block(std::string& buffer) {
  const std::size_t size = buffer.size();
  buffer.resize(size + kBlockBytes);
  ssize_t count = 0;
  do {
    count = ::read(0, buffer.data() + size, kBlockBytes);
  } while (count < 0 && errno == EINTR);
  const int error_number = errno;
  buffer.resize(size + static_cast<std::size_t>(count > 0 ? count : 0));
  if (count >= 0) return count > 0;
  return Error(ErrorCode::kUnavailable,
               concat("stdin: cannot be read: ", std::strerror(error_number),
                      "; give it something to read"));
}

Error too_long(std::string_view what, std::size_t bytes_max) {
  return Error(ErrorCode::kUsage,
               concat("stdin: ", what, " is longer than ", bytes_max, " bytes; give less"));
}

}  // namespace

Result<std::string> read_stdin(std::size_t bytes_max) {
  std::string text;
  while (true) {
    HEARTH_ASSIGN(const bool more, read_block(text));
    if (!more) return text;
    if (text.size() > bytes_max) return too_long("the input", bytes_max);
  }
}

Result<bool> StdinLines::next(std::string& line) {
  std::size_t searched = begin_;
  while (true) {
    const std::size_t end = buffer_.find('\n', searched);
    if (end != std::string::npos) {
      line.assign(buffer_, begin_, end - begin_);
      begin_ = end + 1;
      return true;
    }
    if (ended_) break;
    buffer_.erase(0, begin_);
    begin_ = 0;
    searched = buffer_.size();
    HEARTH_ASSIGN(const bool more, read_block(buffer_));
    ended_ = !more;
    if (buffer_.size() > kLineBytesMax) return too_long("a line", kLineBytesMax);
  }
  if (begin_ == buffer_.size()) return false;
  line.assign(buffer_, begin_);
  begin_ = buffer_.size();
  return true;
}

Result<void> check_prompt(std::string_view text) {
  if (text.empty()) return Error(ErrorCode::kUsage, "prompt: is empty; say something");
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = decode_utf8(text.substr(at));
    if (!next.valid) {
      return Error(
          ErrorCode::kUsage,
          concat("prompt: byte ", at, " is not UTF-8; convert the text, with iconv for one"));
    }
    if (next.code_point == 0) {
      return Error(ErrorCode::kUsage, concat("prompt: byte ", at, " is NUL; give text"));
    }
    at += next.bytes;
  }
  return {};
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "cli/output.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/status_codes.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace hearth {
namespace {

// Writes all of `text`; the errno of what failed, or 0.
int write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t count = ::write(fd, text.data(), text.size());
    if (count >= 0) {
      text.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN) {  // somebody made the pipe non-blocking
      struct pollfd writable {
        fd, POLLOUT, 0
      };
      ::poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

}  // namespace

void Output::write(std::string_view text) {
  if (ok()) error_number_ = write_all(1, text);
}

void Output::write_json(const nlohmann::ordered_json& document) {
  using Json = nlohmann::ordered_json;
  write(document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

bool Output::reader_gone() const { return error_number_ == EPIPE; }

Result<void> Output::status() const {
  if (ok() || reader_gone()) return {};
  const bool full = error_number_ == ENOSPC || error_number_ == EDQUOT || error_number_ == EFBIG;
  return Error(ErrorCode::kUnavailable,
               concat("stdout: cannot be written: ", std::strerror(error_number_), "; ",
                      full ? "free some space" : "check where it leads"));
}

void print_note(std::string_view message) { write_all(2, concat("hearth: ", message, "\n")); }

void show_error(Output& out, bool json, const Error& error) {
  // An error line never carries a line end or an escape sequence, whatever it quotes.
  if (error.code() != ErrorCode::kCancelled) print_note(printable(error.message(), 2000));
  if (!json) return;
  out.write_json(
      {{"error", {{"code", std::string(code_name(error.code()))}, {"message", error.message()}}}});
}

std::string terminal_text(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    const char32_t c = next.code_point;
    const bool control = (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0);
    if (next.valid && !control) {
      out += text.substr(0, next.bytes);
    } else {
      append_utf8(out, 0xfffd);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

ProgressLine::ProgressLine(const Environment& environment, std::string label)
    : enabled_(environment.stderr_is_terminal()), label_(std::move(label)) {}

ProgressLine::~ProgressLine() { clear(); }

void ProgressLine::show(double share) {
  const int percent = static_cast<int>(std::clamp(share, 0.0, 1.0) * 100.0);
  if (!enabled_ || percent == percent_) return;
  percent_ = percent;
  drawn_ = true;
  write_all(2, concat("\r", label_, " ", percent, " %"));
}

void ProgressLine::clear() {
  if (!drawn_) return;
  drawn_ = false;
  write_all(2, concat("\r", std::string(label_.size() + 6, ' '), "\r"));
}

}  // namespace hearth

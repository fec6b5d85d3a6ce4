// SPDX-License-Identifier: Apache-2.0
#include "capi/boundary.h"

#include <cxxabi.h>

#include <array>
#include <exception>
#include <new>
#include <string>

#include "base/status_codes.h"
#include "base/utf8.h"

namespace hearth::capi {
namespace {

// Fixed memory, so that running out of it can be told. All zero: "".
thread_local std::array<char, HEARTH_ERROR_BYTES_MAX> error_text;

thread_local int calls_running = 0;  // of this thread; more than one inside callbacks

struct CheckFailure {
  const char* condition;
  const char* file;
  int line;
};

// Unwinds to the boundary where there is one; else returns, and the process stops.
void throw_failed_check(const char* condition, const char* file, int line) {
  if (calls_running > 0) throw CheckFailure{condition, file, line};
}

class CallScope {
 public:
  CallScope() {
    static const bool installed = (set_check_handler(throw_failed_check), true);
    static_cast<void>(installed);
    ++calls_running;
  }
  ~CallScope() { --calls_running; }
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
};

void set_error_text(std::string_view message) {
  std::size_t bytes = std::min(message.size(), error_text.size() - 1);
  if (bytes < message.size()) bytes -= incomplete_utf8_suffix(message.substr(0, bytes));
  std::memcpy(error_text.data(), message.data(), bytes);
  error_text[bytes] = '\0';
}

hearth_status fail(ErrorCode code, std::string_view message) {
  set_error_text(message);
  return exit_status(code);
}

hearth_status fail_check(const CheckFailure& failure) {
  char message[512];
  std::snprintf(message, sizeof message, "internal: %s does not hold (%s:%d); please report it",
                failure.condition, failure.file, failure.line);
  return fail(ErrorCode::kInternal, message);
}

hearth_status fail_exception(const char* what) {
  char message[512];
  std::snprintf(message, sizeof message, "internal: %s; please report it", what);
  return fail(ErrorCode::kInternal, message);
}

}  // namespace

hearth_status at_boundary(FunctionRef<Result<void>()> work) {
  const CallScope scope;
  try {
    const Result<void> done = work();
    if (done.ok()) return HEARTH_OK;
    return fail(done.error().code(), done.error().message());
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::kUnavailable, "memory: there is no more; free some, or ask for less");
  } catch (const CheckFailure& failure) {
    return fail_check(failure);
  } catch (const std::exception& error) {
    return fail_exception(error.what());
  } catch (const abi::__forced_unwind&) {  // pthread_cancel() in a callback: glibc insists
    throw;
  } catch (...) {
    return fail_exception("an exception that is none of ours");
  }
}

const char* last_error() { return error_text.data(); }

Error usage(std::string_view message) { return Error(ErrorCode::kUsage, std::string(message)); }

Result<void> check_pointer(const void* pointer, std::string_view what) {
  if (pointer != nullptr) return {};
  return usage(concat(what, ": is NULL; pass its address"));
}

Result<void> check_struct_size(std::size_t given, std::size_t ours, std::string_view what) {
  if (given == ours) return {};
  if (given == 0) {
    return usage(concat(what, ": struct_size is 0; set it by the _init function, or to sizeof"));
  }
  return usage(concat(what, ": struct_size is ", given, ", and ", ours, " in hearth ",
                      hearth_version(), "; build with the header of the library that runs"));
}

Result<void> check_reserved(bool is_set, std::string_view field, std::string_view purpose) {
  if (!is_set) return {};
  return Error(ErrorCode::kUnsupported,
               concat(field, ": is set, but ", purpose, " are not supported by hearth ",
                      hearth_version(), "; leave it NULL or 0"));
}

Result<std::string_view> read_text(const char* text, std::size_t bytes, std::string_view what) {
  if (bytes == 0) return std::string_view();
  HEARTH_TRY(check_pointer(text, what));
  if (bytes == HEARTH_NUL_TERMINATED) return std::string_view(text);
  if (bytes > PTRDIFF_MAX) {
    return usage(concat(what, ": ", bytes, " bytes are more than memory holds; pass its length"));
  }
  return std::string_view(text, bytes);
}

Result<void> check_utf8(std::string_view text, std::string_view what) {
  for (std::size_t at = 0; at < text.size();) {
    const Utf8Char next = decode_utf8(text.substr(at));
    if (!next.valid)
      return usage(concat(what, ": byte ", at, " is not UTF-8; convert the text before"));
    at += next.bytes;
  }
  return {};
}

Result<void> check_capacity(std::size_t needed, std::size_t capacity, std::string_view what) {
  if (needed <= capacity) return {};
  return usage(concat(what, ": room for ", capacity, " where ", needed,
                      " are needed; call again with more"));
}

Result<void> write_text(std::string_view from, char* to, std::size_t capacity, std::size_t* bytes,
                        std::string_view what) {
  HEARTH_TRY(write_array(std::span(from), to, capacity, bytes, what));
  if (to != nullptr && capacity > from.size()) to[from.size()] = '\0';
  return {};
}

}  // namespace hearth::capi

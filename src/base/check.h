// SPDX-License-Identifier: Apache-2.0
// HEARTH_CHECK stops the program on a bug of ours. It is never used on input: input errors are
// Result errors.
#pragma once

namespace hearth {

// Prints the failed condition and its place to stderr and aborts, unless the handler throws.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

// For the C API, whose callers' process we must not stop: is called first, and may throw to unwind
// to where the failure can be reported. One for the process; null, the default, for none.
using CheckHandler = void (*)(const char* condition, const char* file, int line);
void set_check_handler(CheckHandler handler);

}  // namespace hearth

#define HEARTH_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::hearth::check_failed(#condition, __FILE__, __LINE__))

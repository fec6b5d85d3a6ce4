// SPDX-License-Identifier: Apache-2.0
// For harnesses: what any refusal of untrusted bytes must look like.
#pragma once

#include <string>

#include "base/check.h"
#include "base/result.h"

namespace hearth {

// One short line with a remedy, that says nothing of control bytes.
inline void check_line(const Error& error) {
  for (const char c : error.message()) HEARTH_CHECK(static_cast<unsigned char>(c) >= 0x20);
  HEARTH_CHECK(error.message().size() < 1000);
  HEARTH_CHECK(error.message().find("; ") != std::string::npos);
}

// The same of a file's error, which blames the file.
inline void check_error(const Error& error) {
  HEARTH_CHECK(error.code() == ErrorCode::kCorrupt || error.code() == ErrorCode::kUnsupported);
  check_line(error);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// The key of an endpoint: read by the broker from its file, and never in an argument, in the
// environment, in a frame or in a message.
//
// Threading: one thread at a time.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"
#include "guard/locked_bytes.h"

namespace hearth {

inline constexpr std::size_t kKeyBytesMax = 4096;

// The file's one line, without white space around it: printable ASCII. It lies in locked memory and
// is wiped with `into`. Errors: kNotFound, kUsage (no regular file; others may read it; it is
// another user's), kCorrupt (empty, too long, or more than one word), kUnavailable (permission).
Result<std::string_view> read_key_file(const std::filesystem::path& path, LockedBytes& into);

}  // namespace hearth

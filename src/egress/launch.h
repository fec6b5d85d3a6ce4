// SPDX-License-Identifier: Apache-2.0
// Starting the broker's process. Internal to the folder.
#pragma once

#include <sys/types.h>

#include <filesystem>

#include "base/owned_fd.h"
#include "base/result.h"

namespace hearth {

struct LaunchedBroker {
  pid_t process = -1;
  OwnedFd channel;
};

// The program has the channel, stderr, and of the environment what concerns proxies; it is in a
// session of its own (Ctrl-C is for hearth) and ends with the calling thread. Errors: kNotFound (no
// such program), kUnavailable (it cannot be started).
Result<LaunchedBroker> launch_broker(const std::filesystem::path& program);

}  // namespace hearth

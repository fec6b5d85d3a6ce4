// SPDX-License-Identifier: Apache-2.0
// The other half of the lockdown: the process that may connect gives up everything else. It cannot
// start programs or processes, listen, write or name files to write, look into other processes, nor
// read more than is named. The calls are listed in broker_lock.cc.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"

namespace hearth {

struct BrokerLock {
  // Files and folders that may still be read; what is not there is left out. Without Landlock all
  // that its user may read.
  std::vector<std::filesystem::path> readable;
  // Where TCP may go, by port, where the kernel knows how (Landlock ABI 4); none: anywhere.
  std::vector<uint16_t> ports;
};

// Threading: for a process with one thread; those that it starts later are locked too. It cannot be
// undone. Errors: kUnavailable (the kernel refused: names the call).
Result<void> lock_broker(const BrokerLock& lock);

}  // namespace hearth

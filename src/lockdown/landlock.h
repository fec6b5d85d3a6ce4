// SPDX-License-Identifier: Apache-2.0
// Landlock by its raw system calls (linux/landlock.h of Debian 12 stops at ABI 2; newer rights are
// defined here). Internal to the folder. Source: Documentation/userspace-api/landlock.rst of Linux.
#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "base/result.h"

namespace hearth {

// Confines writes of the calling thread and its future children to files below `writable`, to
// /dev/tty and /dev/null; below `removable` files may be removed; where the kernel knows how, also
// refuses TCP, abstract Unix sockets and signals to processes outside. Needs no_new_privs. Does
// nothing where landlock_abi() is 0. Errors: kUsage (one of the folders is none), kUnavailable (the
// kernel refused).
Result<void> confine_writes(int abi, const std::vector<std::filesystem::path>& writable,
                            const std::vector<std::filesystem::path>& removable);

// Confines the calling thread and those that it starts to reading the files at and below `readable`
// (what is not there is left out): no writing, no programs. Where the kernel knows how, also
// refuses TCP to other ports than `ports` (none: to any), listening, abstract Unix sockets and
// signals to processes outside. Needs no_new_privs. Does nothing where landlock_abi() is 0. Errors:
// kUnavailable (the kernel refused).
Result<void> confine_to_reading(int abi, const std::vector<std::filesystem::path>& readable,
                                const std::vector<uint16_t>& ports);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// How much of the machine's processors the kernel lets this process have: containers and services
// are given shares of them by control groups.
#pragma once

#include <filesystem>
#include <optional>

namespace hearth {

// The least of the quotas of this process's control group and of those around it, in processors;
// nothing where there is none. Both versions of control groups (the kernel's
// Documentation/admin-guide/cgroup-v2.rst and scheduler/sched-bwc.rst); the arguments are for
// tests.
std::optional<double> cpu_quota(const std::filesystem::path& membership = "/proc/self/cgroup",
                                const std::filesystem::path& root = "/sys/fs/cgroup");

}  // namespace hearth

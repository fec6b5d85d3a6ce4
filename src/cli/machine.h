// SPDX-License-Identifier: Apache-2.0
// What the kernel tells of the machine.
#pragma once

#include <string>

namespace hearth {

// One of the kernel's files about itself, up to 4 KB; empty where there is none.
std::string kernel_text(const char* path);

// The processor's name for people, on one line; "unknown" where the kernel has none.
std::string cpu_name();

}  // namespace hearth

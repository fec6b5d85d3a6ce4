// SPDX-License-Identifier: Apache-2.0
// What the machine itself is like just now, as far as policies ask: is there a network, is there
// power. Read from the kernel's files; what cannot be read is taken for the worse.
//
// Threading: pure, but for the files.
#pragma once

#include <filesystem>

#include "route/facts.h"

namespace hearth {

struct MachineState {
  Network network = Network::kOffline;
  Power power = Power::kMains;
};

// Below which a battery that is being used up is low.
inline constexpr int kLowBatteryPercent = 20;

// `root`: where proc/ and sys/ lie. Online is a machine that has a route to others, metered none by
// itself: nothing in the kernel says so.
MachineState read_machine_state(const std::filesystem::path& root = "/");

}  // namespace hearth

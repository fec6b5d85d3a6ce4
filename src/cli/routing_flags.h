// SPDX-License-Identifier: Apache-2.0
// --policy and what goes with it, for commands that answer: the policy is read and the broker
// started before the process locks itself in, the rest is opened behind that.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/result.h"
#include "cli/environment.h"
#include "cli/options.h"
#include "controller/controller.h"

namespace hearth {

struct RoutingFlags {
  std::string policy;       // file; empty: nothing is routed
  std::string calibration;  // file
  std::string network;      // empty: as the kernel says

  void declare(Options& options);
  bool given() const { return !policy.empty(); }
};

class RoutingStart {
 public:
  // Reads the files; where the policy has targets, starts the process that sends. Errors: those of
  // reading them (kCorrupt names the line); kUsage (a network that is none, a flag without
  // --policy); kNotFound (no hearth-egress beside this program), those of Broker::start().
  static Result<RoutingStart> prepare(const Environment& environment, const RoutingFlags& flags);

  // What must stay open, and where must be writable, behind a lockdown.
  const std::vector<int>& descriptors() const { return descriptors_; }
  const std::filesystem::path& state_folder() const { return options_.state_folder; }
  bool has_calibration() const { return options_.calibration.has_value(); }

  // Once. Errors: those of Controller::open() and open_state_key().
  Result<std::unique_ptr<Controller>> open();

 private:
  RoutingStart() = default;

  ControllerOptions options_;
  std::vector<int> descriptors_;
};

// Reads a policy anew when its file is another, or when it is told to. The old one stays in force
// where the new one is bad. One thread.
class PolicyWatch {
 public:
  // Borrows the controller.
  PolicyWatch(std::string file, Controller& controller);

  // To be called again and again; looks at the file once a second. `asked`: read it in any case.
  void look(bool asked);

 private:
  void read();

  std::string file_;
  Controller& controller_;
  Stopwatch since_look_;
  std::optional<FileIdentity> known_;
};

}  // namespace hearth

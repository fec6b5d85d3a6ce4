// SPDX-License-Identifier: Apache-2.0
#include "cli/routing_flags.h"

#include <utility>

#include "base/files.h"
#include "base/strings.h"
#include "cli/broker_start.h"
#include "cli/output.h"
#include "cli/policy_file.h"
#include "route/calibration.h"
#include "seal/state_key.h"

namespace hearth {
namespace {

constexpr std::size_t kCalibrationBytesMax = 8 << 20;
constexpr double kLookEveryMs = 1000.0;

std::optional<FileIdentity> identity_of(const std::string& path) {
  const auto file = open_file(path);
  return file.ok() ? std::optional(file->identity) : std::nullopt;
}

bool is_same(const std::optional<FileIdentity>& a, const std::optional<FileIdentity>& b) {
  if (!a || !b) return a.has_value() == b.has_value();
  return a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
         a->modified_ns == b->modified_ns;
}

}  // namespace

void RoutingFlags::declare(Options& options) {
  options.text({"--policy", "FILE", "What may leave this machine, and who answers (TOML)"}, policy);
  options.text({"--calibration", "FILE", "When local answers are doubtful, by `route calibrate`"},
               calibration);
  options.text({"--network", "STATE", "online, metered or offline (default: as the kernel says)"},
               network);
}

Result<RoutingStart> RoutingStart::prepare(const Environment& environment,
                                           const RoutingFlags& flags) {
  RoutingStart start;
  HEARTH_ASSIGN(start.options_.policy, read_policy_file(flags.policy));
  if (!flags.calibration.empty()) {
    HEARTH_ASSIGN(const std::string text, read_file(flags.calibration, kCalibrationBytesMax));
    HEARTH_ASSIGN(start.options_.calibration,
                  calibration_from_json(text, printable(flags.calibration, 300)));
  }
  if (!flags.network.empty()) {
    HEARTH_ASSIGN(const Network network,
                  choose_value<Network>("--network", flags.network, kNetworkNames));
    start.options_.machine = [network] {
      MachineState state = read_machine_state();
      state.network = network;
      return state;
    };
  }
  HEARTH_ASSIGN(start.options_.state_folder, environment.state_folder());
  HEARTH_TRY(make_folder(start.options_.state_folder));
  start.options_.note = [](const std::string& line) { print_note(line); };
  if (start.options_.policy.targets.empty()) return start;
  HEARTH_ASSIGN(start.options_.remote, start_broker(start.options_.policy, start.descriptors_));
  return start;
}

Result<std::unique_ptr<Controller>> RoutingStart::open() {
  if (!options_.policy.targets.empty()) {
    HEARTH_ASSIGN(options_.key, open_state_key(options_.state_folder));
  }
  return Controller::open(std::move(options_));
}

// ---- watching the policy ----

PolicyWatch::PolicyWatch(std::string file, Controller& controller)
    : file_(std::move(file)), controller_(controller), known_(identity_of(file_)) {}

void PolicyWatch::look(bool asked) {
  if (!asked && since_look_.elapsed_ms() < kLookEveryMs) return;
  since_look_ = Stopwatch();
  const auto now = identity_of(file_);
  if (!asked && is_same(now, known_)) return;
  known_ = now;
  read();
}

void PolicyWatch::read() {
  auto policy = read_policy_file(file_);
  if (!policy.ok())
    return print_note(concat(policy.error().message(), "; the policy before stays in force"));
  controller_.change_policy(std::move(policy).value());
  print_note(concat("policy: ", printable(file_, 300), " was read anew and is in force"));
}

}  // namespace hearth

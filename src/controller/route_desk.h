// SPDX-License-Identifier: Apache-2.0
// The desk over which every request goes that may leave: one at a time it decides who is asked
// next, reserves what that can cost, and writes down what leaves, so that requests side by side
// cannot exceed a budget that each of them alone would keep.
//
// Each try is decided anew with what is known by then. So a policy that took a target away, a
// breaker that opened and money that others spent count at once, and nothing that went wrong can
// permit what the first decision did not.
//
// Threading: any thread.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "controller/guarded_prompt.h"
#include "controller/route_book.h"
#include "egress/remote.h"
#include "observe/ledger.h"
#include "route/calibration.h"
#include "route/decision.h"

namespace hearth {

// Of one request, at one moment of its way.
struct RouteQuestion {
  RouteRequest request;  // without the deadline
  Deadline deadline = {};
  std::optional<LocalCosts> local_costs = {};
  std::string stays = {};               // why it is answered here whatever the policy says
  std::optional<double> p_error = {};   // of the local answer that is there
  std::vector<std::string> tried = {};  // targets that were asked
};

struct ChosenTarget {
  RemoteTarget target;
  RouteHop hop;
};

struct RouteVerdict {
  Decision decision;
  std::optional<ChosenTarget> next;  // nothing: local, or its answer that is there
};

struct RouteDeskOptions {
  Policy policy;
  std::filesystem::path state_folder;
  std::optional<ConfidenceCalibration> calibration = {};
  std::function<int64_t()> now_ms;                    // since 1970, UTC
  std::function<void(const std::string& line)> note;  // what people should know
  std::optional<SealKey> key = {};  // of the ledger; required where the policy has targets
};

class RouteDesk {
 public:
  // Errors: those of Ledger::open(); make_folder().
  static Result<std::unique_ptr<RouteDesk>> open(RouteDeskOptions options);

  // What would be done now. Nothing changes.
  RouteVerdict look(const RouteQuestion& question) const;
  // P(error) of a local answer; nothing without a calibration.
  std::optional<double> p_error(RequestTask task, const ConfidenceFeatures& features) const;
  bool has_calibration() const { return options_.calibration.has_value(); }
  bool has_targets() const;

  void begin_request();  // each earns a part of a retry
  // look(), and where a target comes next: it is reserved for, on the disk. Whoever gets one calls
  // settle() or give_up().
  RouteVerdict take_next(const RouteQuestion& question);
  // Once it returns a number, the entry is on the disk. Errors: those of Ledger::append(): then
  // nothing may be sent.
  Result<int64_t> write_down(const ChosenTarget& chosen, const OutgoingBody& body,
                             const std::string& request, Sensitivity sensitivity);
  // What the target did. Returns what that cost in US dollars.
  double settle(const ChosenTarget& chosen, const RemoteResult& result, int32_t prompt_tokens);
  // Nothing was sent.
  void give_up(const ChosenTarget& chosen);
  void observe_local(const LocalCosts& costs, int32_t answer_tokens, double total_ms);
  std::optional<LatencyPrediction> predict(std::string_view target, const RouteQuestion& question,
                                           int32_t answer_tokens) const;

  // Takes targets away at once. Targets that were not there at the start, or lead elsewhere now,
  // need a restart: they are noted, and not asked.
  void change_policy(Policy policy);

 private:
  explicit RouteDesk(RouteDeskOptions options);

  Policy usable(Policy policy) const;
  RouteState state_now(RequestTask task, const std::optional<LocalCosts>& local_costs) const;
  RouteVerdict look_locked(const RouteQuestion& question) const;
  void save();
  RemoteState* remote_state(std::string_view target);

  const RouteDeskOptions options_;
  mutable std::mutex mutex_;
  Policy policy_;
  mutable RouteBook book_;  // its day advances
  std::optional<Ledger> ledger_;
};

}  // namespace hearth

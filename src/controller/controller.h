// SPDX-License-Identifier: Apache-2.0
// From a request's arrival to its answer, under a policy: the guard looks at it, the router decides
// who answers, it is answered here or by another machine, and what happened is written down.
// docs/decisions/0043-controller.md says why it is as it is.
//
// Whatever fails, the local answer stands at the end, and no failure asks anybody whom the policy
// does not permit.
//
// Ownership: outlives its errands. Threading: any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "controller/errand.h"
#include "controller/machine_state.h"
#include "controller/route_desk.h"
#include "controller/route_metrics.h"
#include "controller/routed_request.h"
#include "egress/remote.h"
#include "observe/decision_log.h"

namespace hearth {

// Asks of remote targets at once; beyond, the next is not sent.
inline constexpr int32_t kRemoteAsksMax = 32;

int64_t wall_clock_ms();  // since 1970, UTC

struct ControllerOptions {
  Policy policy;
  std::filesystem::path state_folder;
  std::shared_ptr<RemoteCaller> remote = {};  // required where the policy has targets
  std::optional<SealKey> key = {};            // likewise
  std::optional<ConfidenceCalibration> calibration = {};
  std::function<int64_t()> now_ms = wall_clock_ms;
  std::function<MachineState()> machine = [] { return read_machine_state(); };
  // What people should know, without content; on any thread.
  std::function<void(const std::string& line)> note = [](const std::string&) {};
};

class Controller {
 public:
  // Errors: those of RouteDesk::open() and DecisionLog::open().
  static Result<std::unique_ptr<Controller>> open(ControllerOptions options);

  std::unique_ptr<Errand> begin(RoutedRequest request);
  // All of it on this thread. `on_text` gets the answer's text as it comes, as far as it can be
  // shown before it is sure whose answer it is. Errors: those of `answer_locally`, where nobody
  // else answered.
  Result<AnswerReport> answer(RoutedRequest request, const AnswerLocally& answer_locally,
                              const OnText& on_text, std::stop_token stop);

  // See RouteDesk::change_policy().
  void change_policy(Policy policy) { desk_->change_policy(std::move(policy)); }
  const RouteMetrics& metrics() const { return metrics_; }

 private:
  friend class Errand;
  Controller(ControllerOptions options, std::unique_ptr<RouteDesk> desk, DecisionLog log);
  void write_log(const DecisionRecord& record);

  const ControllerOptions options_;
  const std::unique_ptr<RouteDesk> desk_;
  const Guard guard_ = {};
  RouteMetrics metrics_;
  std::atomic<int32_t> asks_ = 0;  // under way
  std::mutex log_mutex_;
  DecisionLog log_;
  bool log_failed_ = false;
};

}  // namespace hearth

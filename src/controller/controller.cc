// SPDX-License-Identifier: Apache-2.0
#include "controller/controller.h"

#include <chrono>
#include <utility>

#include "base/check.h"
#include "base/strings.h"

namespace hearth {

int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

Controller::Controller(ControllerOptions options, std::unique_ptr<RouteDesk> desk, DecisionLog log)
    : options_(std::move(options)), desk_(std::move(desk)), log_(std::move(log)) {}

Result<std::unique_ptr<Controller>> Controller::open(ControllerOptions options) {
  HEARTH_CHECK(options.policy.targets.empty() || options.remote != nullptr);
  RouteDeskOptions of_desk;
  of_desk.policy = options.policy;
  of_desk.state_folder = options.state_folder;
  of_desk.calibration = options.calibration;
  of_desk.now_ms = options.now_ms;
  of_desk.note = options.note;
  of_desk.key = options.key;
  HEARTH_ASSIGN(auto desk, RouteDesk::open(std::move(of_desk)));
  HEARTH_ASSIGN(DecisionLog log, DecisionLog::open(options.state_folder, Database::Access::kWrite));
  return std::unique_ptr<Controller>(
      new Controller(std::move(options), std::move(desk), std::move(log)));
}

std::unique_ptr<Errand> Controller::begin(RoutedRequest request) {
  return std::make_unique<Errand>(*this, std::move(request));
}

// An answer matters more than its row; that rows are missing is said once.
void Controller::write_log(const DecisionRecord& record) {
  const std::lock_guard lock(log_mutex_);
  const auto written = log_.append(record);
  if (!written.ok() && !std::exchange(log_failed_, true))
    options_.note(concat("decision log: ", written.error().message()));
  if (written.ok()) log_failed_ = false;
}

Result<AnswerReport> Controller::answer(RoutedRequest request, const AnswerLocally& answer_locally,
                                        const OnText& on_text, std::stop_token stop) {
  const auto errand = begin(std::move(request));
  bool is_shown = false;  // the local answer, as it came
  while (errand->step() != Errand::Step::kDone) {
    if (errand->step() == Errand::Step::kRemote) {
      errand->ask_remote(on_text, on_text ? Shown::kAsItComes : Shown::kLater, stop);
      continue;
    }
    is_shown = on_text && errand->shows_local();
    if (is_shown && !errand->prelude().empty()) on_text(errand->prelude());
    errand->take_local(answer_locally(is_shown ? on_text : OnText()));
  }
  const std::string prelude = errand->prelude();
  HEARTH_ASSIGN(AnswerReport report, errand->finish());
  if (on_text && report.is_local() && !is_shown && errand->local_answer()) {
    if (!prelude.empty()) on_text(prelude);
    on_text(errand->local_answer()->text);
  }
  return report;
}

}  // namespace hearth

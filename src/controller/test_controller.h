// SPDX-License-Identifier: Apache-2.0
// For tests: a controller whose remote targets, clock and machine are the test's.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/strings.h"
#include "base/test_folder.h"
#include "controller/controller.h"

namespace hearth {

inline constexpr std::string_view kHybridPolicy = R"(default = "local"

[targets.far]
url = "https://far.example/v1"
model = "large"
accepts = "public"
price_usd_per_mtok = { input = 10.0, output = 100.0 }

[targets.edge]
url = "https://edge.example/v1"
model = "medium"
accepts = "personal"
price_usd_per_mtok = { input = 0.0, output = 0.0 }

[[rules]]
name = "edge with consent"
when = { sensitivity = "personal", consent = "once" }
allow = ["edge"]
prefer = "quality"

[[rules]]
name = "public"
when = { sensitivity = "public" }
allow = ["edge", "far"]
prefer = "quality"
budget_usd_per_day = 0.30
)";

// Answers what the test says, in order; then fails.
class FakeRemote final : public RemoteCaller {
 public:
  struct Reply {
    RemoteFault fault = RemoteFault::kNone;
    std::vector<std::string> pieces = {};
    int64_t answer_tokens = 10;
    double wait_ms = 0.0;
  };

  RemoteResult ask(const RemoteAsk& ask, const std::function<bool(std::string_view)>& on_text,
                   std::stop_token stop) override {
    Reply reply;
    {
      const std::lock_guard lock(mutex_);
      targets.push_back(ask.target);
      bodies.push_back(ask.body.get());
      timeouts.push_back(ask.timeout_ms);
      if (before_answer) before_answer(ask.body.get());
      reply.fault = RemoteFault::kUnreachable;
      if (!replies.empty()) {
        reply = replies.front();
        if (replies.size() > 1 || !repeats) replies.pop_front();
      }
    }
    const Stopwatch taken;
    RemoteResult result;
    result.fault = reply.fault;
    result.bytes_sent = static_cast<int64_t>(ask.body.get().size());
    const double wait_ms = std::min(reply.wait_ms, ask.timeout_ms);
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(wait_ms));
    if (wait_ms < reply.wait_ms) result.fault = RemoteFault::kTimeout;
    for (const std::string& piece : reply.pieces) {
      if (result.fault == RemoteFault::kTimeout) break;
      result.answer += piece;
      if ((on_text && !on_text(piece)) || stop.stop_requested()) {
        result.fault = RemoteFault::kCancelled;
        break;
      }
    }
    if (result.fault != RemoteFault::kNone) result.text = "did not answer";
    result.prompt_tokens = 20;
    result.answer_tokens = reply.answer_tokens;
    result.first_token_ms = result.total_ms = taken.elapsed_ms();
    result.finish_reason = "stop";
    return result;
  }

  std::deque<Reply> replies;
  bool repeats = false;  // the last reply, for ever
  std::function<void(const std::string& body)> before_answer;
  std::vector<std::string> targets;
  std::vector<std::string> bodies;
  std::vector<double> timeouts;

 private:
  std::mutex mutex_;
};

class ControllerTest : public testing::Test {
 protected:
  void open(std::string_view policy = kHybridPolicy) {
    controller_.reset();
    ControllerOptions options;
    options.policy = parse_policy(policy, "p.toml").value();
    options.state_folder = folder();
    options.remote = remote_;
    options.key = SealKey::load_or_create(folder_.path() / "key").value();
    options.calibration = calibration_;
    options.now_ms = [this] { return now_ms_; };
    options.machine = [this] { return machine_; };
    options.note = [this](const std::string& line) { notes_.push_back(line); };
    auto opened = Controller::open(std::move(options));
    ASSERT_TRUE(opened.ok()) << opened.error().message();
    controller_ = std::move(opened).value();
  }
  static RoutedRequest request(std::string text, Consent consent = Consent::kNone) {
    RoutedRequest request;
    request.id = "r1";
    request.messages.push_back({"user", MarkedText(std::move(text), Trust::kUser)});
    request.consent = consent;
    request.prompt_tokens = 20;
    request.answer_tokens_max = 100;
    return request;
  }
  AnswerReport ask(RoutedRequest request) {
    shown_.clear();
    local_asked_ = 0;
    auto report = controller_->answer(
        std::move(request),
        [this](const OnText& on_text) -> Result<LocalAnswer> {
          ++local_asked_;
          if (on_text) on_text(local_.text);
          return local_;
        },
        [this](std::string_view piece) {
          shown_ += piece;
          return true;
        },
        stop_.get_token());
    EXPECT_TRUE(report.ok()) << report.error().message();
    return report.ok() ? *report : AnswerReport{};
  }
  std::vector<DecisionRow> rows() {
    return DecisionLog::open(folder(), Database::Access::kRead)->last(1000).value();
  }
  std::vector<LedgerEntry> ledger() {
    auto opened = Ledger::open(folder(), SealKey::load_or_create(folder_.path() / "key").value(),
                               Database::Access::kRead);
    return opened->last(100'000).value();
  }
  std::filesystem::path folder() const { return folder_.path() / "state"; }

  TestFolder folder_;
  std::shared_ptr<FakeRemote> remote_ = std::make_shared<FakeRemote>();
  std::optional<ConfidenceCalibration> calibration_;
  int64_t now_ms_ = 1'700'000'000'000;
  MachineState machine_{Network::kOnline, Power::kMains};
  LocalAnswer local_{.text = "from here", .answer_tokens = 3, .total_ms = 5.0};
  std::stop_source stop_;
  std::vector<std::string> notes_;
  std::string shown_;
  int local_asked_ = 0;
  std::unique_ptr<Controller> controller_;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What goes wrong elsewhere: the answer comes from here, in time, and nothing permits more than
// before.
#include <gtest/gtest.h>

#include <fstream>

#include "controller/test_controller.h"

namespace hearth {
namespace {

constexpr const char* kQuestion = "What is the capital of France?";

class FaultsTest : public ControllerTest, public testing::WithParamInterface<RemoteFault> {};

TEST_P(FaultsTest, TheAnswerComesFromHereAndSaysSo) {
  open();
  remote_->replies.push_back({.fault = GetParam()});
  remote_->replies.push_back({.fault = GetParam()});
  const AnswerReport report = ask(request(kQuestion));
  EXPECT_EQ(report.target, "local");
  EXPECT_EQ(report.outcome, RouteOutcome::kFallback);
  EXPECT_EQ(shown_, "from here");
  EXPECT_NE(report.text.find("edge: did not answer"), std::string::npos) << report.text;
  EXPECT_EQ(remote_->targets, (std::vector<std::string>{"edge", "far"}));
}

// A personal text may see the edge; no failure of the edge shows it to the cloud.
TEST_P(FaultsTest, PermitNothingMore) {
  open();
  for (int i = 0; i < 6; ++i) {
    remote_->replies.push_back({.fault = GetParam()});
    ask(request("Write to ada.lovelace@example.org.", Consent::kOnce));
    ask(request("Write to ada.lovelace@example.org."));
  }
  for (const std::string& target : remote_->targets) EXPECT_EQ(target, "edge");
}

TEST_P(FaultsTest, OpenTheBreakerWhichRecovers) {
  open();
  remote_->repeats = true;
  remote_->replies.push_back({.fault = GetParam()});
  for (int i = 0; i < 10; ++i) ask(request(kQuestion));
  EXPECT_EQ(remote_->targets.size(), 6u) << "three failures of each target, then none is asked";
  now_ms_ += kBreakerOpenMs;
  remote_->replies.assign(1, {.pieces = {"again"}});
  EXPECT_EQ(ask(request(kQuestion)).target, "edge");
}

INSTANTIATE_TEST_SUITE_P(Each, FaultsTest,
                         testing::Values(RemoteFault::kUnreachable, RemoteFault::kTls,
                                         RemoteFault::kDns, RemoteFault::kTimeout,
                                         RemoteFault::kHttpStatus, RemoteFault::kNotJson,
                                         RemoteFault::kTooLarge, RemoteFault::kInvalid,
                                         RemoteFault::kBrokenStream, RemoteFault::kBrokerGone));

using FaultTest = ControllerTest;

TEST_F(FaultTest, HalfAStreamIsMarkedAndAnsweredHere) {
  open();
  remote_->replies.push_back({.fault = RemoteFault::kBrokenStream, .pieces = {"Half of"}});
  const AnswerReport report = ask(request(kQuestion));
  EXPECT_EQ(report.target, "local");
  EXPECT_EQ(report.outcome, RouteOutcome::kFallback);
  EXPECT_EQ(shown_, "Half of\n\n[edge broke off; this machine answers:]\n\nfrom here");
}

TEST_F(FaultTest, AnEmptyAnswerIsNone) {
  open();
  remote_->replies.push_back({});
  remote_->replies.push_back({});
  EXPECT_EQ(ask(request(kQuestion)).target, "local");
}

TEST_F(FaultTest, SlowOnesLeaveTimeForTheLocalAnswer) {
  open();
  remote_->repeats = true;
  remote_->replies.push_back({.pieces = {"late"}, .wait_ms = 5000.0});
  RoutedRequest asked = request(kQuestion);
  asked.deadline = Deadline::after_ms(400.0);
  const Stopwatch taken;
  const AnswerReport report = ask(std::move(asked));
  EXPECT_EQ(report.target, "local");
  EXPECT_LT(taken.elapsed_ms(), 400.0);
  for (const double timeout_ms : remote_->timeouts) EXPECT_LE(timeout_ms, 200.0);
}

TEST_F(FaultTest, SomebodyWhoGoesEndsIt) {
  open();
  remote_->replies.push_back({.pieces = {"from there"}});
  stop_.request_stop();
  const AnswerReport report = ask(request(kQuestion));
  EXPECT_EQ(report.outcome, RouteOutcome::kCancelled);
  EXPECT_EQ(local_asked_, 0);
}

// ---- money ----

constexpr std::string_view kPricedPolicy = R"(default = "local"
[targets.cloud]
url = "https://cloud.example/v1"
model = "large"
accepts = "public"
price_usd_per_mtok = { input = 0.0, output = 1000.0 }
[[rules]]
when = { sensitivity = "public" }
allow = ["cloud"]
prefer = "quality"
budget_usd_per_day = 0.55
)";
constexpr double kBudget = 0.55;
constexpr double kMostOfOne = 0.1;  // 100 tokens

TEST_F(FaultTest, TheBudgetHoldsOverRestarts) {
  double spent = 0.0;
  remote_->repeats = true;
  remote_->replies.push_back({.pieces = {"there"}, .answer_tokens = 100});
  for (int i = 0; i < 20; ++i) {
    if (i % 3 == 0) open(kPricedPolicy);
    spent += ask(request(kQuestion)).cost_usd;
  }
  EXPECT_GT(spent, kBudget - kMostOfOne - 1e-9);
  EXPECT_LE(spent, kBudget + 1e-9);
  now_ms_ += 24 * 3600 * 1000;
  EXPECT_EQ(ask(request(kQuestion)).target, "cloud") << "a new day";
  now_ms_ -= 3 * 24 * 3600 * 1000LL;
  for (int i = 0; i < 10; ++i) spent += ask(request(kQuestion)).cost_usd;
  EXPECT_LE(spent, 2 * kBudget + 1e-9) << "a clock that was set back begins no day";
}

TEST_F(FaultTest, TheBudgetHoldsSideBySide) {
  open(kPricedPolicy);
  remote_->repeats = true;
  remote_->replies.push_back({.pieces = {"there"}, .answer_tokens = 100, .wait_ms = 20.0});
  std::atomic<int> answered = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      const auto report = controller_->answer(
          request(kQuestion), [](const OnText&) -> Result<LocalAnswer> { return LocalAnswer{}; },
          {}, {});
      if (report.ok() && report->target == "cloud") ++answered;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(answered, 5);
}

// What breaks off may have cost all that it could.
TEST_F(FaultTest, BrokenOnesCountAtTheirMost) {
  open(kPricedPolicy);
  remote_->repeats = true;
  remote_->replies.push_back({.fault = RemoteFault::kBrokenStream, .pieces = {"ha"}});
  EXPECT_NEAR(ask(request(kQuestion)).cost_usd, kMostOfOne, 1e-9);
}

TEST_F(FaultTest, ADamagedBookRefusesWhatCosts) {
  open();
  remote_->repeats = true;
  remote_->replies.push_back({.pieces = {"there"}});
  ask(request(kQuestion));
  controller_.reset();
  std::ofstream(folder() / "route.json") << "{\"version\": 1, \"spent_usd\": -3";
  open(kPricedPolicy);
  EXPECT_EQ(ask(request(kQuestion)).target, "local");
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_NE(notes_[0].find("what was spent is not known"), std::string::npos) << notes_[0];
  open();  // what costs nothing is asked all the same
  EXPECT_EQ(ask(request(kQuestion)).target, "edge");
  std::string kept;
  std::getline(std::ifstream(folder() / "route.json"), kept);
  EXPECT_EQ(kept, "{\"version\": 1, \"spent_usd\": -3") << "it is left for people to look at";
}

TEST_F(FaultTest, OneProcessKeepsTheBook) {
  open(kPricedPolicy);
  const auto first = std::move(controller_);
  open(kPricedPolicy);
  EXPECT_EQ(ask(request(kQuestion)).target, "local");
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_NE(notes_[0].find("another hearth holds it"), std::string::npos) << notes_[0];
}

TEST_F(FaultTest, WhatCannotBeWrittenDownIsNotSent) {
  open();
  remote_->repeats = true;
  remote_->replies.push_back({.pieces = {"there"}});
  std::filesystem::remove(folder() / "ledger.anchor");
  std::filesystem::create_directories(folder() / "ledger.anchor" / "in the way");
  const AnswerReport report = ask(request(kQuestion));
  EXPECT_EQ(report.target, "local");
  EXPECT_TRUE(remote_->targets.empty());
  EXPECT_NE(report.text.find("nothing was sent"), std::string::npos) << report.text;
}

// ---- policies that change ----

TEST_F(FaultTest, ANewPolicyTakesAwayAtOnceAndAddsNothing) {
  open();
  remote_->repeats = true;
  remote_->replies.push_back({.pieces = {"there"}});
  controller_->change_policy(local_only_policy());
  EXPECT_EQ(ask(request(kQuestion)).target, "local");
  std::string more(kHybridPolicy);
  more.replace(more.find("edge.example"), 12, "evil.example");
  controller_->change_policy(parse_policy(more, "p.toml").value());
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_EQ(notes_[0], "target edge: is new or leads elsewhere; restart to use it");
  EXPECT_EQ(ask(request(kQuestion)).target, "far");
  controller_->change_policy(parse_policy(kHybridPolicy, "p.toml").value());
  const auto personal = request("Write to ada.lovelace@example.org.", Consent::kOnce);
  EXPECT_EQ(ask(personal).target, "edge") << "as at the start";
}

// Between the tries of one request, too.
TEST_F(FaultTest, ATargetThatWasTakenAwayIsNotTheNext) {
  open();
  remote_->replies.push_back({.fault = RemoteFault::kTimeout});
  remote_->before_answer = [&](const std::string&) {
    controller_->change_policy(local_only_policy());
  };
  EXPECT_EQ(ask(request(kQuestion)).target, "local");
  EXPECT_EQ(remote_->targets, std::vector<std::string>{"edge"});
}

TEST_F(FaultTest, OfflineAsksNobodyElsewhere) {
  open();
  machine_.network = Network::kOffline;
  EXPECT_EQ(ask(request(kQuestion)).target, "local");
  EXPECT_TRUE(remote_->targets.empty());
}

}  // namespace
}  // namespace hearth

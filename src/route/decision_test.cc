// SPDX-License-Identifier: Apache-2.0
#include "route/decision.h"

#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"
#include "base/random.h"
#include "base/statistics.h"
#include "route/policy_states.h"

namespace hearth {
namespace {

const std::string kTargets =
    "default = \"local\"\n"
    "[targets.cloud]\nurl = \"https://api.example\"\nmodel = \"m\"\naccepts = \"public\"\n"
    "price_usd_per_mtok = { input = 10, output = 100 }\ntimeout_ms = 9000\n"
    "[targets.edge]\nurl = \"https://edge.example\"\nmodel = \"m\"\naccepts = \"personal\"\n"
    "price_usd_per_mtok = { input = 0, output = 0 }\ntimeout_ms = 20000\n";
constexpr std::size_t kCloud = 0;
constexpr std::size_t kEdge = 1;

Policy policy_with(const std::string& setting) {
  auto policy =
      parse_policy(kTargets + "[[rules]]\nallow = [\"edge\", \"cloud\"]\n" + setting, "p.toml");
  EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().message());
  return policy.ok() ? *policy : Policy{};
}

RouteRequest request() {
  return {.sensitivity = Sensitivity::kPublic,
          .task = RequestTask::kFacts,
          .consent = Consent::kAlways,
          .network = Network::kOnline,
          .prompt_tokens = 100,
          .answer_tokens = 100,
          .answer_tokens_max = 1000};
}

// A target that answers in first + 100 * token milliseconds.
RemoteState observed(double first_ms, double token_ms) {
  RemoteState state;
  for (int i = 0; i < 20; ++i) {
    state.latency.observe(100, 100, first_ms, first_ms + 100 * token_ms);
  }
  return state;
}

RouteState state() {
  RouteState state;
  state.now_ms = 1000000;
  state.local_costs = LocalCosts{.load_ms = 0, .queue_ms = 0, .prompt_ms = 100, .token_ms = 10};
  state.remotes = {observed(200, 5), observed(50, 20)};
  return state;
}

std::string chain_of(const Policy& policy, const Decision& decision) {
  std::string names;
  for (const RouteHop& hop : decision.chain) {
    names += (names.empty() ? "" : " ") + std::string(target_name(policy, hop));
  }
  return names;
}

Exclusion excluded(const Decision& decision, std::size_t target) {
  for (const ExcludedTarget& one : decision.excluded) {
    if (one.target == target) return one.why;
  }
  ADD_FAILURE() << "not excluded";
  return Exclusion::kPolicy;
}

TEST(Decide, LocalComesFirst) {
  const Policy policy = policy_with("");
  const Decision decision = decide(policy, request(), state());
  EXPECT_EQ(chain_of(policy, decision), "local");
  EXPECT_EQ(decision.reason, RouteReason::kLocalFirst);
  EXPECT_EQ(decision.rules, std::vector<std::string>{"rule 1"});
  EXPECT_NEAR(decision.local_latency->total_ms, 1100, 1e-6);
  EXPECT_NEAR(decision.remotes[kCloud].latency->total_ms, 700, 1e-6);
  EXPECT_NEAR(decision.remotes[kCloud].cost_usd, 0.011, 1e-9);
  EXPECT_NEAR(decision.remotes[kCloud].cost_usd_max, 0.101, 1e-9);
}

TEST(Decide, GoesWhereLocalIsLate) {
  const Policy policy = policy_with("prefer = \"latency\"\n");
  RouteRequest hurried = request();
  hurried.deadline_ms = 1000;
  const Decision decision = decide(policy, hurried, state());
  EXPECT_EQ(chain_of(policy, decision), "cloud local");
  EXPECT_EQ(decision.reason, RouteReason::kLocalLate);
  EXPECT_EQ(decision.first().timeout_ms, 1000);
  EXPECT_EQ(decision.first().redaction, Redaction::kOff);
  EXPECT_EQ(excluded(decision, kEdge), Exclusion::kTooSlow);  // 2,050 ms
  EXPECT_NE(decision.text.find("1100 ms of the 1000 ms"), std::string::npos) << decision.text;
}

TEST(Decide, LeavesTimeForTheLocalAnswer) {
  const Policy policy = policy_with("prefer = \"quality\"\n");
  RouteRequest timed = request();
  timed.deadline_ms = 5000;
  const Decision decision = decide(policy, timed, state());
  EXPECT_EQ(decision.reason, RouteReason::kBetter);
  ASSERT_FALSE(decision.first().is_local());
  EXPECT_NEAR(decision.first().timeout_ms, 3900, 1e-6);
  EXPECT_TRUE(decision.chain.back().is_local());
  // Less time than local and a target need one after the other: local alone.
  timed.deadline_ms = 1300;
  EXPECT_EQ(chain_of(policy, decide(policy, timed, state())), "local");
}

TEST(Decide, GoesWhereLocalIsLikelyWrong) {
  const Policy policy = policy_with("p_error_max = 0.3\n");
  RouteState doubtful = state();
  doubtful.local_p_error = 0.31;
  const Decision decision = decide(policy, request(), doubtful);
  EXPECT_EQ(decision.reason, RouteReason::kLocalDoubtful);
  EXPECT_EQ(chain_of(policy, decision), "edge cloud local");  // privacy: the more trusted first
  doubtful.local_p_error = 0.3;
  EXPECT_EQ(decide(policy, request(), doubtful).reason, RouteReason::kLocalFirst);
  // Some answers can stay, so one is waited for.
  doubtful.local_p_error = 0.6;
  doubtful.local_stay_share = 0.3;
  EXPECT_EQ(decide(policy, request(), doubtful).reason, RouteReason::kLocalFirst);
  doubtful.local_stay_share = 0.1;
  EXPECT_EQ(decide(policy, request(), doubtful).reason, RouteReason::kLocalDoubtful);
  // The promise's threshold counts where no rule has one.
  const Policy plain = policy_with("");
  doubtful.p_error_max = 0.2;
  EXPECT_EQ(decide(plain, request(), doubtful).reason, RouteReason::kLocalDoubtful);
}

TEST(Decide, FollowsPreference) {
  const RouteState known = state();
  EXPECT_EQ(decide(policy_with("prefer = \"latency\"\n"), request(), known).reason,
            RouteReason::kFaster);
  const Policy quality = policy_with("prefer = \"quality\"\n");
  RouteState graded = state();
  graded.remotes[kEdge].p_error = 0.1;
  graded.remotes[kCloud].p_error = 0.05;
  EXPECT_EQ(chain_of(quality, decide(quality, request(), graded)), "cloud edge local");
  graded.local_p_error = 0.04;
  EXPECT_EQ(decide(quality, request(), graded).reason, RouteReason::kLocalBetter);
  const Policy cost = policy_with("prefer = \"cost\"\np_error_max = 0.1\n");
  graded.local_p_error = 0.5;
  EXPECT_EQ(chain_of(cost, decide(cost, request(), graded)), "edge cloud local");
  RouteState unknown = state();
  unknown.remotes.clear();
  EXPECT_EQ(decide(policy_with("prefer = \"latency\"\n"), request(), unknown).reason,
            RouteReason::kLocalFirst);
}

TEST(Decide, LeavesOutWhatCannotBeAsked) {
  const Policy policy = policy_with("p_error_max = 0.3\nbudget_usd_per_day = 0.5\n");
  RouteState doubtful = state();
  doubtful.local_p_error = 0.9;
  for (int i = 0; i < kBreakerFailures; ++i) {
    doubtful.remotes[kEdge].breaker.failed(doubtful.now_ms);
  }
  Decision decision = decide(policy, request(), doubtful);
  EXPECT_EQ(chain_of(policy, decision), "cloud local");
  EXPECT_EQ(excluded(decision, kEdge), Exclusion::kBreaker);
  doubtful.spending.spent_usd = 0.42;  // 0.101 more could exceed 0.5
  decision = decide(policy, request(), doubtful);
  EXPECT_EQ(chain_of(policy, decision), "local");
  EXPECT_EQ(excluded(decision, kCloud), Exclusion::kBudget);
  EXPECT_EQ(decision.reason, RouteReason::kLocalOnly);
  doubtful.now_ms += kBreakerOpenMs;  // half open: a probe may go
  EXPECT_EQ(chain_of(policy, decide(policy, request(), doubtful)), "edge local");
  RouteRequest personal = request();
  personal.sensitivity = Sensitivity::kPersonal;
  decision = decide(policy, personal, doubtful);
  EXPECT_EQ(chain_of(policy, decision), "edge local");
  EXPECT_EQ(decision.first().redaction, Redaction::kOn);
  EXPECT_EQ(excluded(decision, kCloud), Exclusion::kPolicy);
}

TEST(Decide, TriesAgainOnlyWithinTheRetryBudget) {
  const Policy policy = policy_with("p_error_max = 0.3\n");
  RouteState doubtful = state();
  doubtful.local_p_error = 0.9;
  doubtful.retries.left = 0.95;
  Decision decision = decide(policy, request(), doubtful);
  EXPECT_EQ(chain_of(policy, decision), "edge local");
  EXPECT_EQ(excluded(decision, kCloud), Exclusion::kRetries);
  doubtful.retries.earn();
  decision = decide(policy, request(), doubtful);
  EXPECT_EQ(chain_of(policy, decision), "edge cloud local");
}

TEST(DecideAfterAnswer, GoesOnOverTheThreshold) {
  const Policy policy = policy_with("p_error_max = 0.3\n");
  RouteState known = state();
  Decision decision = decide_after_answer(policy, request(), known, 0.3);
  EXPECT_EQ(decision.reason, RouteReason::kConfident);
  EXPECT_EQ(chain_of(policy, decision), "local");
  decision = decide_after_answer(policy, request(), known, 0.31);
  EXPECT_EQ(decision.reason, RouteReason::kLocalDoubtful);
  EXPECT_EQ(chain_of(policy, decision), "edge cloud local");
  known.remotes[kEdge].p_error = 0.4;
  known.remotes[kCloud].p_error = 0.1;
  decision = decide_after_answer(policy, request(), known, 0.35);
  EXPECT_EQ(chain_of(policy, decision), "cloud local");
  EXPECT_EQ(excluded(decision, kEdge), Exclusion::kNotBetter);
  // The answer is there: the whole deadline may be used, and no more.
  RouteRequest timed = request();
  timed.deadline_ms = 800;
  decision = decide_after_answer(policy, timed, known, 0.9);
  EXPECT_EQ(chain_of(policy, decision), "cloud local");
  EXPECT_EQ(decision.first().timeout_ms, 800);
  timed.deadline_ms = 600;
  EXPECT_EQ(chain_of(policy, decide_after_answer(policy, timed, known, 0.9)), "local");
  EXPECT_EQ(decide_after_answer(policy_with(""), request(), state(), 0.9).reason,
            RouteReason::kNoThreshold);
}

// The largest policy there can be. The bar is 2 ms in 99 of 100; a median far below leaves room for
// a busy machine.
TEST(Decide, IsQuick) {
  Policy policy;
  for (std::size_t i = 0; i < kRemoteTargetsMax; ++i) {
    RemoteTarget target;
    target.name = "t" + std::to_string(i);
    target.input_usd_per_mtok = 1.0;
    policy.targets.push_back(target);
  }
  for (std::size_t i = 0; i < kPolicyRulesMax; ++i) {
    PolicyRule rule;
    rule.name = "rule " + std::to_string(i);
    rule.allow = rule.keep = all_of_first(kRemoteTargetsMax);
    rule.budget_usd_per_day = 1.0;
    rule.prefer = Prefer::kQuality;
    policy.rules.push_back(rule);
  }
  RouteState known = state();
  known.remotes.assign(kRemoteTargetsMax, observed(100, 10));
  std::vector<double> us;
  for (int i = 0; i < 2000; ++i) {
    const Stopwatch since;
    ASSERT_EQ(decide(policy, request(), known).chain.size(), 12u);
    us.push_back(1000.0 * since.elapsed_ms());
  }
  const double median = percentile(us, 0.5);
  EXPECT_LT(median, 1000.0);
  RecordProperty("median_us", static_cast<int>(median));
  RecordProperty("p99_us", static_cast<int>(percentile(us, 0.99)));
}

// Whatever has gone wrong, nobody is asked whom the policy does not permit then.
TEST(Decide, FaultsNeverWiden) {
  Random random(3);
  const Policy policies[] = {policy_with("prefer = \"quality\"\nbudget_usd_per_day = 0.3\n"),
                             policy_with("p_error_max = 0.1\n"), local_only_policy()};
  int asked = 0;
  for (int trial = 0; trial < 20000; ++trial) {
    const Policy& policy = policies[random.below(3)];
    RouteRequest any = request();
    any.sensitivity = static_cast<Sensitivity>(random.below(4));
    any.consent = static_cast<Consent>(random.below(3));
    any.network = static_cast<Network>(random.below(3));
    if (random.coin()) any.deadline_ms = 5000 * random.share() - 100;
    RouteState broken = state();
    broken.spending.spent_usd = random.share();
    broken.local_p_error = random.share();
    if (random.coin()) broken.local_costs.reset();
    for (RemoteState& remote : broken.remotes) {
      for (std::size_t i = random.below(5); i > 0; --i) remote.breaker.failed(broken.now_ms);
      if (random.coin()) remote.latency = {};
    }
    const Facts facts{.sensitivity = any.sensitivity,
                      .task = any.task,
                      .consent = any.consent,
                      .network = any.network,
                      .power = any.power,
                      .deadline = deadline_class(any.deadline_ms),
                      .spent_usd = broken.spending.used_usd()};
    const Permission permission = permit(policy, facts);
    const Decision decision = random.coin()
                                  ? decide(policy, any, broken)
                                  : decide_after_answer(policy, any, broken, random.share());
    ASSERT_FALSE(decision.chain.empty());
    ASSERT_TRUE(decision.chain.back().is_local());
    for (const RouteHop& hop : decision.chain) {
      if (hop.is_local()) continue;
      ++asked;
      ASSERT_TRUE(has_bit(permission.targets, *hop.target));
      ASSERT_EQ(hop.redaction == Redaction::kOn, has_bit(permission.redacted, *hop.target));
      ASSERT_GT(hop.timeout_ms, 0.0);
      ASSERT_LE(hop.timeout_ms, any.deadline_ms.value_or(20000.0));
      if (policy.targets[*hop.target].has_price()) {
        ASSERT_LE(facts.spent_usd + hop.reserve_usd, permission.limit_usd[*hop.target]);
      }
      ASSERT_TRUE(broken.remotes[*hop.target].breaker.admits(broken.now_ms));
    }
  }
  EXPECT_GT(asked, 2000);
}

}  // namespace
}  // namespace hearth

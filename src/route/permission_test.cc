// SPDX-License-Identifier: Apache-2.0
// What policies permit, state by state, and that a worse state never permits more.
#include "route/permission.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "base/random.h"
#include "route/policy_states.h"

namespace hearth {
namespace {

const std::string kTargets =
    "default = \"local\"\n"
    "[targets.cloud]\nurl = \"https://api.example\"\nmodel = \"m\"\naccepts = \"public\"\n"
    "price_usd_per_mtok = { input = 1, output = 1 }\n"
    "[targets.edge]\nurl = \"https://edge.example\"\nmodel = \"m\"\naccepts = \"personal\"\n"
    "price_usd_per_mtok = { input = 0, output = 0 }\n"
    "[targets.near]\nurl = \"http://localhost:1\"\nmodel = \"m\"\naccepts = \"sensitive\"\n"
    "price_usd_per_mtok = { input = 0, output = 0 }\n";
constexpr std::size_t kCloud = 0;
constexpr std::size_t kEdge = 1;
constexpr std::size_t kNear = 2;

Policy policy_of(const std::string& text) {
  auto policy = parse_policy(text, "p.toml");
  EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().message());
  return policy.ok() ? *policy : Policy{};
}

// The example of the design: consent for personal text, an open question for the cloud.
Policy example() {
  return policy_of(kTargets +
                   "[[rules]]\nwhen = { sensitivity = \"personal\", consent = \"once\" }\n"
                   "allow = [\"local\", \"edge\"]\n"
                   "[[rules]]\nwhen = { task = \"open_ended\", sensitivity = \"public\" }\n"
                   "allow = [\"local\", \"edge\", \"cloud\"]\nprefer = \"quality\"\n"
                   "budget_usd_per_day = 0.5\n"
                   "[[rules]]\nwhen = { task = \"code\", sensitivity = \"sensitive\" }\n"
                   "allow = \"near\"\nredact = false\n");
}

Facts facts(Sensitivity sensitivity, RequestTask task, Consent consent,
            Network network = Network::kOnline) {
  return {.sensitivity = sensitivity, .task = task, .consent = consent, .network = network};
}

std::string targets_of(const Policy& policy, const Facts& facts) {
  std::string names;
  const Permission permission = permit(policy, facts);
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    if (!has_bit(permission.targets, i)) continue;
    names += (names.empty() ? "" : " ") + policy.targets[i].name;
    if (has_bit(permission.redacted, i)) names += "*";
  }
  return names;
}

TEST(Permission, FollowsTheRules) {
  const Policy policy = example();
  using enum Sensitivity;
  using enum Consent;
  const auto chat = RequestTask::kChat;
  const auto open = RequestTask::kOpenEnded;
  EXPECT_EQ(targets_of(policy, facts(kPublic, chat, kNone)), "");
  EXPECT_EQ(targets_of(policy, facts(kPublic, chat, kOnce)), "edge");
  EXPECT_EQ(targets_of(policy, facts(kPublic, open, kNone)), "cloud edge");
  EXPECT_EQ(targets_of(policy, facts(kPublic, open, kAlways)), "cloud edge");
  EXPECT_EQ(targets_of(policy, facts(kPersonal, open, kNone)), "");
  EXPECT_EQ(targets_of(policy, facts(kPersonal, open, kOnce)), "edge*");
  EXPECT_EQ(targets_of(policy, facts(kPersonal, chat, kAlways)), "edge*");
  EXPECT_EQ(targets_of(policy, facts(kSensitive, chat, kAlways)), "");
  EXPECT_EQ(targets_of(policy, facts(kSecret, open, kAlways)), "");
  EXPECT_EQ(targets_of(policy, facts(kPublic, open, kAlways, Network::kOffline)), "");
}

TEST(Permission, RuleNarrowsInStatesAtLeastAsBad) {
  const Policy policy =
      policy_of(kTargets +
                "[[rules]]\nallow = [\"cloud\", \"edge\", \"near\"]\n"
                "[[rules]]\nwhen = { network = \"metered\" }\ndeny = \"cloud\"\n"
                "[[rules]]\nwhen = { sensitivity = \"personal\" }\nallow = \"near\"\n");
  using enum Sensitivity;
  const auto chat = RequestTask::kChat;
  EXPECT_EQ(targets_of(policy, facts(kPublic, chat, Consent::kNone)), "cloud edge near");
  EXPECT_EQ(targets_of(policy, facts(kPublic, chat, Consent::kNone, Network::kMetered)),
            "edge near");
  EXPECT_EQ(targets_of(policy, facts(kPublic, chat, Consent::kNone, Network::kOffline)), "near");
  EXPECT_EQ(targets_of(policy, facts(kPersonal, chat, Consent::kNone)), "near*");
  EXPECT_EQ(targets_of(policy, facts(kSensitive, chat, Consent::kNone)), "near*");
}

TEST(Permission, RuleGrantsInStatesAtLeastAsGood) {
  const Policy policy = policy_of(
      kTargets +
      "[[rules]]\nwhen = { network = \"metered\", consent = \"once\", power = \"mains\" }\n"
      "allow = [\"cloud\", \"edge\", \"near\"]\n");
  const auto at = [&](Consent consent, Network network, Power power) {
    Facts state = facts(Sensitivity::kPublic, RequestTask::kChat, consent, network);
    state.power = power;
    return targets_of(policy, state);
  };
  EXPECT_EQ(at(Consent::kOnce, Network::kMetered, Power::kMains), "cloud edge near");
  EXPECT_EQ(at(Consent::kAlways, Network::kOnline, Power::kMains), "cloud edge near");
  EXPECT_EQ(at(Consent::kAlways, Network::kOffline, Power::kMains), "");
  EXPECT_EQ(at(Consent::kNone, Network::kOnline, Power::kMains), "");
  EXPECT_EQ(at(Consent::kAlways, Network::kOnline, Power::kBattery), "");
}

TEST(Permission, RedactsUnlessAGrantingRuleSaysOtherwise) {
  const Policy policy = policy_of(
      kTargets +
      "[[rules]]\nallow = [\"cloud\", \"edge\", \"near\"]\n"
      "[[rules]]\nwhen = { sensitivity = \"personal\" }\nallow = [\"near\", \"edge\"]\nredact = "
      "false\n"
      "[[rules]]\nwhen = { task = \"code\", sensitivity = \"personal\" }\nredact = true\n");
  using enum Sensitivity;
  EXPECT_EQ(targets_of(policy, facts(kPersonal, RequestTask::kChat, Consent::kNone)), "edge near");
  EXPECT_EQ(targets_of(policy, facts(kSensitive, RequestTask::kChat, Consent::kNone)), "near*");
  EXPECT_EQ(targets_of(policy, facts(kPersonal, RequestTask::kCode, Consent::kNone)),
            "edge* near*");
  EXPECT_EQ(targets_of(policy, facts(kPublic, RequestTask::kCode, Consent::kNone)),
            "cloud edge near");
}

TEST(Permission, KeepsBudgets) {
  const Policy policy = example();
  Facts state = facts(Sensitivity::kPublic, RequestTask::kOpenEnded, Consent::kNone);
  EXPECT_EQ(permit(policy, state).limit_usd[kCloud], 0.5);
  EXPECT_EQ(permit(policy, state).prefer, Prefer::kQuality);
  state.spent_usd = 0.499;
  EXPECT_EQ(targets_of(policy, state), "cloud edge");
  state.spent_usd = 0.5;
  EXPECT_EQ(targets_of(policy, state), "edge");
  EXPECT_EQ(denial_of(policy, state, kCloud)->denial, Denial::kBudget);
  const Policy capped =
      policy_of("budget_usd_per_day = 0.2\n" + kTargets +
                "[[rules]]\nallow = [\"cloud\", \"edge\", \"near\"]\nbudget_usd_per_day = 9\n"
                "[[rules]]\nwhen = { network = \"metered\" }\nbudget_usd_per_day = 0.1\n");
  state.spent_usd = 0.0;
  EXPECT_EQ(permit(capped, state).limit_usd[kCloud], 0.2);
  state.network = Network::kMetered;
  EXPECT_EQ(permit(capped, state).limit_usd[kCloud], 0.1);
}

TEST(Permission, SaysWhyNot) {
  const Policy policy = example();
  using enum Sensitivity;
  const auto why = [&](const Facts& state, std::size_t target) {
    const auto reason = denial_of(policy, state, target);
    return reason ? denial_text(policy, state, target, *reason) : "";
  };
  EXPECT_EQ(why(facts(kSecret, RequestTask::kChat, Consent::kAlways), kEdge),
            "edge: secret text never leaves");
  EXPECT_EQ(why(facts(kPersonal, RequestTask::kChat, Consent::kAlways), kCloud),
            "cloud: accepts public at most, this is personal");
  EXPECT_EQ(why(facts(kPublic, RequestTask::kChat, Consent::kAlways), kCloud),
            "cloud: no rule allows it here");
  EXPECT_EQ(
      why(facts(kPublic, RequestTask::kOpenEnded, Consent::kAlways, Network::kOffline), kCloud),
      "cloud: there is no network");
  EXPECT_EQ(why(facts(kPublic, RequestTask::kOpenEnded, Consent::kAlways), kCloud), "");
  EXPECT_EQ(why(facts(kPublic, RequestTask::kCode, Consent::kAlways), kNear), "");
  const Policy denied =
      policy_of(kTargets +
                "[[rules]]\nallow = [\"cloud\", \"edge\", \"near\"]\n"
                "[[rules]]\nname = \"low\"\nwhen = { power = \"low\" }\ndeny = \"cloud\"\n");
  Facts low = facts(kPublic, RequestTask::kChat, Consent::kNone);
  low.power = Power::kLow;
  EXPECT_EQ(denial_text(denied, low, kCloud, *denial_of(denied, low, kCloud)),
            "cloud: left out by low");
}

// --- No state permits more than a better one ---

Policy shipped(const std::string& name) {
  std::ifstream file(std::string(HEARTH_SOURCE_DIR) + "/policies/" + name);
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_FALSE(text.str().empty()) << name;
  auto policy = parse_policy(text.str(), name);
  EXPECT_TRUE(policy.ok()) << (policy.ok() ? "" : policy.error().message());
  return policy.ok() ? *policy : Policy{};
}

TEST(Monotone, ShippedPolicies) {
  for (const char* name : {"local-only.toml", "private-hybrid.toml", "cost-first.toml"}) {
    const Policy policy = shipped(name);
    EXPECT_EQ(find_widening(policy), std::nullopt) << name;
    BitSet ever = 0;
    for_each_state([&](const StatePoint& point) {
      const Facts state = facts_of(point);
      const Permission permission = permit(policy, state);
      ever |= permission.targets;
      if (state.sensitivity == Sensitivity::kSecret) ever |= permission.targets << 16;
    });
    EXPECT_EQ(ever, all_of_first(policy.targets.size())) << name;
  }
  const Policy hybrid = shipped("private-hybrid.toml");
  using enum Sensitivity;
  EXPECT_EQ(targets_of(hybrid, facts(kPersonal, RequestTask::kChat, Consent::kOnce)), "edge*");
  EXPECT_EQ(targets_of(hybrid, facts(kPublic, RequestTask::kFacts, Consent::kNone)), "cloud edge");
  EXPECT_EQ(targets_of(hybrid, facts(kSensitive, RequestTask::kFacts, Consent::kAlways)), "");
  const Policy cheap = shipped("cost-first.toml");
  EXPECT_EQ(targets_of(cheap, facts(kSensitive, RequestTask::kChat, Consent::kNone)), "edge");
  EXPECT_EQ(targets_of(cheap, facts(kPersonal, RequestTask::kChat, Consent::kAlways)),
            "cloud* edge");
  EXPECT_EQ(targets_of(cheap, facts(kPersonal, RequestTask::kChat, Consent::kOnce)), "edge");
}

template <typename Value>
std::optional<Value> maybe(Random& random, std::size_t count) {
  const std::size_t drawn = random.below(count + 1);
  return drawn == count ? std::nullopt : std::optional(static_cast<Value>(drawn));
}

BitSet some_set(Random& random, std::size_t count) {
  return random.below(3) == 0 ? static_cast<BitSet>(1 + random.below(all_of_first(count)))
                              : all_of_first(count);
}

// Not through the compiler, which would refuse most: permit() must hold whatever it is given.
Policy random_policy(Random& random) {
  Policy policy;
  const std::size_t targets = 1 + random.below(4);
  for (std::size_t i = 0; i < targets; ++i) {
    RemoteTarget target;
    target.name = "t" + std::to_string(i);
    target.accepts = static_cast<Sensitivity>(random.below(3));
    target.endpoint.is_loopback = random.below(4) == 0;
    target.input_usd_per_mtok = random.coin() ? 1.0 : 0.0;
    policy.targets.push_back(target);
  }
  const BitSet all = all_of_first(targets);
  for (std::size_t i = random.below(6); i-- > 0;) {
    PolicyRule rule;
    rule.when.sensitivity = maybe<Sensitivity>(random, 4);
    rule.when.consent = maybe<Consent>(random, 3);
    rule.when.network = maybe<Network>(random, 3);
    rule.when.tasks = some_set(random, kRequestTaskNames.size());
    rule.when.powers = some_set(random, kPowerNames.size());
    rule.when.deadlines = some_set(random, kDeadlineNames.size());
    const auto drawn = static_cast<BitSet>(random.below(all + std::size_t{1}));
    const bool is_denial = random.below(3) == 0;
    rule.allow = is_denial ? 0 : drawn;
    rule.keep = drawn;
    rule.redact = maybe<Redaction>(random, 2);
    if (random.below(3) == 0)
      rule.budget_usd_per_day = 0.1 * static_cast<double>(1 + random.below(9));
    policy.rules.push_back(rule);
  }
  if (random.below(4) == 0) policy.budget_usd_per_day = 0.5;
  return policy;
}

TEST(Monotone, ThousandsOfRandomPolicies) {
  Random random(11);
  int permitting = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    const Policy policy = random_policy(random);
    // Full enumeration of some, random walks of all.
    if (trial < 200) {
      ASSERT_EQ(find_widening(policy), std::nullopt) << "policy " << trial;
    }
    for (int walk = 0; walk < 200; ++walk) {
      StatePoint point{};
      for (std::size_t i = 0; i < kStateDimensions; ++i) {
        point[i] = static_cast<uint8_t>(random.below(state_values(i).size()));
      }
      Facts better = facts_of(point);
      better.spent_usd = 0.1 * static_cast<double>(random.below(10));
      for (std::size_t i = 0; i < kStateDimensions; ++i) {
        if (!is_ordered(i)) continue;
        const std::size_t left = state_values(i).size() - point[i];
        point[i] = static_cast<uint8_t>(point[i] + random.below(left));
      }
      Facts worse = facts_of(point);
      worse.spent_usd = better.spent_usd + 0.1 * static_cast<double>(random.below(10));
      const Permission more = permit(policy, better);
      const Permission less = permit(policy, worse);
      permitting += less.targets != 0 ? 1 : 0;
      ASSERT_EQ(less.targets & ~more.targets, 0u) << "policy " << trial;
      ASSERT_EQ(more.redacted & ~less.redacted, 0u) << "policy " << trial;
      for (std::size_t i = 0; i < policy.targets.size(); ++i) {
        ASSERT_LE(less.limit_usd[i], more.limit_usd[i]) << "policy " << trial;
      }
    }
  }
  EXPECT_GT(permitting, 10000);  // that there was something to widen
}

TEST(States, AreAllEnumeratedAndGrouped) {
  const Policy policy = example();
  std::size_t states = 0;
  for_each_state([&](const StatePoint&) { ++states; });
  EXPECT_EQ(states, 4u * 9 * 3 * 3 * 2 * 3 * 3);
  const auto groups = group_states(policy);
  EXPECT_LT(groups.size(), 40u);
  for_each_state([&](const StatePoint& point) {
    const Permission permission = permit(policy, facts_of(point));
    int found = 0;
    for (const StateGroup& group : groups) {
      bool inside = true;
      for (std::size_t i = 0; i < kStateDimensions; ++i)
        inside &= has_bit(group.values[i], point[i]);
      if (!inside) continue;
      ++found;
      EXPECT_EQ(group.targets, permission.targets);
      EXPECT_EQ(group.redacted, permission.redacted & permission.targets);
    }
    EXPECT_EQ(found, 1);
  });
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "route/policy.h"

#include <gtest/gtest.h>

#include <string>

#include "route/permission.h"

namespace hearth {
namespace {

// Lines 1 to 13: two targets, and room for rules.
const std::string kTargets =
    "default = \"local\"\n"
    "[targets.cloud]\n"
    "url = \"https://api.example/v1\"\n"
    "model = \"large\"\n"
    "accepts = \"public\"\n"
    "price_usd_per_mtok = { input = 2, output = 8.5 }\n"
    "key_file = \"cloud.key\"\n"
    "[targets.edge]\n"
    "url = \"http://127.0.0.1:8080/v1\"\n"
    "model = \"qwen3\"\n"
    "accepts = \"personal\"\n"
    "price_usd_per_mtok = { input = 0.0, output = 0.0 }\n"
    "timeout_ms = 2000\n";
const std::string kBoth = "[[rules]]\nallow = [\"edge\", \"cloud\"]\n";

Policy policy_of(const std::string& text) {
  auto policy = parse_policy(text, "folder/p.toml");
  EXPECT_TRUE(policy.ok()) << text << "\n" << (policy.ok() ? "" : policy.error().message());
  return policy.ok() ? *policy : Policy{};
}

void expect_refusal(const std::string& text, std::string_view fragment) {
  const auto policy = parse_policy(text, "folder/p.toml");
  ASSERT_FALSE(policy.ok()) << text;
  const std::string& message = policy.error().message();
  EXPECT_EQ(policy.error().code(), ErrorCode::kCorrupt) << message;
  EXPECT_TRUE(message.starts_with("folder/p.toml:")) << message;
  EXPECT_NE(message.find(fragment), std::string::npos) << message << "\nlacks " << fragment;
  EXPECT_NE(message.find("; "), std::string::npos) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos) << message;
}

TEST(Policy, ReadsAllItsParts) {
  const Policy policy = policy_of(
      "budget_usd_per_day = 3\n" + kTargets +
      "[[rules]]\nname = \"open\"\n"
      "when = { sensitivity = \"public\", task = [\"facts\", \"open_ended\"], consent = \"once\", "
      "network = \"metered\", power = \"mains\", deadline = [\"none\", \"normal\"] }\n"
      "allow = [\"local\", \"cloud\"]\nprefer = \"quality\"\nredact = true\n"
      "budget_usd_per_day = 0.5\np_error_max = 0.25\n"
      "[[rules]]\nwhen = { sensitivity = \"personal\" }\nallow = \"edge\"\nredact = false\n"
      "[[rules]]\nwhen = { deadline = \"normal\" }\ndeny = [\"cloud\"]\n");
  EXPECT_EQ(policy.budget_usd_per_day, 3.0);
  ASSERT_EQ(policy.targets.size(), 2u);
  const RemoteTarget& cloud = policy.targets[0];
  EXPECT_EQ(cloud.name, "cloud");
  EXPECT_EQ(cloud.line, 3);
  EXPECT_EQ(cloud.endpoint.host, "api.example");
  EXPECT_EQ(cloud.accepts, Sensitivity::kPublic);
  EXPECT_EQ(cloud.output_usd_per_mtok, 8.5);
  EXPECT_EQ(cloud.timeout_ms, 30000);
  EXPECT_EQ(cloud.key_file, "cloud.key");
  EXPECT_TRUE(cloud.has_price());
  const RemoteTarget& edge = policy.targets[1];
  EXPECT_TRUE(edge.endpoint.is_loopback);
  EXPECT_EQ(edge.timeout_ms, 2000);
  EXPECT_FALSE(edge.has_price());
  ASSERT_EQ(policy.rules.size(), 3u);
  const PolicyRule& open = policy.rules[0];
  EXPECT_EQ(open.name, "open");
  EXPECT_EQ(open.line, 15);
  EXPECT_EQ(open.when.sensitivity, Sensitivity::kPublic);
  EXPECT_EQ(open.when.consent, Consent::kOnce);
  EXPECT_EQ(open.when.network, Network::kMetered);
  EXPECT_EQ(open.when.tasks, BitSet{1} << 6 | BitSet{1} << 8);
  EXPECT_EQ(open.when.powers, 1u);
  EXPECT_EQ(open.when.deadlines, 3u);
  EXPECT_EQ(open.allow, 1u);
  EXPECT_EQ(open.prefer, Prefer::kQuality);
  EXPECT_EQ(open.redact, Redaction::kOn);
  EXPECT_EQ(open.budget_usd_per_day, 0.5);
  EXPECT_EQ(open.p_error_max, 0.25);
  EXPECT_EQ(policy.rules[1].name, "rule 2");
  EXPECT_EQ(policy.rules[1].redact, Redaction::kOff);
  EXPECT_EQ(policy.rules[2].allow, 0u);
  EXPECT_EQ(policy.rules[2].keep, 2u);
}

TEST(Policy, NamesWhatItDoesNotKnow) {
  expect_refusal("default = \n", "p.toml:1: ");
  expect_refusal("x = 1\n", "default: is missing");
  expect_refusal("default = \"cloud\"\n",
                 "p.toml:1: default: \"cloud\" is not known; choose among local");
  expect_refusal(kTargets + "[rule]\n", "p.toml:14: rule: is not known here; known are ");
  expect_refusal(kTargets + "speed = 1\n", "p.toml:14: speed: is not known");
  expect_refusal(kTargets + "[[rules]]\nallow = \"egde\"\n",
                 "p.toml:15: allow: \"egde\" is no target; choose among local, cloud, edge");
  expect_refusal(kTargets + "[[rules]]\nwhen = { sensitivity = \"privat\" }\nallow = \"edge\"\n",
                 "\"privat\" is not known; choose among public, personal, sensitive, secret");
  expect_refusal(kTargets + "[[rules]]\nwhen = { task = \"poetry\" }\nallow = \"edge\"\n",
                 "p.toml:15: task: \"poetry\" is not known; choose among chat, extraction");
  expect_refusal(
      kTargets + "[[rules]]\nwhen = { hour = 3 }\nallow = \"edge\"\n",
      "hour: is not known here; known are consent, deadline, network, power, sensitivity, task");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\nprefer = \"speed\"\n",
                 "choose among privacy, latency, cost, quality");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\ncolour = 1\n", "p.toml:16: colour");
}

TEST(Policy, NamesWrongTypesAndRanges) {
  expect_refusal(kTargets + "[[rules]]\nallow = 3\n", "p.toml:15: allow");
  expect_refusal(kTargets + "[[rules]]\nallow = []\n", "p.toml:15: allow: is empty");
  expect_refusal(kTargets + "[[rules]]\nallow = [\"edge\", \"edge\"]\n", "twice");
  expect_refusal(kTargets + "[[rules]]\nwhen = 1\nallow = \"edge\"\n",
                 "p.toml:15: when: is no table");
  expect_refusal(kTargets + "[[rules]]\nwhen = { task = [] }\nallow = \"edge\"\n",
                 "task: is empty");
  expect_refusal(kTargets + "[[rules]]\nallow = \"cloud\"\nbudget_usd_per_day = 0\n",
                 "p.toml:16: budget_usd_per_day");
  expect_refusal(kTargets + "[[rules]]\nallow = \"cloud\"\nbudget_usd_per_day = nan\n", "budget");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\np_error_max = 1.5\n", "p_error_max");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\nredact = \"no\"\n", "redact: is neither");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\nname = \"a\\u001bb\"\n", "control");
  expect_refusal(kTargets + "[[rules]]\nname = \"a\"\nallow = \"edge\"\n[[rules]]\nname = \"a\"\n",
                 "p.toml:18: name: \"a\" is the rule in line 14");
  expect_refusal(kTargets + "[[rules]]\nprefer = \"cost\"\n", "says nothing");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\ndeny = \"cloud\"\n", "give one of them");
  expect_refusal(kTargets + "[[rules]]\ndeny = \"local\"\n", "always allowed");
  expect_refusal("default = \"local\"\nrules = 1\n", "p.toml:2: rules");
  expect_refusal("default = \"local\"\n[targets.Edge]\nurl = \"x\"\n", "is no name for a target");
  expect_refusal("default = \"local\"\n[targets.local]\nurl = \"x\"\n", "is this machine");
  expect_refusal("default = \"local\"\ntargets = { edge = 3 }\n", "edge: is no table");
  expect_refusal("default = \"local\"\n\xff\n", "not UTF-8");
  expect_refusal(std::string(kPolicyBytesMax + 1, '#'), "is longer than");
}

TEST(Policy, NamesBadTargets) {
  const auto target = [](const std::string& url, const std::string& more) {
    return "default = \"local\"\n[targets.edge]\nurl = \"" + url + "\"\nmodel = \"m\"\n" + more;
  };
  const std::string price = "price_usd_per_mtok = { input = 1, output = 1 }\n";
  const std::string good = "https://edge.example";
  expect_refusal(target("http://edge.example", "accepts = \"public\"\n" + price),
                 "p.toml:3: url: is http to another machine");
  expect_refusal(target("edge.example", "accepts = \"public\"\n" + price),
                 "p.toml:3: url: does not begin");
  expect_refusal(target(good, price), "p.toml:2: accepts: is missing");
  expect_refusal(target(good, "accepts = \"secret\"\n" + price),
                 "p.toml:5: accepts: is \"secret\", which never leaves");
  expect_refusal(target(good, "accepts = \"public\"\n"), "price_usd_per_mtok: is missing");
  expect_refusal(target(good, "accepts = \"public\"\nprice_usd_per_mtok = { input = 1 }\n"),
                 "output");
  expect_refusal(
      target(good, "accepts = \"public\"\nprice_usd_per_mtok = { input = -1, output = 1 }\n"),
      "input");
  expect_refusal(target(good, "accepts = \"public\"\ntimeout_ms = 5\n" + price), "timeout_ms");
  expect_refusal(target("http://127.0.0.1:1", "accepts = \"public\"\nca_file = \"a\"\n" + price),
                 "p.toml:6: ca_file: stands beside an http url");
  expect_refusal(target(good, "accepts = \"public\"\nkey = \"sk-1\"\n" + price),
                 "key: is not known");
  expect_refusal(target(good, "accepts = \"public\"\n" + price),
                 "p.toml:2: targets.edge: is permitted in no state");
}

TEST(Policy, RefusesContradictions) {
  expect_refusal(kTargets + kBoth + "[[rules]]\nallow = \"edge\"\n",
                 "p.toml:16: rule 2: holds exactly where rule 1 in line 14 does");
  expect_refusal(kTargets +
                     "[[rules]]\nwhen = { task = [\"code\", \"chat\"] }\nallow = \"edge\"\n"
                     "[[rules]]\nwhen = { task = \"code\" }\nallow = \"cloud\"\n",
                 "p.toml:17: rule 2: contradicts rule 1 in line 14");
  expect_refusal(
      kTargets +
          "[[rules]]\nwhen = { sensitivity = \"personal\" }\nallow = [\"cloud\", \"edge\"]\n",
      "rule 1: allows cloud personal text, but that accepts public at most");
  expect_refusal(kTargets + "[[rules]]\nwhen = { sensitivity = \"secret\" }\nallow = \"edge\"\n",
                 "secret text, which never leaves");
  expect_refusal(kTargets + "[[rules]]\nwhen = { network = \"offline\" }\nallow = \"cloud\"\n",
                 "without a network");
  expect_refusal(
      kTargets + kBoth +
          "[[rules]]\nwhen = { power = \"low\" }\nallow = \"local\"\nprefer = \"cost\"\n",
      "so prefer means nothing");
  expect_refusal(kTargets + kBoth +
                     "[[rules]]\nwhen = { power = \"low\" }\ndeny = \"cloud\"\nredact = false\n",
                 "so redact means nothing");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\nbudget_usd_per_day = 1\n",
                 "none of its targets costs anything");
  expect_refusal(
      kTargets +
          "[[rules]]\nwhen = { sensitivity = \"public\" }\nallow = \"edge\"\nredact = false\n",
      "public text is not redacted anyway");
}

TEST(Policy, RefusesWhatNeverChangesAnything) {
  expect_refusal(
      kTargets + kBoth + "[[rules]]\nwhen = { task = \"code\" }\nallow = [\"edge\", \"cloud\"]\n",
      "p.toml:16: rule 2: never changes an outcome: rule 1 in line 14 allows all of it");
  // Covered wherever it could grant, and narrowing nothing more.
  expect_refusal(
      kTargets +
          "[[rules]]\nwhen = { sensitivity = \"personal\", consent = \"once\" }\nallow = \"edge\"\n"
          "[[rules]]\nwhen = { sensitivity = \"personal\", consent = \"always\" }\nallow = "
          "\"edge\"\n"
          "[[rules]]\nwhen = { sensitivity = \"public\" }\nallow = [\"edge\", \"cloud\"]\n",
      "rule 2: never changes an outcome");
  // Nothing remote is allowed where it denies.
  expect_refusal(
      kTargets +
          "[[rules]]\nwhen = { sensitivity = \"public\" }\nallow = [\"edge\", \"cloud\"]\n"
          "[[rules]]\nwhen = { sensitivity = \"sensitive\" }\nallow = \"local\"\n",
      "rule 2: never changes an outcome: where it holds");
  expect_refusal(
      kTargets + kBoth + "[[rules]]\nwhen = { network = \"offline\" }\ndeny = \"cloud\"\n",
      "rule 2: never changes an outcome: where it holds");
  expect_refusal(kTargets + "[[rules]]\nallow = \"edge\"\n",
                 "targets.cloud: is permitted in no state");
  expect_refusal(
      kTargets + kBoth + "[[rules]]\nwhen = { sensitivity = \"public\" }\ndeny = \"cloud\"\n",
      "targets.cloud: is permitted in no state");
}

TEST(Policy, TakesRulesThatChangeAnythingAtAll) {
  // By preference, threshold, redaction or budget alone.
  for (const std::string_view setting :
       {"prefer = \"latency\"", "p_error_max = 0.5", "redact = false", "budget_usd_per_day = 1"}) {
    policy_of(kTargets + "[[rules]]\nwhen = { task = \"code\" }\nallow = [\"edge\", \"cloud\"]\n" +
              std::string(setting) + "\n" + kBoth);
  }
  policy_of(kTargets + kBoth +
            "[[rules]]\nwhen = { network = \"metered\" }\nbudget_usd_per_day = 0.1\n");
  policy_of("default = \"local\"\n");
}

TEST(Policy, HasBounds) {
  std::string many = "default = \"local\"\n";
  for (std::size_t i = 0; i <= kRemoteTargetsMax; ++i) {
    many += "[targets.t" + std::to_string(i) +
            "]\nurl = \"https://t.example\"\nmodel = \"m\"\naccepts = \"public\"\n"
            "price_usd_per_mtok = { input = 0, output = 0 }\n";
  }
  expect_refusal(many, "is one target more than 16");
  std::string rules = kTargets;
  for (std::size_t i = 0; i <= kPolicyRulesMax; ++i) rules += "[[rules]]\nallow = \"edge\"\n";
  expect_refusal(rules, "more rules than 32");
}

TEST(Policy, ATargetMayNameItsCertificates) {
  std::string text = kTargets + kBoth;
  text.insert(text.find("key_file"), "ca_file = \"private/ca.pem\"\n");
  const Policy policy = policy_of(text);
  ASSERT_EQ(policy.targets.size(), 2u);
  EXPECT_EQ(policy.targets[0].ca_file, "private/ca.pem");
  EXPECT_EQ(policy.targets[1].ca_file, "");
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// A policy's TOML into structs; what the rules mean together, policy_check.cc checks.
#include <algorithm>
#include <set>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "route/policy.h"
#include "route/policy_check.h"
#include "toml/toml_reader.h"

namespace hearth {
namespace {

constexpr std::size_t kNameBytesMax = 32;
constexpr std::size_t kTextBytesMax = 1024;
constexpr double kUsdMin = 0.0001;
constexpr double kUsdMax = 1e6;
constexpr int64_t kTimeoutMsMin = 100;
constexpr int64_t kTimeoutMsMax = 600000;
constexpr std::array<std::string_view, 1> kDefaults = {kLocalTarget};
constexpr std::span kAcceptable = std::span(kSensitivityNames).first(3);

bool is_target_name(std::string_view name) {
  return !name.empty() && name.size() <= kNameBytesMax &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
         });
}

// One line of bounded length that a terminal can show.
std::string plain_text(TomlReader& reader, std::string_view key, std::string text) {
  if (text.size() > kTextBytesMax) {
    reader.fail(key, concat("is longer than ", kTextBytesMax, " bytes; give a shorter one"));
  } else if (printable(text, kTextBytesMax) != text) {
    reader.fail(key, "has control characters; leave them out");
  }
  return text;
}

template <typename Value>
std::optional<Value> read_choice(TomlReader& reader, std::string_view key,
                                 std::span<const std::string_view> names) {
  const auto index = reader.choice_if(key, names);
  return index ? std::optional(static_cast<Value>(*index)) : std::nullopt;
}

// A text or a list of texts as a set; all where the key is absent.
BitSet read_set(TomlReader& reader, std::string_view key, std::span<const std::string_view> names) {
  if (!reader.has(key)) return all_of_first(names.size());
  BitSet set = 0;
  for (const std::string& text : reader.texts(key)) {
    const auto found = std::find(names.begin(), names.end(), text);
    if (found == names.end()) {
      std::string known;
      for (const auto name : names) known += concat(known.empty() ? "" : ", ", name);
      reader.fail(key, concat("\"", printable(text), "\" is not known; choose among ", known));
      return 0;
    }
    const auto index = static_cast<std::size_t>(found - names.begin());
    if (has_bit(set, index)) reader.fail(key, concat("has \"", text, "\" twice; leave one out"));
    set |= BitSet{1} << index;
  }
  return set;
}

Result<void> read_price(TomlReader& reader, RemoteTarget& target) {
  constexpr std::string_view kKey = "price_usd_per_mtok";
  auto price = reader.table_if(kKey);
  if (!price) {
    reader.fail(kKey, "is missing; write { input = 0.0, output = 0.0 } where it costs nothing");
    return reader.finish();
  }
  const auto input = price->number_if("input", 0.0, kUsdMax);
  const auto output = price->number_if("output", 0.0, kUsdMax);
  if (!input) price->fail("input", "is missing; give the price of a million tokens that are sent");
  if (!output) price->fail("output", "is missing; give the price of a million tokens of answers");
  target.input_usd_per_mtok = input.value_or(0.0);
  target.output_usd_per_mtok = output.value_or(0.0);
  return price->finish();
}

Result<RemoteTarget> read_target(TomlReader reader, std::string name, int32_t line) {
  RemoteTarget target;
  target.line = line;
  target.url = plain_text(reader, "url", reader.text("url"));
  auto endpoint = parse_endpoint_url(target.url);
  if (endpoint.ok()) {
    target.endpoint = std::move(endpoint).value();
  } else {
    reader.fail("url", endpoint.error().message());
  }
  target.model = plain_text(reader, "model", reader.text("model"));
  if (const auto accepts = reader.text_if("accepts"); accepts == kSensitivityNames.back()) {
    reader.fail("accepts",
                "is \"secret\", which never leaves; choose among public, personal, sensitive");
  }
  const auto accepts = read_choice<Sensitivity>(reader, "accepts", kAcceptable);
  if (!accepts)
    reader.fail("accepts",
                "is missing; say the highest sensitivity: public, personal or sensitive");
  target.accepts = accepts.value_or(Sensitivity::kPublic);
  HEARTH_TRY(read_price(reader, target));
  if (const auto timeout = reader.integer_if("timeout_ms", kTimeoutMsMin, kTimeoutMsMax)) {
    target.timeout_ms = static_cast<int32_t>(*timeout);
  }
  if (reader.has("key_file"))
    target.key_file = plain_text(reader, "key_file", reader.text("key_file"));
  if (reader.has("ca_file")) {
    target.ca_file = plain_text(reader, "ca_file", reader.text("ca_file"));
    if (target.endpoint.scheme == UrlScheme::kHttp) {
      reader.fail("ca_file", "stands beside an http url, which has no certificate; leave it out");
    }
  }
  target.name = std::move(name);
  HEARTH_TRY(reader.finish());
  return target;
}

Result<void> read_targets(TomlReader& reader, Policy& policy) {
  auto tables = reader.table_if("targets");
  if (!tables) return reader.finish();
  for (const std::string& name : tables->keys()) {
    if (!is_target_name(name)) {
      tables->fail(name, concat("is no name for a target; use up to ", kNameBytesMax,
                                " of a-z, 0-9, - and _"));
    } else if (name == kLocalTarget) {
      tables->fail(name, "is this machine, which needs no entry; choose another name");
    } else if (policy.targets.size() == kRemoteTargetsMax) {
      tables->fail(name, concat("is one target more than ", kRemoteTargetsMax, "; leave some out"));
    }
    const int32_t line = tables->line(name);
    auto table = tables->table_if(name);
    if (!table) return tables->finish();
    HEARTH_ASSIGN(RemoteTarget target, read_target(std::move(*table), name, line));
    policy.targets.push_back(std::move(target));
  }
  return tables->finish();
}

Result<PolicyCondition> read_condition(TomlReader reader) {
  PolicyCondition when;
  when.sensitivity = read_choice<Sensitivity>(reader, "sensitivity", kSensitivityNames);
  when.consent = read_choice<Consent>(reader, "consent", kConsentNames);
  when.network = read_choice<Network>(reader, "network", kNetworkNames);
  when.tasks = read_set(reader, "task", kRequestTaskNames);
  when.powers = read_set(reader, "power", kPowerNames);
  when.deadlines = read_set(reader, "deadline", kDeadlineNames);
  HEARTH_TRY(reader.finish());
  return when;
}

// The remote ones of a list of targets.
BitSet read_target_list(TomlReader& reader, std::string_view key, const Policy& policy) {
  BitSet targets = 0;
  std::set<std::string> seen;
  for (const std::string& name : reader.texts(key)) {
    const auto index = policy.find_target(name);
    if (!index && name != kLocalTarget) {
      std::string known(kLocalTarget);
      for (const RemoteTarget& target : policy.targets) known += ", " + target.name;
      reader.fail(key, concat("\"", printable(name), "\" is no target; choose among ", known));
    }
    if (!seen.insert(name).second) {
      reader.fail(key, concat("has \"", printable(name), "\" twice; leave one out"));
    }
    if (index) targets |= BitSet{1} << *index;
  }
  if (key == "deny" && seen.contains(std::string(kLocalTarget))) {
    reader.fail(key, "has \"local\", which is always allowed; leave it out");
  }
  return targets;
}

// What a rule grants, and what it narrows to.
void read_targets_of_rule(TomlReader& reader, const Policy& policy, PolicyRule& rule) {
  const BitSet all = all_of_first(policy.targets.size());
  if (reader.has("allow") && reader.has("deny")) {
    reader.fail("deny", "stands beside allow, which denies all others anyway; give one of them");
  } else if (reader.has("allow")) {
    rule.allow = read_target_list(reader, "allow", policy);
    rule.keep = rule.allow;
  } else if (reader.has("deny")) {
    rule.keep = all & ~read_target_list(reader, "deny", policy);
  } else if (rule.redact || rule.budget_usd_per_day) {
    rule.keep = all;
  } else {
    reader.fail("", concat(rule.name, " says nothing; add allow, deny, redact or a budget"));
  }
}

Result<PolicyRule> read_rule(TomlReader reader, const Policy& policy) {
  PolicyRule rule;
  rule.line = reader.line("");
  rule.name = concat("rule ", policy.rules.size() + 1);
  if (reader.has("name")) {
    rule.name = plain_text(reader, "name", reader.text("name"));
    if (rule.name.size() > kTextBytesMax / 8)
      reader.fail("name", "is too long; give a shorter one");
  }
  for (const PolicyRule& other : policy.rules) {
    if (other.name == rule.name) {
      reader.fail("name",
                  concat("\"", rule.name, "\" is the rule in line ", other.line, "; rename one"));
    }
  }
  if (auto when = reader.table_if("when")) {
    HEARTH_ASSIGN(rule.when, read_condition(std::move(*when)));
  }
  rule.prefer = read_choice<Prefer>(reader, "prefer", kPreferNames);
  if (const auto redact = reader.flag_if("redact")) {
    rule.redact = *redact ? Redaction::kOn : Redaction::kOff;
  }
  rule.budget_usd_per_day = reader.number_if("budget_usd_per_day", kUsdMin, kUsdMax);
  rule.p_error_max = reader.number_if("p_error_max", 0.0, 1.0);
  read_targets_of_rule(reader, policy, rule);
  HEARTH_TRY(reader.finish());
  return rule;
}

Result<Policy> read_policy(std::string_view text, std::string file) {
  if (text.size() > kPolicyBytesMax) {
    return Error(ErrorCode::kCorrupt, concat(file, ": is longer than ", kPolicyBytesMax,
                                             " bytes, so no policy; name another file"));
  }
  if (const auto at = find_invalid_utf8(text)) {
    return Error(ErrorCode::kCorrupt,
                 concat(file, ": byte ", *at, " is not UTF-8; convert the file"));
  }
  HEARTH_ASSIGN(TomlReader reader, TomlReader::parse(text, file));
  Policy policy;
  policy.file = std::move(file);
  if (!reader.choice_if("default", kDefaults)) {
    reader.fail("default", "is missing; write default = \"local\"");
  }
  policy.budget_usd_per_day = reader.number_if("budget_usd_per_day", kUsdMin, kUsdMax);
  HEARTH_TRY(read_targets(reader, policy));
  for (TomlReader& table : reader.tables_if("rules")) {
    if (policy.rules.size() == kPolicyRulesMax) {
      table.fail("", concat("there are more rules than ", kPolicyRulesMax, "; merge some"));
    }
    HEARTH_ASSIGN(PolicyRule rule, read_rule(std::move(table), policy));
    policy.rules.push_back(std::move(rule));
  }
  HEARTH_TRY(reader.finish());
  return policy;
}

}  // namespace

std::optional<std::size_t> Policy::find_target(std::string_view name) const {
  for (std::size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].name == name) return i;
  }
  return std::nullopt;
}

Policy local_only_policy() {
  Policy policy;
  policy.file = "local-only";
  return policy;
}

Result<Policy> parse_policy(std::string_view text, std::string file) {
  auto policy = read_policy(text, std::move(file));
  // A file that makes no sense is corrupt input, whichever way.
  if (!policy.ok()) return Error(ErrorCode::kCorrupt, policy.error().message());
  HEARTH_TRY(check_policy(*policy));
  return policy;
}

}  // namespace hearth

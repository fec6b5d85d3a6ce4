// SPDX-License-Identifier: Apache-2.0
#include "route/policy_check.h"

#include <algorithm>
#include <vector>

#include "base/strings.h"
#include "route/permission.h"

namespace hearth {
namespace {

Error refusal(const Policy& policy, int32_t line, std::string_view what, std::string_view why) {
  return Error(ErrorCode::kCorrupt,
               concat(policy.file, ":", line, ": ", printable(what, 200), ": ", why));
}

Error refusal(const Policy& policy, const PolicyRule& rule, std::string_view why) {
  return refusal(policy, rule.line, rule.name, why);
}

std::string_view first_idle_setting(const PolicyRule& rule) {
  if (rule.allow != 0) return "";
  if (rule.prefer) return "prefer";
  if (rule.p_error_max) return "p_error_max";
  if (rule.redact && (rule.keep == 0 || rule.redact == Redaction::kOff)) return "redact";
  if (rule.budget_usd_per_day && rule.keep == 0) return "budget_usd_per_day";
  return "";
}

// Settings of a rule that could never matter.
Result<void> check_settings(const Policy& policy, const PolicyRule& rule) {
  const std::string_view idle = first_idle_setting(rule);
  if (!idle.empty()) {
    return refusal(
        policy, rule,
        concat("allows no target, so ", idle, " means nothing; leave it out or allow a target"));
  }
  bool has_price = false;
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    has_price |= has_bit(rule.keep, i) && policy.targets[i].has_price();
  }
  if (rule.budget_usd_per_day && !has_price) {
    return refusal(policy, rule,
                   "has a budget, but none of its targets costs anything; leave the budget out");
  }
  if (rule.redact == Redaction::kOff && rule.when.sensitivity == Sensitivity::kPublic) {
    return refusal(policy, rule,
                   "has redact = false, but public text is not redacted anyway; leave it out");
  }
  return {};
}

// A rule whose `when` its own targets can never meet.
Result<void> check_reach(const Policy& policy, const PolicyRule& rule) {
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    if (!has_bit(rule.allow, i)) continue;
    const RemoteTarget& target = policy.targets[i];
    if (rule.when.sensitivity == Sensitivity::kSecret) {
      return refusal(
          policy, rule,
          concat("allows ", target.name, " secret text, which never leaves; allow local only"));
    }
    if (rule.when.sensitivity && *rule.when.sensitivity > target.accepts) {
      return refusal(policy, rule,
                     concat("allows ", target.name, " ", sensitivity_name(*rule.when.sensitivity),
                            " text, but that accepts ", sensitivity_name(target.accepts),
                            " at most; lower the one or raise the other"));
    }
    if (rule.when.network == Network::kOffline && !target.endpoint.is_loopback) {
      return refusal(
          policy, rule,
          concat("allows ", target.name, " without a network; allow local only, or take metered"));
    }
  }
  return {};
}

template <typename Value>
bool can_be_equal(const std::optional<Value>& a, const std::optional<Value>& b) {
  return !a || !b || *a == *b;
}

// Whether there is a state in which both rules grant and both narrow.
bool meet(const PolicyCondition& a, const PolicyCondition& b) {
  return can_be_equal(a.sensitivity, b.sensitivity) && can_be_equal(a.consent, b.consent) &&
         can_be_equal(a.network, b.network) && (a.tasks & b.tasks) != 0 &&
         (a.powers & b.powers) != 0 && (a.deadlines & b.deadlines) != 0;
}

Result<void> check_pairs(const Policy& policy) {
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    for (std::size_t k = 0; k < i; ++k) {
      const PolicyRule& other = policy.rules[k];
      if (rule.when == other.when) {
        return refusal(policy, rule,
                       concat("holds exactly where ", other.name, " in line ", other.line,
                              " does; make one rule of them"));
      }
      const bool both_remote = rule.allow != 0 && other.allow != 0;
      if (both_remote && (rule.allow & other.allow) == 0 && meet(rule.when, other.when)) {
        return refusal(policy, rule,
                       concat("contradicts ", other.name, " in line ", other.line,
                              ": where both hold they leave each other no target; give them one in "
                              "common, or conditions that exclude each other"));
      }
    }
  }
  return {};
}

// One state for each that the rules can tell apart. Money is left in all of them, as limits say
// what happens when it is not.
std::vector<Facts> distinct_states(const Policy& policy) {
  const PolicyCondition any;
  PolicyCondition used;  // what some rule looks at
  for (const PolicyRule& rule : policy.rules) {
    if (rule.when.consent) used.consent = rule.when.consent;
    if (rule.when.network) used.network = rule.when.network;
    if (rule.when.tasks != any.tasks) used.tasks = 0;
    if (rule.when.powers != any.powers) used.powers = 0;
    if (rule.when.deadlines != any.deadlines) used.deadlines = 0;
  }
  const auto count = [](bool is_used, std::size_t all) { return is_used ? all : 1; };
  std::vector<Facts> states;
  for (std::size_t s = 0; s + 1 < kSensitivityNames.size(); ++s) {
    for (std::size_t t = 0; t < count(used.tasks == 0, kRequestTaskNames.size()); ++t) {
      for (std::size_t c = 0; c < count(used.consent.has_value(), kConsentNames.size()); ++c) {
        for (std::size_t n = 0; n < count(used.network.has_value(), kNetworkNames.size()); ++n) {
          for (std::size_t p = 0; p < count(used.powers == 0, kPowerNames.size()); ++p) {
            for (std::size_t d = 0; d < count(used.deadlines == 0, kDeadlineNames.size()); ++d) {
              states.push_back({.sensitivity = static_cast<Sensitivity>(s),
                                .task = static_cast<RequestTask>(t),
                                .consent = static_cast<Consent>(c),
                                .network = static_cast<Network>(n),
                                .power = static_cast<Power>(p),
                                .deadline = static_cast<DeadlineClass>(d)});
            }
          }
        }
      }
    }
  }
  return states;
}

bool same_outcome(const Policy& policy, const Permission& a, const Permission& b) {
  if (a.targets != b.targets || ((a.redacted ^ b.redacted) & a.targets) != 0) return false;
  if (a.prefer != b.prefer || a.p_error_max != b.p_error_max) return false;
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    if (!has_bit(a.targets, i) || !policy.targets[i].has_price()) continue;
    if (a.limit_usd[i] != b.limit_usd[i]) return false;
  }
  return true;
}

// Whether `outer` holds, for granting, wherever `inner` does.
bool covers(const PolicyCondition& outer, const PolicyCondition& inner) {
  const auto bound_covers = [](const auto& out, const auto& in) {
    return !out || (in && *in <= *out);
  };
  return bound_covers(outer.sensitivity, inner.sensitivity) &&
         bound_covers(outer.consent, inner.consent) && bound_covers(outer.network, inner.network) &&
         (inner.tasks & ~outer.tasks) == 0 && (inner.powers & ~outer.powers) == 0 &&
         (inner.deadlines & ~outer.deadlines) == 0;
}

std::string why_unreachable(const Policy& policy, const PolicyRule& rule) {
  if (rule.allow == 0) {
    return "never changes an outcome: where it holds, what it takes away is not allowed anyway; "
           "leave it out";
  }
  for (const PolicyRule& other : policy.rules) {
    const bool is_covered =
        &other != &rule && (rule.allow & ~other.allow) == 0 && covers(other.when, rule.when);
    if (is_covered) {
      return concat("never changes an outcome: ", other.name, " in line ", other.line,
                    " allows all of it; leave one out");
    }
  }
  return "never changes an outcome, as the other rules allow and limit the same; leave it out";
}

Result<void> check_each_rule_matters(const Policy& policy) {
  const std::vector<Facts> states = distinct_states(policy);
  std::vector<Permission> outcomes;
  outcomes.reserve(states.size());
  for (const Facts& facts : states) outcomes.push_back(permit(policy, facts));
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    Policy without = policy;
    without.rules.erase(without.rules.begin() + static_cast<std::ptrdiff_t>(i));
    bool matters = false;
    for (std::size_t k = 0; k < states.size() && !matters; ++k) {
      matters = !same_outcome(policy, outcomes[k], permit(without, states[k]));
    }
    if (!matters) return refusal(policy, policy.rules[i], why_unreachable(policy, policy.rules[i]));
  }
  BitSet permitted = 0;
  for (const Permission& outcome : outcomes) permitted |= outcome.targets;
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    if (has_bit(permitted, i)) continue;
    return refusal(policy, policy.targets[i].line, concat("targets.", policy.targets[i].name),
                   "is permitted in no state; allow it in a rule or leave it out");
  }
  return {};
}

}  // namespace

Result<void> check_policy(const Policy& policy) {
  for (const PolicyRule& rule : policy.rules) {
    HEARTH_TRY(check_settings(policy, rule));
    HEARTH_TRY(check_reach(policy, rule));
  }
  HEARTH_TRY(check_pairs(policy));
  return check_each_rule_matters(policy);
}

}  // namespace hearth

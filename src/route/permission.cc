// SPDX-License-Identifier: Apache-2.0
#include "route/permission.h"

#include <algorithm>

#include "base/strings.h"

namespace hearth {
namespace {

// What has no order must be in the set, for granting and for narrowing.
bool holds_unordered(const PolicyCondition& when, const Facts& facts) {
  return has_bit(when.tasks, static_cast<std::size_t>(facts.task)) &&
         has_bit(when.powers, static_cast<std::size_t>(facts.power)) &&
         has_bit(when.deadlines, static_cast<std::size_t>(facts.deadline));
}

template <typename Value>
bool at_least_as_good(const std::optional<Value>& bound, Value value) {
  return !bound || value <= *bound;
}

template <typename Value>
bool at_least_as_bad(const std::optional<Value>& bound, Value value) {
  return !bound || value >= *bound;
}

// Targets that sensitivity and network leave, whatever the rules say.
BitSet reachable(const Policy& policy, const Facts& facts) {
  BitSet targets = 0;
  if (facts.sensitivity == Sensitivity::kSecret) return targets;
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    const RemoteTarget& target = policy.targets[i];
    const bool is_there = facts.network != Network::kOffline || target.endpoint.is_loopback;
    if (is_there && facts.sensitivity <= target.accepts) targets |= BitSet{1} << i;
  }
  return targets;
}

// The most that rules let be spent on the target: one that grants it must have money left, and so
// must all that narrow.
double limit_of(const Policy& policy, const Permission& permission, std::size_t target) {
  double granted = 0.0;
  double narrowed = policy.budget_usd_per_day.value_or(kNoLimitUsd);
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const double budget = policy.rules[i].budget_usd_per_day.value_or(kNoLimitUsd);
    if (has_bit(permission.granting, i) && has_bit(policy.rules[i].allow, target)) {
      granted = std::max(granted, budget);
    }
    if (has_bit(permission.narrowing, i)) narrowed = std::min(narrowed, budget);
  }
  return std::min(granted, narrowed);
}

// Above public, text is redacted unless a rule that grants the target says otherwise; a rule that
// narrows and says to redact always wins.
BitSet redacted_targets(const Policy& policy, const Permission& permission, const Facts& facts) {
  const BitSet all = all_of_first(policy.targets.size());
  BitSet plain = facts.sensitivity == Sensitivity::kPublic ? all : 0;
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (has_bit(permission.granting, i) && rule.redact == Redaction::kOff) plain |= rule.allow;
  }
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    if (has_bit(permission.narrowing, i) && policy.rules[i].redact == Redaction::kOn) plain = 0;
  }
  return all & ~plain;
}

}  // namespace

bool grants(const PolicyRule& rule, const Facts& facts) {
  return holds_unordered(rule.when, facts) &&
         at_least_as_good(rule.when.sensitivity, facts.sensitivity) &&
         at_least_as_good(rule.when.consent, facts.consent) &&
         at_least_as_good(rule.when.network, facts.network);
}

bool narrows(const PolicyRule& rule, const Facts& facts) {
  return holds_unordered(rule.when, facts) &&
         at_least_as_bad(rule.when.sensitivity, facts.sensitivity) &&
         at_least_as_bad(rule.when.consent, facts.consent) &&
         at_least_as_bad(rule.when.network, facts.network);
}

Permission permit(const Policy& policy, const Facts& facts) {
  Permission permission;
  BitSet granted = 0;
  BitSet narrowed = all_of_first(policy.targets.size());
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (rule.allow != 0 && grants(rule, facts)) {
      permission.granting |= BitSet{1} << i;
      granted |= rule.allow;
    }
    if (narrows(rule, facts)) {
      permission.narrowing |= BitSet{1} << i;
      narrowed &= rule.keep;
    }
  }
  permission.targets = granted & narrowed & reachable(policy, facts);
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    const PolicyRule& rule = policy.rules[i];
    if (!has_bit(permission.granting, i) || (rule.allow & permission.targets) == 0) continue;
    if (!permission.prefer) permission.prefer = rule.prefer;
    if (!permission.p_error_max) permission.p_error_max = rule.p_error_max;
  }
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    permission.limit_usd[i] = limit_of(policy, permission, i);
    const bool has_money =
        !policy.targets[i].has_price() || facts.spent_usd < permission.limit_usd[i];
    if (!has_money) permission.targets &= ~(BitSet{1} << i);
  }
  permission.redacted = redacted_targets(policy, permission, facts);
  return permission;
}

std::optional<DenialReason> denial_of(const Policy& policy, const Facts& facts,
                                      std::size_t target) {
  const Permission permission = permit(policy, facts);
  if (has_bit(permission.targets, target)) return std::nullopt;
  const RemoteTarget& remote = policy.targets[target];
  if (facts.sensitivity == Sensitivity::kSecret) return DenialReason{Denial::kSecret, {}};
  if (facts.sensitivity > remote.accepts) return DenialReason{Denial::kCeiling, {}};
  bool is_granted = false;
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    is_granted |= has_bit(permission.granting, i) && has_bit(policy.rules[i].allow, target);
  }
  if (!is_granted) return DenialReason{Denial::kNoRule, {}};
  for (std::size_t i = 0; i < policy.rules.size(); ++i) {
    if (has_bit(permission.narrowing, i) && !has_bit(policy.rules[i].keep, target)) {
      return DenialReason{Denial::kNarrowed, i};
    }
  }
  const bool is_off = facts.network == Network::kOffline && !remote.endpoint.is_loopback;
  return DenialReason{is_off ? Denial::kOffline : Denial::kBudget, {}};
}

std::string denial_text(const Policy& policy, const Facts& facts, std::size_t target,
                        const DenialReason& reason) {
  const RemoteTarget& remote = policy.targets[target];
  switch (reason.denial) {
    case Denial::kSecret:
      return concat(remote.name, ": secret text never leaves");
    case Denial::kCeiling:
      return concat(remote.name, ": accepts ", sensitivity_name(remote.accepts),
                    " at most, this is ", sensitivity_name(facts.sensitivity));
    case Denial::kNoRule:
      return concat(remote.name, ": no rule allows it here");
    case Denial::kNarrowed:
      return concat(remote.name, ": left out by ", policy.rules[*reason.rule].name);
    case Denial::kOffline:
      return concat(remote.name, ": there is no network");
    case Denial::kBudget:
      break;
  }
  return concat(remote.name, ": the day's budget is spent");
}

}  // namespace hearth

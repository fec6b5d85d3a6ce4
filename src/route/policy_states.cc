// SPDX-License-Identifier: Apache-2.0
#include "route/policy_states.h"

#include <map>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

// Merges groups that differ in one dimension only.
std::vector<StateGroup> merge(const std::vector<StateGroup>& groups, std::size_t dimension) {
  std::vector<StateGroup> merged;
  std::map<std::pair<std::array<BitSet, kStateDimensions>, std::pair<BitSet, BitSet>>, std::size_t>
      places;
  for (const StateGroup& group : groups) {
    auto others = group.values;
    others[dimension] = 0;
    const auto [place, is_new] =
        places.try_emplace({others, {group.targets, group.redacted}}, merged.size());
    if (is_new) {
      merged.push_back(group);
    } else {
      merged[place->second].values[dimension] |= group.values[dimension];
    }
  }
  return merged;
}

std::string point_text(const StatePoint& point) {
  std::string text;
  for (std::size_t i = 0; i < kStateDimensions; ++i) {
    text += concat(i == 0 ? "" : ", ", state_values(i)[point[i]]);
  }
  return text;
}

// Nothing where `worse` permits no more than `better` in any way.
std::optional<std::string> widening(const Policy& policy, const Permission& better,
                                    const Permission& worse) {
  for (std::size_t i = 0; i < policy.targets.size(); ++i) {
    const std::string& name = policy.targets[i].name;
    if (!has_bit(worse.targets, i)) continue;
    if (!has_bit(better.targets, i)) return concat("permits ", name);
    if (has_bit(better.redacted, i) && !has_bit(worse.redacted, i)) {
      return concat("sends plain text to ", name);
    }
    if (worse.limit_usd[i] > better.limit_usd[i]) return concat("may spend more on ", name);
  }
  return std::nullopt;
}

}  // namespace

std::span<const std::string_view> state_values(std::size_t dimension) {
  switch (static_cast<StateDimension>(dimension)) {
    case StateDimension::kSensitivity:
      return kSensitivityNames;
    case StateDimension::kTask:
      return kRequestTaskNames;
    case StateDimension::kConsent:
      return kConsentNames;
    case StateDimension::kNetwork:
      return kNetworkNames;
    case StateDimension::kBudget:
      return kBudgetNames;
    case StateDimension::kDeadline:
      return kDeadlineNames;
    case StateDimension::kPower:
      break;
  }
  return kPowerNames;
}

bool is_ordered(std::size_t dimension) {
  switch (static_cast<StateDimension>(dimension)) {
    case StateDimension::kSensitivity:
    case StateDimension::kConsent:
    case StateDimension::kNetwork:
    case StateDimension::kBudget:
      return true;
    default:
      return false;
  }
}

Facts facts_of(const StatePoint& point) {
  const auto at = [&](StateDimension dimension) {
    return point[static_cast<std::size_t>(dimension)];
  };
  return {.sensitivity = static_cast<Sensitivity>(at(StateDimension::kSensitivity)),
          .task = static_cast<RequestTask>(at(StateDimension::kTask)),
          .consent = static_cast<Consent>(at(StateDimension::kConsent)),
          .network = static_cast<Network>(at(StateDimension::kNetwork)),
          .power = static_cast<Power>(at(StateDimension::kPower)),
          .deadline = static_cast<DeadlineClass>(at(StateDimension::kDeadline)),
          .spent_usd = at(StateDimension::kBudget) == 0 ? 0.0 : kAllSpentUsd};
}

void for_each_state(const std::function<void(const StatePoint&)>& visit) {
  StatePoint point{};
  while (true) {
    visit(point);
    std::size_t dimension = kStateDimensions;
    while (dimension > 0) {
      --dimension;
      if (++point[dimension] < state_values(dimension).size()) break;
      point[dimension] = 0;
      if (dimension == 0) return;
    }
  }
}

std::vector<StateGroup> group_states(const Policy& policy) {
  std::vector<StateGroup> groups;
  for_each_state([&](const StatePoint& point) {
    const Permission permission = permit(policy, facts_of(point));
    StateGroup group{{}, permission.targets, permission.redacted & permission.targets};
    for (std::size_t i = 0; i < kStateDimensions; ++i) group.values[i] = BitSet{1} << point[i];
    groups.push_back(group);
  });
  for (std::size_t dimension = kStateDimensions; dimension-- > 0;) {
    groups = merge(groups, dimension);
  }
  return groups;
}

std::optional<std::string> find_widening(const Policy& policy) {
  std::optional<std::string> found;
  for_each_state([&](const StatePoint& point) {
    if (found) return;
    const Permission better = permit(policy, facts_of(point));
    for (std::size_t i = 0; i < kStateDimensions; ++i) {
      if (!is_ordered(i) || point[i] + std::size_t{1} >= state_values(i).size()) continue;
      StatePoint next = point;
      ++next[i];
      if (auto how = widening(policy, better, permit(policy, facts_of(next)))) {
        found = concat(*how, " at (", point_text(next), ") but not at (", point_text(point), ")");
        return;
      }
    }
  });
  return found;
}

}  // namespace hearth

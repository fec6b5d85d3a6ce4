// SPDX-License-Identifier: Apache-2.0
// Every state that a policy can meet, and what it permits in each: the table that `hearth policy
// check` prints, and the proof that no state permits more than a better one.
//
// Threading: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "route/permission.h"

namespace hearth {

// The dimensions of a state, in the order of the table. Of budget, `left` means that nothing was
// spent today and `spent` that nothing is left.
enum class StateDimension { kSensitivity, kTask, kConsent, kNetwork, kBudget, kDeadline, kPower };
inline constexpr std::size_t kStateDimensions = 7;
inline constexpr std::array<std::string_view, kStateDimensions> kStateDimensionNames = {
    "sensitivity", "task", "consent", "network", "budget", "deadline", "power"};
inline constexpr std::array<std::string_view, 2> kBudgetNames = {"left", "spent"};
inline constexpr double kAllSpentUsd = std::numeric_limits<double>::max();  // beyond any budget

// Names of a dimension's values.
std::span<const std::string_view> state_values(std::size_t dimension);
// Whether a later value of the dimension is worse.
bool is_ordered(std::size_t dimension);

// The index of a value in each dimension.
using StatePoint = std::array<uint8_t, kStateDimensions>;
Facts facts_of(const StatePoint& point);

// Calls `visit` for every point, the last dimension fastest.
void for_each_state(const std::function<void(const StatePoint&)>& visit);

// States, given by a set of values in each dimension, that have the same outcome.
struct StateGroup {
  std::array<BitSet, kStateDimensions> values{};
  BitSet targets = 0;
  BitSet redacted = 0;  // of `targets`
};

// All states, each in one group; few groups, though not the fewest possible.
std::vector<StateGroup> group_states(const Policy& policy);

// A pair of states of which the second is worse in one dimension and yet permits more, redacts less
// or may spend more, in one line. Nothing for any policy: that is how permit() is made, and this
// checks it.
std::optional<std::string> find_widening(const Policy& policy);

}  // namespace hearth

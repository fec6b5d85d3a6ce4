// SPDX-License-Identifier: Apache-2.0
// What a policy permits in one state, and why not more.
//
// Threading: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "route/policy.h"

namespace hearth {

inline constexpr double kNoLimitUsd = std::numeric_limits<double>::infinity();

struct Permission {
  BitSet targets = 0;    // remote ones that may answer; local always may
  BitSet redacted = 0;   // of all targets: those that get redacted text only
  BitSet granting = 0;   // rules that grant a target here
  BitSet narrowing = 0;  // rules that limit here
  // Of the first rule that grants a permitted target, whether there is money left or not, and says
  // so.
  std::optional<Prefer> prefer;
  std::optional<double> p_error_max;  // likewise
  // What may be spent until the end of the day, with what was, on each target.
  std::array<double, kRemoteTargetsMax> limit_usd{};
};

// Facts that are worse never permit more, never lift a redaction and never raise a limit.
Permission permit(const Policy& policy, const Facts& facts);

// Whether the rule grants, or narrows, in this state.
bool grants(const PolicyRule& rule, const Facts& facts);
bool narrows(const PolicyRule& rule, const Facts& facts);

enum class Denial {
  kSecret,    // secret text never leaves
  kCeiling,   // the target does not accept such text
  kNoRule,    // no rule grants it
  kNarrowed,  // a rule leaves it out
  kOffline,   // there is no network
  kBudget,    // the day's money is spent
};
inline constexpr std::array<std::string_view, 6> kDenialNames = {"secret",   "ceiling", "no_rule",
                                                                 "narrowed", "offline", "budget"};

struct DenialReason {
  Denial denial;
  std::optional<std::size_t> rule;  // that narrowed
};

// Why permit() leaves the target out; nothing where it does not. The first that holds, in the order
// of the enum.
std::optional<DenialReason> denial_of(const Policy& policy, const Facts& facts, std::size_t target);

// "edge accepts personal at most"
std::string denial_text(const Policy& policy, const Facts& facts, std::size_t target,
                        const DenialReason& reason);

}  // namespace hearth

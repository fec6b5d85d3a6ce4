// SPDX-License-Identifier: Apache-2.0
// Who may answer what: remote targets, and rules that allow them. Read from TOML over closed sets;
// there are no expressions (docs/guide/policy.md is the grammar,
// docs/decisions/0040-policy-and-routing.md says why).
//
// Local may always answer. A rule *grants* what it allows in every state at least as good as its
// `when` (as public, with as much consent, on as good a network), and *narrows* to what it allows,
// or away from what it denies, in every state at least as bad. A remote target is permitted where
// its ceiling holds the text, a rule grants it and no rule narrows it away. So a state that is
// worse never permits more, whatever the rules say.
//
// Threading: values.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/sensitivity.h"
#include "route/endpoint_url.h"
#include "route/facts.h"

namespace hearth {

inline constexpr std::size_t kRemoteTargetsMax = 16;
inline constexpr std::size_t kPolicyRulesMax = 32;
inline constexpr std::size_t kPolicyBytesMax = 256 << 10;
inline constexpr std::string_view kLocalTarget = "local";

// Sets of values of one enum, or of targets by their index: bit i stands for value i.
using BitSet = uint32_t;
constexpr BitSet all_of_first(std::size_t count) { return (BitSet{1} << count) - 1; }
constexpr bool has_bit(BitSet set, std::size_t index) { return (set >> index & 1) != 0; }

struct RemoteTarget {
  std::string name;
  int32_t line = 0;  // in the file, from 1
  std::string url;   // as it stands in the file
  EndpointUrl endpoint;
  std::string model;                           // what the endpoint calls it
  Sensitivity accepts = Sensitivity::kPublic;  // the highest; never kSecret
  double input_usd_per_mtok = 0.0;             // US dollars for a million tokens
  double output_usd_per_mtok = 0.0;
  int32_t timeout_ms = 30000;  // for a whole answer
  std::string key_file;        // empty: no key. The broker reads it, nobody else
  std::string ca_file;         // certificates to trust in place of the system's; empty: those

  bool has_price() const { return input_usd_per_mtok > 0.0 || output_usd_per_mtok > 0.0; }
};

// What decides among permitted targets. Privacy and cost ask local first; latency and quality take
// whoever is expected to be faster or better.
enum class Prefer { kPrivacy, kLatency, kCost, kQuality };
inline constexpr std::array<std::string_view, 4> kPreferNames = {"privacy", "latency", "cost",
                                                                 "quality"};

enum class Redaction { kOff, kOn };

// `when`: what is absent holds for all.
struct PolicyCondition {
  std::optional<Sensitivity> sensitivity;
  std::optional<Consent> consent;
  std::optional<Network> network;
  BitSet tasks = all_of_first(kRequestTaskNames.size());
  BitSet powers = all_of_first(kPowerNames.size());
  BitSet deadlines = all_of_first(kDeadlineNames.size());

  friend bool operator==(const PolicyCondition&, const PolicyCondition&) = default;
};

struct PolicyRule {
  std::string name;  // "rule 2" where the file gives none
  int32_t line = 0;
  PolicyCondition when;
  BitSet allow = 0;  // remote targets that it grants; local is always allowed
  BitSet keep = 0;   // remote targets that it narrows to: `allow`, or all but `deny`
  std::optional<Prefer> prefer;
  std::optional<Redaction> redact;
  std::optional<double> budget_usd_per_day;
  std::optional<double> p_error_max;  // local answers likelier wrong than this go on
};

struct Policy {
  std::string file;                   // what errors call it
  std::vector<RemoteTarget> targets;  // sorted by name
  std::vector<PolicyRule> rules;
  std::optional<double> budget_usd_per_day;  // of all rules together

  std::optional<std::size_t> find_target(std::string_view name) const;
};

// The policy that has no remote target: all stays here.
Policy local_only_policy();

// Reads and compiles. Errors: kCorrupt, "FILE:LINE: what: why; what to do": not TOML; an unknown
// key, value or target (lists the known ones); a wrong type or range; a bad URL; two rules for the
// same state or that leave each other nothing; a rule, a target or a setting that never changes
// anything.
Result<Policy> parse_policy(std::string_view text, std::string file);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What a policy decides by: closed sets, so that every state can be enumerated. Of sensitivity,
// consent and network, a later value is worse: it never allows more than an earlier one.
//
// Threading: values.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "base/sensitivity.h"

namespace hearth {

enum class RequestTask {
  kChat,
  kExtraction,
  kClassification,
  kSummarization,
  kRewriting,
  kCode,
  kOpenEnded,
  kArithmetic,
  kFacts,
};
inline constexpr std::array<std::string_view, 9> kRequestTaskNames = {
    "chat", "extraction", "classification", "summarization", "rewriting",
    "code", "open_ended", "arithmetic",     "facts"};

// What the user said about sending text of this conversation away: standing consent, this once,
// nothing.
enum class Consent { kAlways, kOnce, kNone };
inline constexpr std::array<std::string_view, 3> kConsentNames = {"always", "once", "none"};

enum class Network { kOnline, kMetered, kOffline };
inline constexpr std::array<std::string_view, 3> kNetworkNames = {"online", "metered", "offline"};

enum class Power { kMains, kBattery, kLow };
inline constexpr std::array<std::string_view, 3> kPowerNames = {"mains", "battery", "low"};

enum class DeadlineClass { kNone, kNormal, kTight };
inline constexpr std::array<std::string_view, 3> kDeadlineNames = {"none", "normal", "tight"};

inline constexpr double kTightDeadlineMs = 2000.0;
// The class of what is left until the deadline.
constexpr DeadlineClass deadline_class(std::optional<double> left_ms) {
  if (!left_ms) return DeadlineClass::kNone;
  return *left_ms <= kTightDeadlineMs ? DeadlineClass::kTight : DeadlineClass::kNormal;
}

constexpr std::string_view request_task_name(RequestTask task) {
  return kRequestTaskNames[static_cast<std::size_t>(task)];
}

struct Facts {
  Sensitivity sensitivity = Sensitivity::kSecret;  // the conversation's maximum so far
  RequestTask task = RequestTask::kChat;
  Consent consent = Consent::kNone;
  Network network = Network::kOffline;
  Power power = Power::kMains;
  DeadlineClass deadline = DeadlineClass::kNone;
  double spent_usd = 0.0;  // today, with what is reserved for requests under way
};

}  // namespace hearth

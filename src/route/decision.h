// SPDX-License-Identifier: Apache-2.0
// Who answers a request: a pure function of the request, the policy and a state that the caller
// keeps. It reads no clock and no file; what acts on it lies above.
//
// First the policy permits targets, then breakers, budgets and deadlines take away, never add.
// Local comes first unless it will be late, is not worth waiting for, or a rule prefers latency or
// quality. Whatever is tried, the local answer stands at the end of the chain.
//
// Threading: pure functions over values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "route/breaker.h"
#include "route/budget.h"
#include "route/latency.h"
#include "route/permission.h"
#include "route/policy.h"

namespace hearth {

struct RouteRequest {
  Sensitivity sensitivity = Sensitivity::kSecret;  // the conversation's maximum so far
  RequestTask task = RequestTask::kChat;
  Consent consent = Consent::kNone;
  Network network = Network::kOffline;
  Power power = Power::kMains;
  std::optional<double> deadline_ms = {};  // left from now on
  int32_t prompt_tokens = 0;
  int32_t answer_tokens = 128;       // expected
  int32_t answer_tokens_max = 1024;  // what a remote target will be asked for at most
};

// What is known of one remote target. P(error) is the share of wrong answers, 0..1.
struct RemoteState {
  Breaker breaker;
  LatencyHistory latency;
  std::optional<double> p_error;
};

struct RouteState {
  int64_t now_ms = 0;  // of the clock that the breakers are told
  Spending spending;   // advanced to today
  RetryBudget retries;
  std::optional<LocalCosts> local_costs;  // nothing where nothing was measured
  RatioWindow local_ratios;
  std::optional<double> local_p_error;  // before an answer, of this task
  // Of local answers to this task, the share that is likely enough right to stay.
  std::optional<double> local_stay_share;
  std::optional<double> p_error_max;  // the promise's threshold, where no rule has one
  std::vector<RemoteState> remotes;   // as the policy's targets; missing ones are unknown
};

struct TargetPrediction {
  std::optional<LatencyPrediction> latency;
  double cost_usd = 0.0;      // expected
  double cost_usd_max = 0.0;  // what must be reserved
  std::optional<double> p_error;
};

enum class RouteReason {
  kLocalOnly,      // nobody else may or can answer now
  kLocalFirst,     // local is in time, and not known to be wrong
  kLocalFaster,    // latency is preferred, and local is not slower
  kLocalBetter,    // quality is preferred, and local is not worse
  kLocalLate,      // local would miss the deadline
  kLocalDoubtful,  // local is likelier wrong than the threshold, before or after its answer
  kFaster,         // latency is preferred, and a target is faster
  kBetter,         // quality is preferred, and a target is, or should be, better
  kConfident,      // the local answer is likely right
  kNoThreshold,    // nothing says when a local answer is too doubtful
};
inline constexpr std::array<std::string_view, 10> kRouteReasonNames = {
    "local_only",     "local_first", "local_faster", "local_better", "local_late",
    "local_doubtful", "faster",      "better",       "confident",    "no_threshold"};

// Why a target is not asked.
enum class Exclusion {
  kPolicy,     // see `denial`
  kBreaker,    // it has failed lately
  kBudget,     // this request could exceed the day's budget
  kTooSlow,    // it would not answer in time
  kNotBetter,  // it is known to be wrong as often
  kRetries,    // too much was tried again lately
};
inline constexpr std::array<std::string_view, 6> kExclusionNames = {
    "policy", "breaker", "budget", "too_slow", "not_better", "retries"};

struct ExcludedTarget {
  std::size_t target;
  Exclusion why;
  std::optional<DenialReason> denial;  // with kPolicy
  std::string text;                    // one line
};

// One try: who is asked, with how much time.
struct RouteHop {
  std::optional<std::size_t> target;  // nothing: local
  double timeout_ms = 0.0;            // of a remote one
  Redaction redaction = Redaction::kOn;
  double reserve_usd = 0.0;

  bool is_local() const { return !target.has_value(); }
};

struct Decision {
  std::vector<RouteHop> chain;  // not empty; the last is local
  RouteReason reason = RouteReason::kLocalOnly;
  std::string text;                // the reason in one line
  std::vector<std::string> rules;  // names of those that granted or narrowed here
  std::vector<ExcludedTarget> excluded;
  Prefer prefer = Prefer::kPrivacy;
  std::optional<double> p_error_max;  // above which a local answer should go on
  std::optional<LatencyPrediction> local_latency;
  std::vector<TargetPrediction> remotes;  // as the policy's targets

  const RouteHop& first() const { return chain.front(); }
};

// "local" or the name of the target.
std::string_view target_name(const Policy& policy, const RouteHop& hop);

Decision decide(const Policy& policy, const RouteRequest& request, const RouteState& state);

// After a local answer that is wrong with probability `p_error`: whether to ask another. The chain
// is local alone where not; else its last hop means the answer that is there. `request.deadline_ms`
// is what is left now.
Decision decide_after_answer(const Policy& policy, const RouteRequest& request,
                             const RouteState& state, double p_error);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What is routed: a request as it arrives, the local answer to it, and what became of it.
//
// Threading: values.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "guard/output_checks.h"
#include "guard/trust.h"
#include "route/decision.h"

namespace hearth {

struct PromptMessage {
  std::string role;  // system, user, assistant, tool
  MarkedText text;
};

struct RoutedRequest {
  std::string id;
  std::vector<PromptMessage> messages;  // of the whole conversation, so far as the model sees it
  Consent consent = Consent::kNone;
  // Why only this machine can answer, as "it uses tools"; empty: the policy says who may.
  std::string stays = {};
  Deadline deadline = {};
  int32_t prompt_tokens = 0;
  int32_t answer_tokens_max = 0;  // 0: nobody said
  std::optional<double> temperature = {};
  std::optional<LocalCosts> local_costs = {};
};

struct LocalAnswer {
  std::string text;
  // Of its tokens, for confidence_features(); empty where nobody looked.
  std::vector<float> logprobs = {};
  std::vector<float> margins = {};
  int32_t prompt_tokens = 0;
  int32_t answer_tokens = 0;
  double first_token_ms = 0.0;
  double total_ms = 0.0;
};

// Told of text as it comes; returns false to stop.
using OnText = std::function<bool(std::string_view piece)>;
// Whether that text is seen at once, or only when it is sure whose answer it is.
enum class Shown { kAsItComes, kLater };
// Hands out text as it comes where it is given somewhere to hand it to.
using AnswerLocally = std::function<Result<LocalAnswer>(const OnText& on_text)>;

enum class RouteOutcome {
  kAnswered,   // by who was chosen
  kFallback,   // by another, as who was chosen could not
  kFailed,     // by nobody
  kCancelled,  // nobody wanted it any more
};
inline constexpr std::array<std::string_view, 4> kRouteOutcomeNames = {"answered", "fallback",
                                                                       "failed", "cancelled"};

inline constexpr std::array<std::string_view, 4> kOutputFaultNames = {"secret", "canary", "loop",
                                                                      "too_long"};

struct AnswerReport {
  std::string target = std::string(kLocalTarget);  // who answered
  RouteReason reason = RouteReason::kLocalOnly;    // why the first one was chosen
  std::string text;                                // that, and what came in between, in one line
  RouteOutcome outcome = RouteOutcome::kAnswered;
  std::optional<double> p_error;        // of a local answer, where there is a calibration
  std::optional<int64_t> ledger_entry;  // of the message that was answered
  std::vector<OutputFault> faults;      // of the answer, each once
  std::vector<std::string> unknown;     // what looks like a placeholder of ours and is none
  std::string answer;                   // of a remote target, with what was redacted put back
  bool is_cut = false;                  // a remote answer that its limit ended
  int64_t prompt_tokens = 0;
  int64_t answer_tokens = 0;
  double first_token_ms = 0.0;  // since the request came
  double total_ms = 0.0;
  double cost_usd = 0.0;  // of all that was asked

  bool is_local() const { return target == kLocalTarget; }
  std::optional<double> confidence() const {
    return p_error ? std::optional(1.0 - *p_error) : std::nullopt;
  }
};

}  // namespace hearth

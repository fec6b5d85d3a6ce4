// SPDX-License-Identifier: Apache-2.0
// How good a router is, over answers of which both sides were graded: whether it knows which local
// answers are wrong, and what quality it buys with each share of requests that it sends on.
//
// Sources: RouteLLM (Ong et al. 2024) for APGR and CPT; Hanley and McNeil 1982 for AUROC.
// Threading: pure functions.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "route/calibration.h"

namespace hearth {

// An answer with what the router thought of it.
struct RoutedAnswer {
  double p_error = 0.0;
  bool local_is_right = false;
  bool remote_is_right = false;
};

inline constexpr std::array<double, 3> kEscalationShares = {0.1, 0.2, 0.3};

// Shares 0..1. APGR is the part of the gap between local and remote that is recovered, in the mean
// over all shares of escalation: 0.5 for chance, and more than 1 is possible, as local can be right
// where remote is wrong. CPT is the least share of escalation that recovers 50 or 80 % of the gap.
struct RouterMetrics {
  int64_t answers = 0;
  std::optional<double> auroc;  // nothing where all local answers are right, or all wrong
  double calibration_error = 0.0;
  double local_quality = 0.0;
  double remote_quality = 0.0;
  // Nothing where remote is not better.
  std::optional<double> apgr;
  std::optional<double> oracle_apgr;
  std::optional<double> cpt50;
  std::optional<double> cpt80;
  std::array<double, kEscalationShares.size()> quality{};
  std::array<double, kEscalationShares.size()> random_quality{};
  std::array<double, kEscalationShares.size()> oracle_quality{};
};

// `answers` is not empty. Ties in p_error count as their mean.
RouterMetrics router_metrics(std::span<const RoutedAnswer> answers);

struct PromiseTrials {
  int32_t trials = 0;
  int32_t held = 0;          // answers that stayed were wrong no more often than promised
  int32_t silent = 0;        // of the held: no threshold could be promised, so nothing stayed
  double kept_share = 0.0;   // of answers that stayed, in the mean
  double kept_errors = 0.0;  // of these, wrong ones, in the mean
};

struct RouterReport {
  RouterMetrics in_domain;                     // five folds, each by what the others taught
  std::optional<RouterMetrics> out_of_domain;  // each domain by what the others taught
  std::vector<std::pair<std::string, RouterMetrics>> by_domain;
  PromiseTrials promise;  // random halves: one teaches, the other tests
};

// Errors: those of calibrate().
Result<RouterReport> evaluate_router(std::span<const GradedAnswer> answers,
                                     const ErrorPromise& promise, int32_t trials = 100,
                                     uint64_t seed = 1);

}  // namespace hearth

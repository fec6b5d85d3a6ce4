// SPDX-License-Identifier: Apache-2.0
#include "route/router_metrics.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/random.h"
#include "base/statistics.h"

namespace hearth {
namespace {

constexpr std::size_t kFolds = 5;

double right(bool is_right) { return is_right ? 1.0 : 0.0; }

// Quality for each number of answers that go on, those with the highest `order` first: count + 1
// values. Answers of equal order go on by the same part each.
std::vector<double> quality_curve(std::span<const RoutedAnswer> answers,
                                  std::span<const double> order) {
  std::vector<std::size_t> places(answers.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::sort(places.begin(), places.end(),
            [&](std::size_t a, std::size_t b) { return order[a] > order[b]; });
  double sum = 0.0;
  for (const RoutedAnswer& answer : answers) sum += right(answer.local_is_right);
  std::vector<double> curve = {sum};
  for (std::size_t begin = 0; begin < places.size();) {
    std::size_t end = begin;
    double gain = 0.0;
    for (; end < places.size() && order[places[end]] == order[places[begin]]; ++end) {
      const RoutedAnswer& answer = answers[places[end]];
      gain += right(answer.remote_is_right) - right(answer.local_is_right);
    }
    const auto count = static_cast<double>(end - begin);
    for (std::size_t i = begin; i < end; ++i) curve.push_back(curve.back() + gain / count);
    begin = end;
  }
  for (double& value : curve) value /= static_cast<double>(answers.size());
  return curve;
}

// Value of a curve at a share of its length, between its points.
double at_share(std::span<const double> curve, double share) {
  const double place = share * static_cast<double>(curve.size() - 1);
  const auto below = std::min(static_cast<std::size_t>(place), curve.size() - 2);
  const double part = place - static_cast<double>(below);
  return curve[below] + part * (curve[below + 1] - curve[below]);
}

// Mean over all shares (trapezoids) of the part of the gap that is recovered.
double recovered_mean(std::span<const double> curve, double from, double gap) {
  double sum = 0.0;
  for (std::size_t i = 0; i + 1 < curve.size(); ++i) {
    sum += 0.5 * (curve[i] + curve[i + 1]) - from;
  }
  return sum / static_cast<double>(curve.size() - 1) / gap;
}

std::optional<double> share_that_recovers(std::span<const double> curve, double quality) {
  for (std::size_t i = 0; i < curve.size(); ++i) {
    if (curve[i] >= quality - 1e-12) {
      return static_cast<double>(i) / static_cast<double>(curve.size() - 1);
    }
  }
  return std::nullopt;
}

// Probability that a wrong answer has a higher p_error than a right one, ties counted half: from
// the sum of the ranks of the wrong ones.
std::optional<double> auroc_of(std::span<const RoutedAnswer> answers) {
  std::vector<RoutedAnswer> sorted(answers.begin(), answers.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const RoutedAnswer& a, const RoutedAnswer& b) { return a.p_error < b.p_error; });
  double wrong_count = 0.0;
  double wrong_ranks = 0.0;
  for (std::size_t begin = 0; begin < sorted.size();) {
    std::size_t end = begin;
    double wrong = 0.0;
    for (; end < sorted.size() && sorted[end].p_error == sorted[begin].p_error; ++end) {
      wrong += right(!sorted[end].local_is_right);
    }
    wrong_count += wrong;
    wrong_ranks += wrong * 0.5 * static_cast<double>(begin + 1 + end);
    begin = end;
  }
  const double right_count = static_cast<double>(sorted.size()) - wrong_count;
  if (wrong_count == 0.0 || right_count == 0.0) return std::nullopt;
  return (wrong_ranks - 0.5 * wrong_count * (wrong_count + 1.0)) / (wrong_count * right_count);
}

void measure_curves(std::span<const RoutedAnswer> answers, RouterMetrics& metrics) {
  std::vector<double> order;
  std::vector<double> oracle_order;  // by what going on would change
  for (const RoutedAnswer& answer : answers) {
    order.push_back(answer.p_error);
    oracle_order.push_back(right(answer.remote_is_right) - right(answer.local_is_right));
  }
  const std::vector<double> curve = quality_curve(answers, order);
  const std::vector<double> oracle = quality_curve(answers, oracle_order);
  metrics.local_quality = curve.front();
  metrics.remote_quality = curve.back();
  const double gap = metrics.remote_quality - metrics.local_quality;
  for (std::size_t i = 0; i < kEscalationShares.size(); ++i) {
    metrics.quality[i] = at_share(curve, kEscalationShares[i]);
    metrics.oracle_quality[i] = at_share(oracle, kEscalationShares[i]);
    metrics.random_quality[i] = metrics.local_quality + kEscalationShares[i] * gap;
  }
  if (!(gap > 1e-9)) return;
  metrics.apgr = recovered_mean(curve, metrics.local_quality, gap);
  metrics.oracle_apgr = recovered_mean(oracle, metrics.local_quality, gap);
  metrics.cpt50 = share_that_recovers(curve, metrics.local_quality + 0.5 * gap);
  metrics.cpt80 = share_that_recovers(curve, metrics.local_quality + 0.8 * gap);
}

RoutedAnswer routed(const ConfidenceCalibration& calibration, const GradedAnswer& answer) {
  return {calibration.p_error(answer.task, answer.features), answer.local_is_right,
          answer.remote_is_right};
}

std::vector<GradedAnswer> shuffled(std::span<const GradedAnswer> answers, Random& random) {
  std::vector<GradedAnswer> copy(answers.begin(), answers.end());
  random.shuffle(std::span(copy));
  return copy;
}

Result<RouterMetrics> measure_in_domain(std::span<const GradedAnswer> answers,
                                        const ErrorPromise& promise, uint64_t seed) {
  Random random(seed);
  const std::vector<GradedAnswer> mixed = shuffled(answers, random);
  std::vector<RoutedAnswer> results;
  for (std::size_t fold = 0; fold < kFolds; ++fold) {
    std::vector<GradedAnswer> others;
    for (std::size_t i = 0; i < mixed.size(); ++i) {
      if (i % kFolds != fold) others.push_back(mixed[i]);
    }
    HEARTH_ASSIGN(const ConfidenceCalibration calibration, calibrate(others, promise, seed));
    for (std::size_t i = fold; i < mixed.size(); i += kFolds) {
      results.push_back(routed(calibration, mixed[i]));
    }
  }
  return router_metrics(results);
}

// Each domain by a calibration that has seen none of it.
Result<void> measure_out_of_domain(std::span<const GradedAnswer> answers,
                                   const ErrorPromise& promise, uint64_t seed,
                                   RouterReport& report) {
  std::map<std::string, std::vector<const GradedAnswer*>> domains;
  for (const GradedAnswer& answer : answers) domains[answer.domain].push_back(&answer);
  if (domains.size() < 2) return {};
  std::vector<RoutedAnswer> all;
  for (const auto& [domain, held_out] : domains) {
    std::vector<GradedAnswer> others;
    for (const GradedAnswer& answer : answers) {
      if (answer.domain != domain) others.push_back(answer);
    }
    HEARTH_ASSIGN(const ConfidenceCalibration calibration, calibrate(others, promise, seed));
    std::vector<RoutedAnswer> results;
    for (const GradedAnswer* answer : held_out) results.push_back(routed(calibration, *answer));
    all.insert(all.end(), results.begin(), results.end());
    report.by_domain.emplace_back(domain, router_metrics(results));
  }
  report.out_of_domain = router_metrics(all);
  return {};
}

// Whether what stayed of `answers` was as good as promised; adds to the means.
void count_trial(const ConfidenceCalibration& calibration, std::span<const GradedAnswer> answers,
                 PromiseTrials& trials) {
  double kept = 0.0;
  double wrong = 0.0;
  for (const GradedAnswer& answer : answers) {
    const double p_error = calibration.p_error(answer.task, answer.features);
    if (p_error > calibration.threshold_of(answer.task)) continue;
    kept += 1.0;
    wrong += right(!answer.local_is_right);
  }
  ++trials.trials;
  trials.silent += kept == 0.0 ? 1 : 0;
  trials.held += wrong <= calibration.promise.error_max * kept ? 1 : 0;
  trials.kept_share += kept / static_cast<double>(answers.size());
  trials.kept_errors += kept == 0.0 ? 0.0 : wrong / kept;
}

Result<PromiseTrials> try_promise(std::span<const GradedAnswer> answers,
                                  const ErrorPromise& promise, int32_t count, uint64_t seed) {
  Random random(seed + 1);
  PromiseTrials trials;
  for (int32_t i = 0; i < count; ++i) {
    const std::vector<GradedAnswer> mixed = shuffled(answers, random);
    const std::span<const GradedAnswer> all(mixed);
    const std::size_t half = all.size() / 2;
    HEARTH_ASSIGN(const ConfidenceCalibration calibration,
                  calibrate(all.first(half), promise, seed));
    count_trial(calibration, all.subspan(half), trials);
  }
  if (count > 0) trials.kept_share /= count;
  if (count > trials.silent) trials.kept_errors /= count - trials.silent;
  return trials;
}

}  // namespace

RouterMetrics router_metrics(std::span<const RoutedAnswer> answers) {
  RouterMetrics metrics;
  metrics.answers = static_cast<int64_t>(answers.size());
  metrics.auroc = auroc_of(answers);
  std::vector<double> probabilities;
  std::vector<double> errors;
  for (const RoutedAnswer& answer : answers) {
    probabilities.push_back(answer.p_error);
    errors.push_back(right(!answer.local_is_right));
  }
  metrics.calibration_error = calibration_error(probabilities, errors);
  measure_curves(answers, metrics);
  return metrics;
}

Result<RouterReport> evaluate_router(std::span<const GradedAnswer> answers,
                                     const ErrorPromise& promise, int32_t trials, uint64_t seed) {
  RouterReport report;
  HEARTH_ASSIGN(report.in_domain, measure_in_domain(answers, promise, seed));
  HEARTH_TRY(measure_out_of_domain(answers, promise, seed, report));
  HEARTH_ASSIGN(report.promise, try_promise(answers, promise, trials, seed));
  return report;
}

}  // namespace hearth

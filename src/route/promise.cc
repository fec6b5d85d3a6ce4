// SPDX-License-Identifier: Apache-2.0
#include "route/promise.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "base/binomial.h"

namespace hearth {
namespace {

constexpr std::size_t kSteps = 200;

// A threshold that may be tested.
struct Candidate {
  double threshold;
  int64_t kept;           // answers up to it
  int64_t wrong;          // of these
  double expected_share;  // of wrong ones, by their p_error
};

// So few wrong ones of `kept` would be seen with at most the risk, were more wrong than promised:
// the upper bound of Clopper and Pearson is then at most the promise.
bool passes(int64_t wrong, int64_t kept, const ErrorPromise& promise) {
  return binomial_cdf(wrong, kept, promise.error_max) <= 1.0 - promise.confidence;
}

// How likely the candidate passes if p_error is right. It looks at features alone.
double chance_to_pass(const Candidate& candidate, const ErrorPromise& promise) {
  int64_t low = -1;  // passes, or is none
  int64_t high = candidate.kept;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (passes(middle, candidate.kept, promise) ? low : high) = middle;
  }
  return binomial_cdf(low, candidate.kept, candidate.expected_share);
}

std::vector<Candidate> candidates_of(std::span<const PredictedError> sorted) {
  std::vector<Candidate> candidates;
  const std::size_t step = std::max<std::size_t>(1, sorted.size() / kSteps);
  Candidate sum{};
  double expected = 0.0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    sum = {sorted[i].p_error, sum.kept + 1, sum.wrong + (sorted[i].is_wrong ? 1 : 0), 0.0};
    expected += sorted[i].p_error;
    sum.expected_share = expected / static_cast<double>(sum.kept);
    // Answers of one p_error stay together.
    const bool is_last = i + 1 == sorted.size();
    if (!is_last && sorted[i + 1].p_error == sorted[i].p_error) continue;
    const auto last_kept = candidates.empty() ? 0 : candidates.back().kept;
    if (is_last || sum.kept - last_kept >= static_cast<int64_t>(step)) candidates.push_back(sum);
  }
  return candidates;
}

}  // namespace

// A sequence of tests that is fixed before their outcomes are seen needs no correction for their
// number, as long as it ends at the first that fails. It begins where p_error says that a test
// passes most likely, and goes on to higher thresholds. If p_error is wrong, less is kept; the
// promise holds all the same.
std::optional<double> promised_threshold(std::span<const PredictedError> answers,
                                         const ErrorPromise& promise) {
  std::vector<PredictedError> sorted(answers.begin(), answers.end());
  std::sort(sorted.begin(), sorted.end(),
            [](const PredictedError& a, const PredictedError& b) { return a.p_error < b.p_error; });
  const std::vector<Candidate> candidates = candidates_of(sorted);
  std::size_t start = 0;
  double best_chance = 0.0;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const double chance = chance_to_pass(candidates[i], promise);
    if (chance <= best_chance) continue;
    best_chance = chance;
    start = i;
  }
  std::optional<double> threshold;
  for (std::size_t i = start; i < candidates.size(); ++i) {
    if (!passes(candidates[i].wrong, candidates[i].kept, promise)) break;
    threshold = candidates[i].threshold;
  }
  return threshold;
}

}  // namespace hearth

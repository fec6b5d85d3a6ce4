// SPDX-License-Identifier: Apache-2.0
#include "route/error_score.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/statistics.h"

namespace hearth {
namespace {

constexpr std::size_t kFeatures = kConfidenceFeatureNames.size();
constexpr std::size_t kTasks = kRequestTaskNames.size();
// The weights of all tasks, the offset of each task, the weights that each task adds, and last the
// common offset.
constexpr std::size_t kTaskWeights = kFeatures + kTasks;
constexpr std::size_t kColumns = kTaskWeights + kTasks * kFeatures + 1;
constexpr std::size_t kFilled = 2 * kFeatures + 2;  // columns that an answer has
constexpr double kRidge = 1.0;                      // of a standardised feature: worth one answer
constexpr double kTaskRidge = 4.0;     // a task differs from the others where more speaks for it
constexpr double kOffsetRidge = 1e-6;  // only to keep the matrix regular
constexpr double kBeyond = 6.0;        // standard deviations: further out nothing was learnt
constexpr int kStepsMax = 30;

using Weights = std::array<double, kColumns>;
using Matrix = std::vector<Weights>;  // [kColumns]

// What is not 0 of an answer's columns, in rising order of columns.
struct Row {
  std::array<std::size_t, kFilled> column{};
  std::array<double, kFilled> value{};
};

double standardised(const ErrorScore& score, const ConfidenceFeatures& features, std::size_t i) {
  const double z = (features.*kConfidenceFields[i] - score.mean[i]) / score.scale[i];
  return std::clamp(z, -kBeyond, kBeyond);
}

Row row_of(const ErrorScore& score, const GradedAnswer& answer) {
  const auto task = static_cast<std::size_t>(answer.task);
  Row row;
  for (std::size_t i = 0; i < kFeatures; ++i) {
    row.column[i] = i;
    row.column[kFeatures + 1 + i] = kTaskWeights + task * kFeatures + i;
    row.value[i] = row.value[kFeatures + 1 + i] = standardised(score, answer.features, i);
  }
  row.column[kFeatures] = kFeatures + task;
  row.column[kFilled - 1] = kColumns - 1;
  row.value[kFeatures] = row.value[kFilled - 1] = 1.0;
  return row;
}

double dot(const Row& row, const Weights& weights) {
  double sum = 0.0;
  for (std::size_t i = 0; i < kFilled; ++i) sum += row.value[i] * weights[row.column[i]];
  return sum;
}

// Solves a * x = b for a symmetric positive definite `a` (Cholesky), in place.
Weights solve(Matrix& a, Weights b) {
  for (std::size_t i = 0; i < kColumns; ++i) {
    for (std::size_t k = 0; k <= i; ++k) {
      double sum = a[i][k];
      for (std::size_t j = 0; j < k; ++j) sum -= a[i][j] * a[k][j];
      a[i][k] = i == k ? std::sqrt(std::max(sum, 1e-12)) : sum / a[k][k];
    }
  }
  for (std::size_t i = 0; i < kColumns; ++i) {
    for (std::size_t k = 0; k < i; ++k) b[i] -= a[i][k] * b[k];
    b[i] /= a[i][i];
  }
  for (std::size_t i = kColumns; i-- > 0;) {
    for (std::size_t k = i + 1; k < kColumns; ++k) b[i] -= a[k][i] * b[k];
    b[i] /= a[i][i];
  }
  return b;
}

double ridge_of(std::size_t column) {
  if (column + 1 == kColumns) return kOffsetRidge;
  return column < kTaskWeights ? kRidge : kTaskRidge;
}

double log_loss(double z, bool is_wrong) {
  const double signed_z = is_wrong ? -z : z;
  return signed_z > 0.0 ? signed_z + std::log1p(std::exp(-signed_z))
                        : std::log1p(std::exp(signed_z));
}

double loss_of(std::span<const Row> rows, std::span<const GradedAnswer* const> answers,
               const Weights& weights) {
  double loss = 0.0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    loss += log_loss(dot(rows[i], weights), !answers[i]->local_is_right);
  }
  for (std::size_t i = 0; i < kColumns; ++i) loss += 0.5 * ridge_of(i) * weights[i] * weights[i];
  return loss;
}

// The direction in which the loss falls fastest by its second derivatives.
Weights newton_step(std::span<const Row> rows, std::span<const GradedAnswer* const> answers,
                    const Weights& weights) {
  Matrix hessian(kColumns);
  Weights gradient{};
  for (std::size_t i = 0; i < kColumns; ++i) {
    hessian[i][i] = ridge_of(i);
    gradient[i] = -ridge_of(i) * weights[i];
  }
  for (std::size_t n = 0; n < rows.size(); ++n) {
    const Row& row = rows[n];
    const double p = 1.0 / (1.0 + std::exp(-dot(row, weights)));
    const double gap = (answers[n]->local_is_right ? 0.0 : 1.0) - p;
    for (std::size_t i = 0; i < kFilled; ++i) {
      gradient[row.column[i]] += gap * row.value[i];
      Weights& line = hessian[row.column[i]];
      for (std::size_t k = 0; k <= i; ++k)
        line[row.column[k]] += p * (1.0 - p) * row.value[i] * row.value[k];
    }
  }
  return solve(hessian, gradient);
}

Weights fit(std::span<const Row> rows, std::span<const GradedAnswer* const> answers) {
  Weights weights{};
  double loss = loss_of(rows, answers, weights);
  for (int step = 0; step < kStepsMax; ++step) {
    const Weights direction = newton_step(rows, answers, weights);
    double length = 1.0;
    double next_loss = loss;
    Weights next = weights;
    for (; length > 1e-6; length *= 0.5) {  // a whole step can overshoot
      for (std::size_t i = 0; i < kColumns; ++i) next[i] = weights[i] + length * direction[i];
      next_loss = loss_of(rows, answers, next);
      if (next_loss < loss) break;
    }
    const bool is_done = !(next_loss < loss - 1e-9 * loss);
    if (next_loss < loss) weights = next;
    loss = std::min(loss, next_loss);
    if (is_done) break;
  }
  return weights;
}

}  // namespace

double ErrorScore::of(RequestTask task, const ConfidenceFeatures& features) const {
  double z = offset + task_offset[static_cast<std::size_t>(task)];
  const auto& more = task_weight[static_cast<std::size_t>(task)];
  for (std::size_t i = 0; i < kFeatures; ++i)
    z += (weight[i] + more[i]) * standardised(*this, features, i);
  return z;
}

ErrorScore fit_error_score(std::span<const GradedAnswer* const> answers) {
  ErrorScore score;
  for (std::size_t i = 0; i < kFeatures; ++i) {
    RunningMoments moments;
    for (const GradedAnswer* answer : answers) moments.add(answer->features.*kConfidenceFields[i]);
    // The error of the mean times the root of the count is the standard deviation.
    const double deviation = moments.mean_error() * std::sqrt(static_cast<double>(moments.count()));
    score.mean[i] = moments.mean();
    score.scale[i] = deviation > 1e-9 ? deviation : 1.0;
  }
  std::vector<Row> rows;
  rows.reserve(answers.size());
  for (const GradedAnswer* answer : answers) rows.push_back(row_of(score, *answer));
  const Weights weights = fit(rows, answers);
  std::copy_n(weights.begin(), kFeatures, score.weight.begin());
  std::copy_n(weights.begin() + kFeatures, kTasks, score.task_offset.begin());
  for (std::size_t task = 0; task < kTasks; ++task) {
    std::copy_n(weights.begin() + static_cast<std::ptrdiff_t>(kTaskWeights + task * kFeatures),
                kFeatures, score.task_weight[task].begin());
  }
  score.offset = weights.back();
  return score;
}

}  // namespace hearth

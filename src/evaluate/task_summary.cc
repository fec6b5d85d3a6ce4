// SPDX-License-Identifier: Apache-2.0
#include "evaluate/task_summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "base/statistics.h"

namespace hearth {
namespace {

constexpr double kLevel = 0.95;

MetricValue perplexity_value(const TaskRun& run) {
  std::vector<double> losses;
  std::vector<double> tokens;
  double loss = 0.0;
  double count = 0.0;
  for (const TaskItem& item : run.items) {
    tokens.push_back(static_cast<double>(item.tokens));
    losses.push_back(item.values.front() * tokens.back());
    loss += losses.back();
    count += tokens.back();
  }
  const Interval logs = bootstrap_ratio_interval(losses, tokens, kLevel);
  return {Metric::kPerplexity, std::exp(loss / count), {std::exp(logs.low), std::exp(logs.high)}};
}

MetricValue mean_value(const TaskRun& run, Metric metric) {
  const std::vector<double> values = run.values(metric);
  RunningMoments moments;
  for (const double value : values) moments.add(value);
  return {metric, moments.mean(), bootstrap_interval(values, IntervalMethod::kBca, kLevel)};
}

std::vector<LabelValue> label_values(const Task& task, const TaskRun& run) {
  struct Counts {
    int64_t expected = 0;
    int64_t predicted = 0;
    int64_t both = 0;
  };
  std::map<std::string, Counts> counts;
  for (const TaskItem& item : run.items) {
    ++counts[item.expected].expected;
    ++counts[item.predicted].predicted;
    if (item.expected == item.predicted) ++counts[item.expected].both;
  }
  const auto share = [](int64_t part, int64_t whole) {
    return whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  };
  std::vector<LabelValue> values;
  for (const std::string& label : task.labels) {
    const Counts& count = counts[label];
    values.push_back({label, count.expected, share(count.both, count.predicted),
                      share(count.both, count.expected),
                      share(2 * count.both, count.predicted + count.expected)});
  }
  return values;
}

std::vector<Confusion> confusions_of(const TaskRun& run) {
  std::map<std::pair<std::string, std::string>, int64_t> counts;
  for (const TaskItem& item : run.items) {
    if (item.expected != item.predicted) ++counts[{item.expected, item.predicted}];
  }
  std::vector<Confusion> confusions;
  for (const auto& [pair, count] : counts) {
    confusions.push_back({pair.first, pair.second, count});
  }
  std::stable_sort(confusions.begin(), confusions.end(),
                   [](const Confusion& a, const Confusion& b) { return a.count > b.count; });
  return confusions;
}

Calibration calibration_of(const TaskRun& run) {
  std::vector<double> confidences;
  std::vector<double> hits;
  RunningMoments moments;
  for (const TaskItem& item : run.items) {
    confidences.push_back(item.confidence);
    hits.push_back(item.expected == item.predicted ? 1.0 : 0.0);
    moments.add(item.confidence);
  }
  Calibration result;
  result.ece = calibration_error(confidences, hits);
  result.mean_confidence = moments.mean();
  return result;
}

}  // namespace

TaskSummary summarise(const Task& task, const TaskRun& run) {
  TaskSummary summary{};
  for (const Metric metric : run.metrics) {
    summary.metrics.push_back(metric == Metric::kPerplexity ? perplexity_value(run)
                                                            : mean_value(run, metric));
    if (metric == task.metric) summary.main = summary.metrics.back();
  }
  if (task.kind == TaskKind::kChoice) {
    summary.labels = label_values(task, run);
    summary.confusions = confusions_of(run);
  }
  if (task.kind == TaskKind::kChoice || task.kind == TaskKind::kMultipleChoice) {
    summary.calibration = calibration_of(run);
  }
  for (const TaskItem& item : run.items) {
    summary.ms_mean += item.ms / static_cast<double>(run.items.size());
  }
  return summary;
}

bool passes(const Task& task, const TaskSummary& summary) {
  if (!task.floor) return true;
  return task.metric == Metric::kPerplexity ? summary.main.value <= *task.floor
                                            : summary.main.value >= *task.floor;
}

PairedResult compare_runs(const Task& task, const TaskRun& a, const TaskRun& b) {
  return compare_paired(a.values(task.metric), b.values(task.metric));
}

}  // namespace hearth

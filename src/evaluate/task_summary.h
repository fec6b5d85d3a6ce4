// SPDX-License-Identifier: Apache-2.0
// What the outcomes of a task's examples say together: values with intervals, labels, confusions,
// how far confidence can be trusted, and how two models compare.
//
// Threading: pure functions.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/resampling.h"
#include "base/result.h"
#include "evaluate/task_file.h"
#include "evaluate/task_run.h"

namespace hearth {

struct MetricValue {
  Metric metric;
  double value;
  Interval interval;  // 95 %: BCa bootstrap over examples; of perplexity the percentile bootstrap
};

// One label of a choice (van Rijsbergen 1979): 0 where a share has nothing to be a share of.
struct LabelValue {
  std::string label;
  int64_t examples = 0;
  double precision = 0.0;
  double recall = 0.0;
  double f1 = 0.0;
};

struct Confusion {
  std::string expected;
  std::string predicted;
  int64_t count;
};

struct Calibration {
  double mean_confidence = 0.0;
  double ece = 0.0;  // expected calibration error, ten bins of equal width (Guo et al. 2017)
};

struct TaskSummary {
  MetricValue main;                        // the task's metric
  std::vector<MetricValue> metrics;        // all that were measured
  std::vector<LabelValue> labels;          // choice: in the order of the task
  std::vector<Confusion> confusions;       // choice: the most frequent first, ties by name
  std::optional<Calibration> calibration;  // of kinds that choose
  double ms_mean = 0.0;                    // of an example
};

// `run` is not empty.
TaskSummary summarise(const Task& task, const TaskRun& run);

// Whether the value is as good as the task demands; true where it demands nothing.
bool passes(const Task& task, const TaskSummary& summary);

// `b` against `a` under the task's metric, example by example; of perplexity, the loss per token.
PairedResult compare_runs(const Task& task, const TaskRun& a, const TaskRun& b);

}  // namespace hearth

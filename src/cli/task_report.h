// SPDX-License-Identifier: Apache-2.0
// What `eval task` prints, and `test` for a task file: the same figures for people and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "evaluate/task_run.h"
#include "evaluate/task_summary.h"

namespace hearth {

struct TaskReport {
  const Task& task;
  std::string split;
  std::string model;
  const TaskRun& run;
  const TaskSummary& summary;
  std::string against;  // the other model; empty where there is none
  std::optional<TaskSummary> against_summary;
  std::optional<PairedResult> comparison;  // the model against the other one
};

std::string task_text(const TaskReport& report);
// The keys are in docs/guide/evaluate.md.
nlohmann::ordered_json task_json(const TaskReport& report);

// "0.873 (0.821 to 0.912)".
std::string value_text(const MetricValue& value);

}  // namespace hearth

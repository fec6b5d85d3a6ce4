// SPDX-License-Identifier: Apache-2.0
// Answers that were recorded, to be graded now or later: JSON Lines of one model's answers to the
// examples of a task file.
//
//   {"id": "facts-0001", "answer": "Paris", "value": 1.0, "features": {"mean_logprob": -0.4, ...}}
//
// `value` is the grade when it was recorded; `features` (route/confidence.h) only local answers
// need. Threading: pure functions but for reading files.
#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "evaluate/examples.h"
#include "evaluate/task_run.h"
#include "route/confidence.h"

namespace hearth {

struct RecordedAnswer {
  std::string answer;
  std::optional<double> value;  // as it was graded when it was recorded
  std::optional<ConfidenceFeatures> features;
  double cost_usd = 0.0;
  std::string place;  // "file:line"
};

// What answers and examples are joined by: the example's field "id", or the number of its line.
std::string example_id(const Example& example);

// The answers of a run under the task's own metric, one line each.
std::string answer_lines(const Task& task, std::span<const Example> examples, const TaskRun& run);

// By id; `cost` may stand in a line too. Errors: kCorrupt, with the line (a field is missing or of
// another kind, an id that another line has), and those of read_examples().
Result<std::map<std::string, RecordedAnswer>> read_answers(const std::string& path);

// What files of answers have in common. Errors, with the line: kCorrupt.
Error bad_field(const Example& example, std::string_view field, std::string_view why);
Result<double> number_in(const Example& example, const nlohmann::ordered_json& object,
                         std::string_view field, double min, double max);
// The object "features": the first kConfidenceFeaturesRequired must be there.
Result<ConfidenceFeatures> features_of(const Example& example);
// To four decimals.
nlohmann::ordered_json features_json(const ConfidenceFeatures& features);

}  // namespace hearth

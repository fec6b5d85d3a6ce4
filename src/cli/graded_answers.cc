// SPDX-License-Identifier: Apache-2.0
#include "cli/graded_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/answer_file.h"
#include "evaluate/examples.h"

namespace hearth {
namespace {

constexpr double kCostMax = 1e6;

Result<bool> read_grade(const Example& example, const std::string& field) {
  const auto found = example.fields.find(field);
  if (found == example.fields.end()) return bad_field(example, field, "is missing");
  if (found->is_boolean()) return found->get<bool>();
  if (found->is_number() && (*found == 0 || *found == 1)) return *found == 1;
  return bad_field(example, field, "is neither true nor false, nor 1 nor 0");
}

Result<GradedAnswer> read_answer(const Example& example) {
  GradedAnswer answer;
  HEARTH_ASSIGN(const std::string task, field_text(example, "task"));
  const auto known = std::find(kRequestTaskNames.begin(), kRequestTaskNames.end(), task);
  if (known == kRequestTaskNames.end()) {
    std::string names;
    for (const auto name : kRequestTaskNames) names += concat(names.empty() ? "" : ", ", name);
    return bad_field(example, "task",
                     concat("is \"", printable(task), "\", which is none of ", names));
  }
  answer.task = static_cast<RequestTask>(known - kRequestTaskNames.begin());
  answer.domain = task;
  if (example.fields.contains("domain")) {
    HEARTH_ASSIGN(answer.domain, field_text(example, "domain"));
  }
  HEARTH_ASSIGN(answer.features, features_of(example));
  HEARTH_ASSIGN(answer.local_is_right, read_grade(example, "correct_local"));
  HEARTH_ASSIGN(answer.remote_is_right, read_grade(example, "correct_remote"));
  if (example.fields.contains("cost")) {
    HEARTH_ASSIGN(answer.cost_usd, number_in(example, example.fields, "cost", 0.0, kCostMax));
  }
  return answer;
}

}  // namespace

Result<std::vector<GradedAnswer>> read_graded_answers(const std::string& path) {
  HEARTH_ASSIGN(const std::vector<Example> examples, read_examples(path));
  std::vector<GradedAnswer> answers;
  answers.reserve(examples.size());
  for (const Example& example : examples) {
    HEARTH_ASSIGN(GradedAnswer answer, read_answer(example));
    answers.push_back(std::move(answer));
  }
  return answers;
}

}  // namespace hearth

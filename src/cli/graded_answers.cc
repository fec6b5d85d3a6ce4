// SPDX-License-Identifier: Apache-2.0
#include "cli/graded_answers.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "evaluate/examples.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFeatureMax = 1e6;
constexpr double kCostMax = 1e6;

Error bad_field(const Example& example, std::string_view field, std::string_view why) {
  return Error(ErrorCode::kCorrupt,
               concat(example.place, ": field \"", field, "\" ", why, "; correct the line"));
}

Result<bool> read_grade(const Example& example, const std::string& field) {
  const auto found = example.fields.find(field);
  if (found == example.fields.end()) return bad_field(example, field, "is missing");
  if (found->is_boolean()) return found->get<bool>();
  if (found->is_number() && (*found == 0 || *found == 1)) return *found == 1;
  return bad_field(example, field, "is neither true nor false, nor 1 nor 0");
}

Result<double> read_number(const Example& example, const Json& object, std::string_view field,
                           double min, double max) {
  const auto found = object.find(std::string(field));
  if (found == object.end()) return bad_field(example, field, "is missing");
  const double number = found->is_number() ? found->get<double>() : min - 1.0;
  if (number >= min && number <= max) return number;
  return bad_field(example, field, concat("is no number from ", min, " to ", max));
}

Result<ConfidenceFeatures> read_features(const Example& example) {
  const auto found = example.fields.find("features");
  if (found == example.fields.end() || !found->is_object()) {
    return bad_field(example, "features", "is no object");
  }
  ConfidenceFeatures features;
  for (std::size_t i = 0; i < kConfidenceFeatureNames.size(); ++i) {
    const std::string_view name = kConfidenceFeatureNames[i];
    const bool may_lack = kConfidenceFields[i] == &ConfidenceFeatures::schema_failures;
    if (may_lack && !found->contains(std::string(name))) continue;
    HEARTH_ASSIGN(features.*kConfidenceFields[i],
                  read_number(example, *found, name, -kFeatureMax, kFeatureMax));
  }
  return features;
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
  HEARTH_ASSIGN(answer.features, read_features(example));
  HEARTH_ASSIGN(answer.local_is_right, read_grade(example, "correct_local"));
  HEARTH_ASSIGN(answer.remote_is_right, read_grade(example, "correct_remote"));
  if (example.fields.contains("cost")) {
    HEARTH_ASSIGN(answer.cost_usd, read_number(example, example.fields, "cost", 0.0, kCostMax));
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

// SPDX-License-Identifier: Apache-2.0
#include "cli/answer_file.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/strings.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kFeatureMax = 1e6;
constexpr double kCostMax = 1e6;

// Four decimals say all that a feature has to say, in a third of the bytes.
double rounded(double value) { return std::round(value * 1e4) / 1e4; }

Result<RecordedAnswer> read_answer(const Example& example) {
  RecordedAnswer recorded;
  recorded.place = example.place;
  HEARTH_ASSIGN(recorded.answer, field_text(example, "answer"));
  if (example.fields.contains("value")) {
    HEARTH_ASSIGN(recorded.value, number_in(example, example.fields, "value", 0.0, 1.0));
  }
  if (example.fields.contains("cost")) {
    HEARTH_ASSIGN(recorded.cost_usd, number_in(example, example.fields, "cost", 0.0, kCostMax));
  }
  if (example.fields.contains("features")) {
    HEARTH_ASSIGN(recorded.features, features_of(example));
  }
  return recorded;
}

}  // namespace

Error bad_field(const Example& example, std::string_view field, std::string_view why) {
  return Error(ErrorCode::kCorrupt,
               concat(example.place, ": field \"", field, "\" ", why, "; correct the line"));
}

Result<double> number_in(const Example& example, const Json& object, std::string_view field,
                         double min, double max) {
  const auto found = object.find(std::string(field));
  if (found == object.end()) return bad_field(example, field, "is missing");
  const double number = found->is_number() ? found->get<double>() : min - 1.0;
  if (number >= min && number <= max) return number;
  return bad_field(example, field, concat("is no number from ", min, " to ", max));
}

Result<ConfidenceFeatures> features_of(const Example& example) {
  const auto found = example.fields.find("features");
  if (found == example.fields.end() || !found->is_object()) {
    return bad_field(example, "features", "is no object");
  }
  ConfidenceFeatures features;
  for (std::size_t i = 0; i < kConfidenceFeatureNames.size(); ++i) {
    const std::string_view name = kConfidenceFeatureNames[i];
    if (i >= kConfidenceFeaturesRequired && !found->contains(std::string(name))) continue;
    HEARTH_ASSIGN(features.*kConfidenceFields[i],
                  number_in(example, *found, name, -kFeatureMax, kFeatureMax));
  }
  return features;
}

Json features_json(const ConfidenceFeatures& features) {
  Json object = Json::object();
  for (std::size_t i = 0; i < kConfidenceFeatureNames.size(); ++i) {
    object[std::string(kConfidenceFeatureNames[i])] = rounded(features.*kConfidenceFields[i]);
  }
  return object;
}

std::string example_id(const Example& example) {
  const auto found = example.fields.find("id");
  if (found != example.fields.end() && found->is_string()) return found->get<std::string>();
  if (found != example.fields.end() && found->is_number_integer()) return found->dump();
  return example.place.substr(example.place.rfind(':') + 1);
}

std::string answer_lines(const Task& task, std::span<const Example> examples, const TaskRun& run) {
  const std::vector<double> values = run.values(task.metric);
  std::string lines;
  for (std::size_t i = 0; i < run.items.size(); ++i) {
    const TaskItem& item = run.items[i];
    const ConfidenceFeatures features = confidence_features({.question = item.question,
                                                             .answer = item.predicted,
                                                             .logprobs = item.logprobs,
                                                             .margins = item.margins});
    const Json line = {{"id", example_id(examples[i])},
                       {"answer", item.predicted},
                       {"value", rounded(values[i])},
                       {"features", features_json(features)}};
    lines += line.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
  }
  return lines;
}

Result<std::map<std::string, RecordedAnswer>> read_answers(const std::string& path) {
  HEARTH_ASSIGN(const std::vector<Example> examples, read_examples(path));
  std::map<std::string, RecordedAnswer> answers;
  for (const Example& example : examples) {
    HEARTH_ASSIGN(RecordedAnswer answer, read_answer(example));
    const auto [known, is_new] = answers.emplace(example_id(example), std::move(answer));
    if (is_new) continue;
    return bad_field(
        example, "id",
        concat("is \"", printable(known->first), "\", which line ",
               known->second.place.substr(known->second.place.rfind(':') + 1), " has too"));
  }
  return answers;
}

}  // namespace hearth

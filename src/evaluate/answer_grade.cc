// SPDX-License-Identifier: Apache-2.0
#include "evaluate/answer_grade.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "base/strings.h"
#include "evaluate/answer_match.h"
#include "evaluate/choice_question.h"
#include "evaluate/edit_distance.h"
#include "evaluate/pattern.h"
#include "evaluate/rouge.h"

namespace hearth {
namespace {

Error at_place(const Example& example, std::string_view why) {
  return Error(ErrorCode::kCorrupt, concat(example.place, ": ", why));
}

// The texts of a field that is a list of them, which is not empty.
Result<std::vector<std::string>> texts_of(const Example& example, const std::string& field) {
  std::vector<std::string> texts;
  const auto& list = example.fields.at(field);
  for (const auto& text : list) {
    if (text.is_string()) texts.push_back(text.get<std::string>());
  }
  if (list.is_array() && texts.size() == list.size()) return texts;
  return at_place(example, concat("field \"", printable(field),
                                  "\" is no list of texts; write [\"one\", \"two\"]"));
}

// Whether the answer mentions what the example says must not be in it.
Result<bool> mentions_others(const Example& example, std::string_view answer) {
  constexpr const char* kField = "not";
  if (!example.fields.contains(kField)) return false;
  HEARTH_ASSIGN(const std::vector<std::string> others, texts_of(example, kField));
  return std::any_of(others.begin(), others.end(),
                     [&](const std::string& other) { return mentions(answer, other); });
}

Result<double> same_number(const Example& example, std::string_view answer,
                           const std::string& reference) {
  const std::optional<double> wanted = last_number(reference);
  if (!wanted) {
    return at_place(example,
                    concat("right answer \"", printable(reference), "\" has no number; write one"));
  }
  const std::optional<double> said = last_number(answer);
  const double tolerance = 1e-9 * std::max(1.0, std::abs(*wanted));
  return said && std::abs(*said - *wanted) <= tolerance ? 1.0 : 0.0;
}

Result<double> value_of(Metric metric, const Example& example, std::string_view answer,
                        const std::string& reference) {
  switch (metric) {
    case Metric::kExactMatch:
      return exact_match(answer, reference) ? 1.0 : 0.0;
    case Metric::kF1:
      return word_f1(answer, reference);
    case Metric::kRouge1:
      return rouge_n(answer, reference, 1).f;
    case Metric::kRouge2:
      return rouge_n(answer, reference, 2).f;
    case Metric::kRougeL:
      return rouge_l(answer, reference).f;
    case Metric::kEditSimilarity:
      return edit_similarity(answer, reference);
    case Metric::kContains:
      return answer.find(reference) != answer.npos ? 1.0 : 0.0;
    case Metric::kMentions:
      return mentions(answer, reference) ? 1.0 : 0.0;
    case Metric::kNumber:
      return same_number(example, answer, reference);
    case Metric::kRegex: {
      auto pattern = Pattern::compile(reference);
      if (!pattern.ok()) return std::move(pattern).error().with_context(example.place);
      return pattern->is_in(answer) ? 1.0 : 0.0;
    }
    default:
      return 0.0;
  }
}

}  // namespace

Result<std::vector<std::string>> right_answers(const Task& task, const Example& example) {
  const auto found = example.fields.find(task.answer_field);
  if (found == example.fields.end() && task.metric == Metric::kSchema) {
    return std::vector<std::string>();
  }
  if (found == example.fields.end() || !found->is_array()) {
    HEARTH_ASSIGN(std::string text, field_text(example, task.answer_field));
    return std::vector<std::string>{std::move(text)};
  }
  HEARTH_ASSIGN(std::vector<std::string> texts, texts_of(example, task.answer_field));
  if (!texts.empty()) return texts;
  return at_place(example, concat("field \"", printable(task.answer_field),
                                  "\" is no list of texts; write [\"one\", \"two\"]"));
}

Result<double> answer_value(const Task& task, Metric metric, const Example& example,
                            std::string_view answer, const std::vector<std::string>& references) {
  if (metric == Metric::kSchema) return task.schema->mismatch_of_text(answer) ? 0.0 : 1.0;
  double best = 0.0;
  for (const std::string& reference : references) {
    HEARTH_ASSIGN(const double value, value_of(metric, example, answer, reference));
    best = std::max(best, value);
  }
  if (metric != Metric::kMentions || best == 0.0) return best;
  HEARTH_ASSIGN(const bool is_undecided, mentions_others(example, answer));
  return is_undecided ? 0.0 : best;
}

Result<double> grade_answer(const Task& task, const Example& example, std::string_view answer) {
  if (task.kind == TaskKind::kPerplexity) {
    return Error(ErrorCode::kUsage, concat(task.file,
                                           ": a task of kind perplexity has no answers "
                                           "to grade; give one of another kind"));
  }
  if (task.kind == TaskKind::kGenerate) {
    HEARTH_ASSIGN(const auto references, right_answers(task, example));
    return answer_value(task, task.metric, example, answer, references);
  }
  HEARTH_ASSIGN(const ChoiceQuestion question, make_choice_question(task, example));
  return answer == question.names[question.right] ? 1.0 : 0.0;
}

Result<std::string> question_of(const Task& task, const Example& example) {
  if (task.kind == TaskKind::kGenerate) return task.prompt->render(example);
  HEARTH_ASSIGN(ChoiceQuestion question, make_choice_question(task, example));
  return std::move(question.prompt);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "evaluate/choice_question.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kOptionsMax = 26;

Error at_place(const Example& example, ErrorCode code, std::string_view why) {
  return Error(code, concat(example.place, ": ", why));
}

std::string letter(std::size_t index) { return std::string(1, static_cast<char>('A' + index)); }

Result<ChoiceQuestion> make_choice(const Task& task, const Example& example) {
  ChoiceQuestion question;
  HEARTH_ASSIGN(question.prompt, task.prompt->render(example));
  question.candidates = question.names = task.labels;
  HEARTH_ASSIGN(const std::string label, field_text(example, task.answer_field));
  const auto found = std::find(task.labels.begin(), task.labels.end(), label);
  if (found == task.labels.end()) {
    return at_place(example, ErrorCode::kUsage,
                    concat("label \"", printable(label),
                           "\" is none of the task's; correct it or "
                           "add it to `labels`"));
  }
  question.right = static_cast<std::size_t>(found - task.labels.begin());
  return question;
}

// The index that "answer" names: a number from 0, or a letter from A.
Result<std::size_t> read_answer(const Task& task, const Example& example, std::size_t options) {
  const auto found = example.fields.find(task.answer_field);
  if (found != example.fields.end() && found->is_number_integer()) {
    const auto index = found->get<int64_t>();
    if (index >= 0 && index < static_cast<int64_t>(options)) return static_cast<std::size_t>(index);
  } else if (found != example.fields.end() && found->is_string()) {
    const auto text = found->get<std::string>();
    if (text.size() == 1 && text[0] >= 'A' && static_cast<std::size_t>(text[0] - 'A') < options) {
      return static_cast<std::size_t>(text[0] - 'A');
    }
  }
  return at_place(example, ErrorCode::kCorrupt,
                  concat("field \"", printable(task.answer_field),
                         "\" is neither a number from 0 "
                         "to ",
                         options - 1, " nor a letter from A to ", letter(options - 1),
                         "; name the right option"));
}

Result<ChoiceQuestion> make_multiple_choice(const Task& task, const Example& example) {
  const auto found = example.fields.find(task.options_field);
  const bool is_list = found != example.fields.end() && found->is_array() && found->size() >= 2 &&
                       found->size() <= kOptionsMax &&
                       std::all_of(found->begin(), found->end(),
                                   [](const auto& option) { return option.is_string(); });
  if (!is_list) {
    return at_place(example, ErrorCode::kCorrupt,
                    concat("field \"", printable(task.options_field), "\" is no list of 2 to ",
                           kOptionsMax, " texts; write one"));
  }
  ChoiceQuestion question;
  std::string shown;
  for (std::size_t i = 0; i < found->size(); ++i) {
    const auto option = (*found)[i].get<std::string>();
    question.names.push_back(letter(i));
    question.candidates.push_back(task.options == OptionStyle::kLetter ? letter(i) : option);
    shown += concat(i == 0 ? "" : "\n", letter(i), ". ", option);
  }
  HEARTH_ASSIGN(question.prompt,
                task.prompt->render(example, PromptTemplate::Extra{"options", std::move(shown)}));
  HEARTH_ASSIGN(question.right, read_answer(task, example, question.names.size()));
  return question;
}

}  // namespace

Result<ChoiceQuestion> make_choice_question(const Task& task, const Example& example) {
  return task.kind == TaskKind::kChoice ? make_choice(task, example)
                                        : make_multiple_choice(task, example);
}

}  // namespace hearth

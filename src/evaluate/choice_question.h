// SPDX-License-Identifier: Apache-2.0
// An example of a task that chooses: what is asked, among which candidates, and which is right.
//
// Threading: pure functions.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "evaluate/examples.h"
#include "evaluate/task_file.h"

namespace hearth {

struct ChoiceQuestion {
  std::string prompt;
  std::vector<std::string> candidates;  // texts to score
  std::vector<std::string> names;       // what results call them: a label, a letter
  std::size_t right = 0;
};

// Of a task of kind choice or multiple-choice. Errors, with the example's place: kCorrupt (a field
// is absent or of another kind), kUsage (a label that the task does not have).
Result<ChoiceQuestion> make_choice_question(const Task& task, const Example& example);

}  // namespace hearth

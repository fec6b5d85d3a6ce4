// SPDX-License-Identifier: Apache-2.0
// What an answer is worth: of one that a model just wrote, and of one that was recorded.
//
// Threading: pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/examples.h"
#include "evaluate/task_file.h"

namespace hearth {

// The right answers of a task of kind generate: the example's text or list of texts, of which the
// best counts. A schema needs none. Errors: kCorrupt, with the example's place (absent, of another
// kind).
Result<std::vector<std::string>> right_answers(const Task& task, const Example& example);

// How well an answer fits the best of `references`, 0..1, under a metric of the kind generate.
// Errors: kCorrupt with the example's place (a right answer without a number, "not" is no list of
// texts), and those of Pattern::compile().
Result<double> answer_value(const Task& task, Metric metric, const Example& example,
                            std::string_view answer, const std::vector<std::string>& references);

// A recorded answer under the task's metric, 0..1; of a choice, whether it names the right
// candidate. Errors: those above, those of make_choice_question(), kUsage (perplexity has no
// answers).
Result<double> grade_answer(const Task& task, const Example& example, std::string_view answer);

// What the model was asked, without the system text and the chat's template. Errors: those of
// make_choice_question() and PromptTemplate::render().
Result<std::string> question_of(const Task& task, const Example& example);

}  // namespace hearth

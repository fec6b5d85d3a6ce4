// SPDX-License-Identifier: Apache-2.0
// A task given to a model, example by example.
//
// Threading: as the engine.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "engine/engine.h"
#include "evaluate/evaluate.h"
#include "evaluate/task_file.h"

namespace hearth {

// What came of one example.
struct TaskItem {
  std::string place;           // "file:line"
  std::string expected;        // a label, a letter, the first of the right answers
  std::string predicted;       // a label, a letter, what the model wrote
  std::vector<double> values;  // by TaskRun::metrics, 0..1; of perplexity: loss per token, nats
  double confidence = 0.0;     // choices: the predicted candidate's share of probability, under the
                               // task's metric
  int64_t tokens = 0;          // perplexity: scored
  double ms = 0.0;
  std::string question = {};  // what was asked, without system text and chat template
  // Of the answer's tokens, or of those of the predicted candidate: natural log-probabilities, and
  // by how much the best was likelier than the second; of a choice one lead among the candidates.
  std::vector<float> logprobs = {};
  std::vector<float> margins = {};
};

struct TaskRun {
  std::vector<Metric> metrics;  // what was measured; the task's own among them
  std::vector<TaskItem> items;

  // Of one metric, in the order of the items. The metric was measured.
  std::vector<double> values(Metric metric) const;
};

// Runs all examples in a session of its own. Errors: kUsage, kCorrupt with the example's place (a
// field is absent or of another kind, a label that the task does not have, a prompt beyond the
// context), kUnsupported (no chat template), kCancelled, kUnavailable (memory).
// `cancelled`, where given, also ends an answer that is being generated.
Result<TaskRun> run_task(Engine& engine, const Task& task, std::span<const Example> examples,
                         Progress progress, const std::atomic<bool>* cancelled = nullptr);

// A prompt as tokens: `text` as it is, or as a user's message behind `system`. Errors: those of
// Engine::encode_chat().
Result<std::vector<TokenId>> encode_prompt(const Engine& engine, PromptFormat format,
                                           const std::string& system, const std::string& text);

// The text without white space at both ends.
std::string_view trimmed(std::string_view text);

}  // namespace hearth

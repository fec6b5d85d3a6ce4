// SPDX-License-Identifier: Apache-2.0
// A task: what a model shall do, with examples, a metric and the least that is good enough. One
// TOML format serves evaluation, output tests, tuning, distillation, advice and the gate of
// updates; docs/guide/evaluate.md describes it, docs/decisions/0019-task-files.md says why it is
// so.
//
// Threading: values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/examples.h"
#include "evaluate/json_schema.h"

namespace hearth {

enum class TaskKind { kChoice, kMultipleChoice, kGenerate, kPerplexity };
std::string_view task_kind_name(TaskKind kind);  // as in the file: "multiple-choice"

// What is measured. For each metric but perplexity more is better, and 1 is the best.
enum class Metric {
  kAccuracy,            // choice, multiple-choice: the likeliest candidate is the right one
  kAccuracyTokens,      // ... with log-probabilities divided by the candidate's tokens
  kAccuracyCharacters,  // ... by its code points (lm-evaluation-harness: acc_norm)
  kExactMatch,
  kF1,
  kRouge1,
  kRouge2,
  kRougeL,
  kEditSimilarity,
  kContains,
  kMentions,  // the answer has the words of a right one, and none of those under "not"
  kNumber,    // the last number in it is the right one
  kRegex,
  kSchema,      // the answer is JSON that fits `schema`
  kPerplexity,  // over all tokens of all texts; less is better
};
std::string_view metric_name(Metric metric);

// Whether a prompt is continued as it is, or is a user's message in the model's chat template.
enum class PromptFormat { kRaw, kChat };

// How an option of a multiple choice is scored: its letter behind all options, or its text.
enum class OptionStyle { kLetter, kContinuation };

struct Task {
  std::string name;
  TaskKind kind = TaskKind::kChoice;
  std::filesystem::path folder;  // of the file: other paths in it are relative to this
  std::string file;              // as errors call it

  std::optional<PromptTemplate> prompt;  // of all kinds but perplexity
  std::string system;
  PromptFormat format = PromptFormat::kRaw;
  std::string separator = " ";  // between a raw prompt and a candidate

  std::vector<std::string> labels;  // choice
  OptionStyle options = OptionStyle::kLetter;
  std::optional<JsonSchema> schema;  // generate
  std::string text_field = "text";   // perplexity
  std::string answer_field;          // "label", "answer"
  std::string options_field = "options";

  int32_t tokens_max = 64;  // generate
  double temperature = 0.0;
  uint64_t seed = 0;
  std::vector<std::string> stop;

  Metric metric = Metric::kAccuracy;
  std::optional<double> floor;  // for perplexity the most, for all others the least

  std::map<std::string, std::filesystem::path> files;  // of "train", "validation", "test"
};

// Errors: kCorrupt (not TOML), kUsage (an unknown key or value, one that does not belong to the
// kind, a label that is empty or given twice: with file and line), kUnsupported (schema keywords).
Result<Task> parse_task(std::string_view text, const std::filesystem::path& path);
// Errors: also those of read_file().
Result<Task> read_task(const std::filesystem::path& path);

// The examples of a split: "test", "validation" or "train". Errors: kUsage (another name, the task
// has no such file), and those of read_examples().
Result<std::vector<Example>> read_split(const Task& task, const std::string& split);

// Whether a TOML text is a task rather than output tests: it says `kind`.
bool is_task_text(std::string_view text);

}  // namespace hearth

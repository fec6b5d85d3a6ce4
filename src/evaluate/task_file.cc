// SPDX-License-Identifier: Apache-2.0
#include "evaluate/task_file.h"

#include <algorithm>
#include <array>
#include <limits>
#include <set>
#include <span>

#include "base/files.h"
#include "base/strings.h"
#include "base/utf8.h"
#include "evaluate/toml_schema.h"
#include "toml/toml_reader.h"

namespace hearth {
namespace {

constexpr std::size_t kTaskBytesMax = 1 << 20;
constexpr std::size_t kLabelsMax = 10000;

constexpr std::array<std::string_view, 4> kKinds = {"choice", "multiple-choice", "generate",
                                                    "perplexity"};
constexpr std::array<std::string_view, 15> kMetrics = {
    "accuracy", "accuracy_tokens", "accuracy_characters", "exact_match", "f1",       "rouge1",
    "rouge2",   "rougeL",          "edit_similarity",     "contains",    "mentions", "number",
    "regex",    "schema",          "perplexity"};
constexpr std::array<std::string_view, 2> kFormats = {"raw", "chat"};
constexpr std::array<std::string_view, 2> kOptionStyles = {"letter", "continuation"};
constexpr std::array<std::string_view, 3> kSplits = {"train", "validation", "test"};

// The metrics that a kind has; the first is its default.
std::span<const Metric> metrics_of(TaskKind kind) {
  static constexpr std::array<Metric, 3> kScored = {Metric::kAccuracy, Metric::kAccuracyTokens,
                                                    Metric::kAccuracyCharacters};
  static constexpr std::array<Metric, 11> kGenerated = {
      Metric::kExactMatch, Metric::kF1,       Metric::kRouge1,
      Metric::kRouge2,     Metric::kRougeL,   Metric::kEditSimilarity,
      Metric::kContains,   Metric::kMentions, Metric::kNumber,
      Metric::kRegex,      Metric::kSchema};
  static constexpr std::array<Metric, 1> kPerplexities = {Metric::kPerplexity};
  if (kind == TaskKind::kGenerate) return kGenerated;
  if (kind == TaskKind::kPerplexity) return kPerplexities;
  return kScored;
}

void read_metric(TomlReader& reader, Task& task) {
  const auto known = metrics_of(task.kind);
  task.metric = known.front();
  std::vector<std::string_view> names;
  for (const Metric metric : known) names.push_back(metric_name(metric));
  if (const auto choice = reader.choice_if("metric", names)) task.metric = known[*choice];
  if (task.kind == TaskKind::kPerplexity) {
    task.floor = reader.number_if("ceiling", 1.0, std::numeric_limits<double>::max());
  } else {
    task.floor = reader.number_if("floor", 0.0, 1.0);
  }
  if (task.metric == Metric::kSchema && !task.schema) {
    reader.fail("metric", "needs a schema; add schema = \"FILE\" or a [schema] table");
  }
}

void read_prompt(TomlReader& reader, Task& task) {
  const std::string text = reader.text("prompt");
  auto prompt = PromptTemplate::parse(text);
  if (!prompt.ok()) {
    reader.fail("prompt", prompt.error().message());
  } else {
    task.prompt = std::move(prompt).value();
  }
  if (const auto format = reader.choice_if("format", kFormats)) {
    task.format = *format == 0 ? PromptFormat::kRaw : PromptFormat::kChat;
  }
  task.system = reader.text_if("system").value_or("");
  if (!task.system.empty() && task.format == PromptFormat::kRaw) {
    reader.fail("system", "has no place in a raw prompt; set format = \"chat\"");
  }
}

void read_labels(TomlReader& reader, Task& task) {
  task.labels = reader.texts("labels");
  if (task.labels.size() == 1 || task.labels.size() > kLabelsMax) {
    reader.fail("labels", concat("there are ", task.labels.size(), ", outside 2 to ", kLabelsMax,
                                 "; give another number of them"));
  }
  std::set<std::string_view> seen;
  for (const std::string& label : task.labels) {
    if (label.find_first_not_of(" \t\r\n") == label.npos) {
      reader.fail("labels", "one is empty; give it a text");
    }
    if (!seen.insert(label).second) {
      reader.fail("labels", concat("\"", printable(label), "\" is there twice; leave one out"));
    }
  }
}

// The separator of scored candidates: in a chat the answer begins with the candidate itself.
void read_separator(TomlReader& reader, Task& task) {
  const auto separator = reader.text_if("separator");
  if (separator && task.format == PromptFormat::kChat) {
    reader.fail("separator", "has no place in a chat, where an answer begins anew; leave it out");
  }
  if (separator) task.separator = *separator;
}

Result<void> read_generation(TomlReader& reader, Task& task) {
  HEARTH_ASSIGN(task.schema, read_schema(reader, "schema", task.folder));
  task.tokens_max = static_cast<int32_t>(reader.integer_if("tokens", 1, 1 << 20).value_or(64));
  task.temperature = reader.number_if("temperature", 0.0, 100.0).value_or(0.0);
  task.seed = static_cast<uint64_t>(
      reader.integer_if("seed", 0, std::numeric_limits<int64_t>::max()).value_or(0));
  task.stop = reader.texts_if("stop");
  return {};
}

Result<void> read_kind(TomlReader& reader, Task& task) {
  if (task.kind == TaskKind::kPerplexity) {
    task.text_field = reader.text_if("text_field").value_or("text");
    return {};
  }
  read_prompt(reader, task);
  const bool is_choice = task.kind == TaskKind::kChoice;
  task.answer_field = reader.text_if("answer_field").value_or(is_choice ? "label" : "answer");
  if (is_choice) read_labels(reader, task);
  if (task.kind == TaskKind::kMultipleChoice) {
    task.options_field = reader.text_if("options_field").value_or("options");
    if (const auto style = reader.choice_if("style", kOptionStyles)) {
      task.options = *style == 0 ? OptionStyle::kLetter : OptionStyle::kContinuation;
    }
    const bool shown = task.prompt && task.prompt->uses("options");
    if (shown != (task.options == OptionStyle::kLetter)) {
      reader.fail("prompt", shown ? "shows {options}, which style = \"continuation\" must not; "
                                    "leave them out"
                                  : "does not show the letters; add {options}");
    }
  }
  if (task.kind == TaskKind::kGenerate) return read_generation(reader, task);
  read_separator(reader, task);
  return {};
}

}  // namespace

std::string_view task_kind_name(TaskKind kind) { return kKinds[static_cast<std::size_t>(kind)]; }
std::string_view metric_name(Metric metric) { return kMetrics[static_cast<std::size_t>(metric)]; }

bool is_task_text(std::string_view text) {
  auto reader = TomlReader::parse(text, "");
  return reader.ok() && reader->has("kind");
}

Result<Task> parse_task(std::string_view text, const std::filesystem::path& path) {
  const std::string name = printable(path.string(), 300);
  if (const auto at = find_invalid_utf8(text)) {
    return Error(ErrorCode::kCorrupt,
                 concat(name, ": byte ", *at, " is not UTF-8; convert the file"));
  }
  HEARTH_ASSIGN(TomlReader reader, TomlReader::parse(text, name));
  Task task;
  task.file = name;
  task.folder = path.parent_path();
  task.name = reader.text("name");
  if (!reader.has("kind")) reader.fail("kind", concat("is missing; add it"));
  const auto kind = reader.choice_if("kind", kKinds);
  if (!kind) {
    HEARTH_TRY(reader.finish());
    return Error(ErrorCode::kUsage, concat(name, ": has no kind; add one"));
  }
  task.kind = static_cast<TaskKind>(*kind);
  HEARTH_TRY(read_kind(reader, task));
  read_metric(reader, task);
  for (const std::string_view split : kSplits) {
    const auto file = reader.text_if(split);
    if (file && file->empty()) reader.fail(split, "is empty; name a file");
    if (file) task.files[std::string(split)] = task.folder / *file;
  }
  HEARTH_TRY(reader.finish());
  return task;
}

Result<Task> read_task(const std::filesystem::path& path) {
  HEARTH_ASSIGN(const std::string text, read_file(path, kTaskBytesMax));
  return parse_task(text, path);
}

Result<std::vector<Example>> read_split(const Task& task, const std::string& split) {
  if (std::find(kSplits.begin(), kSplits.end(), split) == kSplits.end()) {
    return Error(ErrorCode::kUsage, concat("split \"", printable(split),
                                           "\" is not known; choose train, validation or test"));
  }
  const auto file = task.files.find(split);
  if (file == task.files.end()) {
    return Error(ErrorCode::kUsage, concat(task.file, ": names no ", split, " examples; add ",
                                           split, " = \"FILE.jsonl\""));
  }
  return read_examples(file->second);
}

}  // namespace hearth

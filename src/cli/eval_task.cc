// SPDX-License-Identifier: Apache-2.0
// hearth eval task: how well a model does a task, and whether it is good enough.
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/status_codes.h"
#include "base/strings.h"
#include "cli/answer_file.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"
#include "cli/task_report.h"
#include "evaluate/task_run.h"
#include "evaluate/task_summary.h"

namespace hearth {
namespace {

class EvalTaskCommand : public Command {
 public:
  std::string name() const override { return "eval task"; }
  std::string summary() const override { return "How well a model does the task of a task file"; }

  void declare(Options& options) override {
    options.text({"FILE", "FILE", "The task (TOML)"}, file_, Presence::kRequired);
    flags_.declare_model(options);
    options.text({"--vs", "MODEL", "Another model, compared example by example"}, against_);
    options.text({"--answers", "FILE", "Record each answer there, for hearth route grade"},
                 answers_);
    options.text({"--split", "NAME", "train, validation or test (default test)"}, split_);
    flags_.declare_engine(options);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  ModelFlags flags_;
  std::string file_;
  std::string against_;
  std::string answers_;
  std::string split_ = "test";
};

Result<TaskRun> measure(const CommandContext& context, const LoadedModel& model, const Task& task,
                        std::span<const Example> examples) {
  ProgressLine progress(context.environment, concat(task.name, ", ", model.name));
  return run_task(
      *model.engine, task, examples,
      [&](double share) {
        progress.show(share);
        return !InterruptScope::interrupted();
      },
      &InterruptScope::flag());
}

Result<int> EvalTaskCommand::run(const CommandContext& context) {
  HEARTH_ASSIGN(auto writable, folder_to_write(answers_));
  HEARTH_TRY(lock_in({.writable = std::move(writable)}));
  HEARTH_ASSIGN(const Task task, read_task(file_));
  if (!answers_.empty() && task.kind == TaskKind::kPerplexity) {
    return Error(ErrorCode::kUsage,
                 "--answers: a task of kind perplexity has no answers; leave it out");
  }
  HEARTH_ASSIGN(const std::vector<Example> examples, read_split(task, split_));
  const InterruptScope interrupt;
  HEARTH_ASSIGN(LoadedModel model, load_model(context.environment, flags_));
  HEARTH_ASSIGN(const TaskRun run, measure(context, model, task, examples));
  if (!answers_.empty()) {
    HEARTH_TRY(write_file(answers_, answer_lines(task, examples, run)));
  }
  const TaskSummary summary = summarise(task, run);
  TaskReport report{task, split_, model.name, run, summary, {}, {}, {}};
  if (!against_.empty()) {
    model.engine.reset();  // one model in memory at a time
    ModelFlags other_flags = flags_;
    other_flags.model = against_;
    HEARTH_ASSIGN(const LoadedModel other, load_model(context.environment, other_flags));
    HEARTH_ASSIGN(const TaskRun other_run, measure(context, other, task, examples));
    report.against = other.name;
    report.against_summary = summarise(task, other_run);
    report.comparison = compare_runs(task, other_run, run);
  }
  if (context.json) {
    context.out.write_json(task_json(report));
  } else {
    context.out.write(terminal_text(task_text(report)));
  }
  return passes(task, summary) ? 0 : exit_status(ErrorCode::kVerification);
}

}  // namespace

std::unique_ptr<Command> make_eval_task_command() { return std::make_unique<EvalTaskCommand>(); }

}  // namespace hearth

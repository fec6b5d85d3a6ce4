// SPDX-License-Identifier: Apache-2.0
// hearth test: output tests, and tasks with a floor, for a shell or a build server.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/files.h"
#include "base/status_codes.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"
#include "cli/task_report.h"
#include "evaluate/output_test_run.h"
#include "evaluate/task_run.h"
#include "evaluate/task_summary.h"
#include "evaluate/test_report.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr std::size_t kTestBytesMax = 1 << 20;
constexpr std::size_t kBaselineBytesMax = 64 << 20;

class TestCommand : public Command {
 public:
  std::string name() const override { return "test"; }
  std::string summary() const override { return "Run output tests, or a task with a floor"; }

  void declare(Options& options) override {
    options.text({"FILE", "FILE", "The tests, or a task (TOML)"}, file_, Presence::kRequired);
    flags_.declare_model(options);
    options.text({"--filter", "TEXT", "Only tests whose names contain TEXT"}, filter_);
    options.flag({"--update", "", "Record the answers of tests with a baseline"}, update_);
    options.text({"--junit", "FILE", "Also write the outcomes as JUnit XML"}, junit_);
    options.flag({"--tap", "", "Print the outcomes as TAP"}, tap_);
    flags_.declare_engine(options);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  fs::path baseline_path() const { return file_ + ".baseline.json"; }
  Result<std::vector<fs::path>> writable_folders() const;
  Result<std::vector<TestOutcome>> run_output_tests(const CommandContext& context,
                                                    const std::string& text, std::string& suite);
  Result<std::vector<TestOutcome>> run_task_test(const CommandContext& context,
                                                 const std::string& text, std::string& suite);
  void show(const CommandContext& context, const TestOutcome& outcome) const;
  Result<int> report(const CommandContext& context, const std::string& suite,
                     std::span<const TestOutcome> outcomes) const;

  ModelFlags flags_;
  std::string file_;
  std::string filter_;
  std::string junit_;
  bool update_ = false;
  bool tap_ = false;
};

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

// Where files may still be written after the lockdown: what the command line asked for.
Result<std::vector<fs::path>> TestCommand::writable_folders() const {
  std::vector<fs::path> folders;
  if (!junit_.empty()) folders.push_back(folder_of(junit_));
  if (update_) folders.push_back(folder_of(file_));
  for (const fs::path& folder : folders) {
    std::error_code error;
    if (fs::is_directory(folder, error)) continue;
    return Error(ErrorCode::kNotFound, concat(printable(folder.string(), 300),
                                              ": there is no such folder; make it first"));
  }
  return folders;
}

// A line for a person, as soon as it is known.
void TestCommand::show(const CommandContext& context, const TestOutcome& outcome) const {
  if (context.json || tap_) return;
  std::string line =
      concat(outcome.failures.empty() ? "ok    " : "FAIL  ", printable(outcome.name, 200), "\n");
  for (const std::string& failure : outcome.failures) {
    line += concat("      ", printable(failure, 600), "\n");
  }
  context.out.write(line);
  if (!context.out.ok()) InterruptScope::stop();
}

Result<std::vector<TestOutcome>> TestCommand::run_output_tests(const CommandContext& context,
                                                               const std::string& text,
                                                               std::string& suite) {
  HEARTH_ASSIGN(const OutputTests tests, parse_output_tests(text, file_));
  suite = tests.name;
  HEARTH_ASSIGN(const std::vector<PlannedTest> planned, plan_tests(tests, filter_));
  if (planned.empty()) {
    return Error(ErrorCode::kUsage, concat("--filter: \"", printable(filter_),
                                           "\" is in no test's name; choose another"));
  }
  Baselines baselines;
  const std::string baseline_name = printable(baseline_path().string(), 300);
  const auto recorded = read_file(baseline_path(), kBaselineBytesMax);
  if (recorded.ok()) {
    HEARTH_ASSIGN(baselines, parse_baselines(*recorded, baseline_name));
  } else if (recorded.error().code() != ErrorCode::kNotFound) {
    return recorded.error();
  }
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_));
  ProgressLine progress(context.environment, suite);
  double done = 0.0;
  const auto after_each = [&](const TestOutcome& outcome) {
    progress.clear();
    show(context, outcome);
    progress.show(++done / static_cast<double>(planned.size()));
    return !InterruptScope::interrupted();
  };
  HEARTH_ASSIGN(auto outcomes, run_tests(*model.engine, planned, baselines,
                                         update_ ? BaselineUse::kUpdate : BaselineUse::kCompare,
                                         after_each, &InterruptScope::flag()));
  progress.clear();
  if (update_) HEARTH_TRY(write_file(baseline_path(), baselines_text(baselines)));
  return outcomes;
}

// A task is one test: its metric reaches the floor.
Result<std::vector<TestOutcome>> TestCommand::run_task_test(const CommandContext& context,
                                                            const std::string& text,
                                                            std::string& suite) {
  HEARTH_ASSIGN(const Task task, parse_task(text, file_));
  suite = task.name;
  if (!task.floor) {
    return Error(
        ErrorCode::kUsage,
        concat(task.file, ": has no ", task.metric == Metric::kPerplexity ? "ceiling" : "floor",
               ", so nothing to miss; add one, or use `hearth eval task`"));
  }
  if (update_ || !filter_.empty()) {
    return Error(ErrorCode::kUsage,
                 "task: is one test without a baseline; leave --update and --filter out");
  }
  HEARTH_ASSIGN(const std::vector<Example> examples, read_split(task, "test"));
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_));
  ProgressLine progress(context.environment, suite);
  const Stopwatch since;
  HEARTH_ASSIGN(const TaskRun run, run_task(
                                       *model.engine, task, examples,
                                       [&](double share) {
                                         progress.show(share);
                                         return !InterruptScope::interrupted();
                                       },
                                       &InterruptScope::flag()));
  progress.clear();
  const TaskSummary summary = summarise(task, run);
  TestOutcome outcome{concat(task.name, "/", metric_name(task.metric)), {}, "", since.elapsed_ms()};
  if (!passes(task, summary)) {
    outcome.failures.push_back(concat(metric_name(task.metric), ": ", value_text(summary.main),
                                      " over ", run.items.size(), " examples misses ",
                                      *task.floor));
  }
  show(context, outcome);
  return std::vector<TestOutcome>{std::move(outcome)};
}

Result<int> TestCommand::report(const CommandContext& context, const std::string& suite,
                                std::span<const TestOutcome> outcomes) const {
  const auto failed = std::count_if(outcomes.begin(), outcomes.end(),
                                    [](const TestOutcome& o) { return !o.failures.empty(); });
  if (!junit_.empty()) HEARTH_TRY(write_file(junit_, junit_report(suite, outcomes)));
  if (tap_) {
    context.out.write(tap_report(outcomes));
  } else if (context.json) {
    Json tests = Json::array();
    for (const TestOutcome& outcome : outcomes) {
      tests.push_back({{"name", outcome.name},
                       {"passed", outcome.failures.empty()},
                       {"failures", outcome.failures},
                       {"answer", outcome.answer},
                       {"ms", outcome.ms}});
    }
    context.out.write_json({{"suite", suite},
                            {"passed", static_cast<int64_t>(outcomes.size()) - failed},
                            {"failed", failed},
                            {"tests", std::move(tests)}});
  } else {
    context.out.write(concat(suite, ": ", static_cast<int64_t>(outcomes.size()) - failed,
                             " passed, ", failed, " failed\n"));
  }
  return failed == 0 ? 0 : exit_status(ErrorCode::kVerification);
}

Result<int> TestCommand::run(const CommandContext& context) {
  if (tap_ && context.json) {
    return Error(ErrorCode::kUsage, "--tap: prints another format than --json; give one of them");
  }
  HEARTH_ASSIGN(std::vector<fs::path> writable, writable_folders());
  HEARTH_TRY(lock_in({.writable = std::move(writable)}));
  HEARTH_ASSIGN(const std::string text, read_file(file_, kTestBytesMax));
  const InterruptScope interrupt;
  std::string suite;
  HEARTH_ASSIGN(const std::vector<TestOutcome> outcomes,
                is_task_text(text) ? run_task_test(context, text, suite)
                                   : run_output_tests(context, text, suite));
  return report(context, suite, outcomes);
}

}  // namespace

std::unique_ptr<Command> make_test_command() { return std::make_unique<TestCommand>(); }

}  // namespace hearth

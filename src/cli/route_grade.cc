// SPDX-License-Identifier: Apache-2.0
// hearth route grade: recorded answers of a local model and of a remote one, graded by a task file
// and joined into what `route calibrate` and `route evaluate` read.
#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/files.h"
#include "base/strings.h"
#include "cli/answer_file.h"
#include "cli/commands.h"
#include "cli/lock_in.h"
#include "evaluate/answer_grade.h"
#include "evaluate/task_file.h"
#include "route/request_features.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;
using Answers = std::map<std::string, RecordedAnswer>;

// What came of all examples of a task.
struct Grades {
  std::string lines;
  std::size_t count = 0;
  std::size_t local_right = 0;
  std::size_t remote_right = 0;
  std::size_t guessed_alike = 0;  // the words of the question say the same task as its example
  std::size_t regraded = 0;       // another grade than when the answer was recorded
};

class RouteGradeCommand : public Command {
 public:
  std::string name() const override { return "route grade"; }
  std::string summary() const override {
    return "Grade recorded answers for route calibrate and route evaluate";
  }
  void declare(Options& options) override {
    options.text({"FILE", "FILE", "The task (TOML)"}, file_, Presence::kRequired);
    options.text({"--local", "FILE", "The local model's answers (hearth eval task --answers)"},
                 local_, Presence::kRequired);
    options.text({"--remote", "FILE", "The remote model's answers (default: a perfect one)"},
                 remote_);
    options.text({"--split", "NAME", "train, validation or test (default test)"}, split_);
    options.text({"--task", "NAME",
                  "Kind of task, or guess by the question's words (default: each example's task)"},
                 task_);
    options.number({"--right-from", "VALUE", "The least value of a right answer (default 1)"},
                   right_from_);
    options.text({"-o,--out", "FILE", "Where the graded answers go (default: stdout)"}, out_);
  }
  Result<int> run(const CommandContext& context) override;

 private:
  Result<void> check() const;
  Result<void> grade(const Task& task, const Example& example, const Answers& local,
                     const std::optional<Answers>& remote, Grades& grades) const;
  Result<RequestTask> kind_of(const Example& example, RequestTask guess) const;
  Result<bool> is_right(const Task& task, const Example& example, const RecordedAnswer& recorded,
                        Grades& grades) const;

  std::string file_;
  std::string local_;
  std::string remote_;
  std::string split_ = "test";
  std::string task_;
  double right_from_ = 1.0;
  std::string out_;
};

std::optional<RequestTask> task_of_name(std::string_view name) {
  const auto known = std::find(kRequestTaskNames.begin(), kRequestTaskNames.end(), name);
  if (known == kRequestTaskNames.end()) return std::nullopt;
  return static_cast<RequestTask>(known - kRequestTaskNames.begin());
}

std::string all_task_names() {
  std::string names;
  for (const auto name : kRequestTaskNames) names += concat(names.empty() ? "" : ", ", name);
  return names;
}

Result<void> RouteGradeCommand::check() const {
  if (!task_.empty() && task_ != "guess" && !task_of_name(task_)) {
    return Error(ErrorCode::kUsage, concat("--task: \"", printable(task_),
                                           "\" is not known; choose guess, ", all_task_names()));
  }
  if (right_from_ > 0.0 && right_from_ <= 1.0) return {};
  return Error(ErrorCode::kUsage, "--right-from: is not above 0 and up to 1; give such a value");
}

// The answer to an example. Errors: kNotFound.
Result<const RecordedAnswer*> find_answer(const Answers& answers, const Example& example,
                                          const std::string& file) {
  const std::string id = example_id(example);
  const auto found = answers.find(id);
  if (found != answers.end()) return &found->second;
  return Error(ErrorCode::kNotFound,
               concat(example.place, ": ", printable(file, 300), " has no answer to \"",
                      printable(id), "\"; record the answers of this split anew"));
}

Result<RequestTask> RouteGradeCommand::kind_of(const Example& example, RequestTask guess) const {
  if (task_ == "guess") return guess;
  if (!task_.empty()) return *task_of_name(task_);
  if (!example.fields.contains("task")) return guess;
  HEARTH_ASSIGN(const std::string name, field_text(example, "task"));
  if (const auto task = task_of_name(name)) return *task;
  return bad_field(example, "task",
                   concat("is \"", printable(name), "\", which is none of ", all_task_names()));
}

Result<bool> RouteGradeCommand::is_right(const Task& task, const Example& example,
                                         const RecordedAnswer& recorded, Grades& grades) const {
  HEARTH_ASSIGN(const double value, grade_answer(task, example, recorded.answer));
  if (recorded.value && std::abs(*recorded.value - value) > 1e-3) ++grades.regraded;
  return value >= right_from_ - 1e-9;
}

Result<void> RouteGradeCommand::grade(const Task& task, const Example& example,
                                      const Answers& local, const std::optional<Answers>& remote,
                                      Grades& grades) const {
  HEARTH_ASSIGN(const RecordedAnswer* answer, find_answer(local, example, local_));
  if (!answer->features) {
    return Error(ErrorCode::kCorrupt,
                 concat(answer->place,
                        ": field \"features\" is missing; record the local answers "
                        "with `hearth eval task --answers`"));
  }
  HEARTH_ASSIGN(const std::string question, question_of(task, example));
  const RequestTask guess = classify_task(question);
  HEARTH_ASSIGN(const RequestTask kind, kind_of(example, guess));
  HEARTH_ASSIGN(const bool local_is_right, is_right(task, example, *answer, grades));
  bool remote_is_right = true;
  double cost_usd = 0.0;
  if (remote) {
    HEARTH_ASSIGN(const RecordedAnswer* other, find_answer(*remote, example, remote_));
    HEARTH_ASSIGN(remote_is_right, is_right(task, example, *other, grades));
    cost_usd = other->cost_usd;
  }
  Json line = {{"id", example_id(example)}, {"task", std::string(request_task_name(kind))}};
  if (example.fields.contains("domain")) {
    HEARTH_ASSIGN(line["domain"], field_text(example, "domain"));
  } else {
    line["domain"] = task.name;
  }
  line["correct_local"] = local_is_right;
  line["correct_remote"] = remote_is_right;
  line["cost"] = cost_usd;
  line["features"] = features_json(*answer->features);
  grades.lines += line.dump(-1, ' ', /*ensure_ascii=*/false, Json::error_handler_t::replace) + "\n";
  ++grades.count;
  grades.local_right += local_is_right ? 1 : 0;
  grades.remote_right += remote_is_right ? 1 : 0;
  grades.guessed_alike += guess == kind ? 1 : 0;
  return {};
}

Json grades_json(const Grades& grades, const Task& task) {
  return {{"task", task.name},
          {"answers", grades.count},
          {"local_right", grades.local_right},
          {"remote_right", grades.remote_right},
          {"guessed_alike", grades.guessed_alike},
          {"regraded", grades.regraded}};
}

std::string grades_text(const Grades& grades, const Task& task, const std::string& out) {
  return concat(printable(out, 300), ": ", grades.count, " graded answers of ",
                printable(task.name), "; right here ", grades.local_right, ", there ",
                grades.remote_right, "; the words of the question say the task of ",
                grades.guessed_alike, "; graded otherwise than when recorded: ", grades.regraded,
                "\n");
}

Result<int> RouteGradeCommand::run(const CommandContext& context) {
  HEARTH_TRY(check());
  HEARTH_ASSIGN(auto writable, folder_to_write(out_));
  HEARTH_TRY(lock_in({.writable = std::move(writable)}));
  HEARTH_ASSIGN(const Task task, read_task(file_));
  HEARTH_ASSIGN(const std::vector<Example> examples, read_split(task, split_));
  HEARTH_ASSIGN(const Answers local, read_answers(local_));
  std::optional<Answers> remote;
  if (!remote_.empty()) {
    HEARTH_ASSIGN(remote, read_answers(remote_));
  }
  Grades grades;
  for (const Example& example : examples) {
    HEARTH_TRY(grade(task, example, local, remote, grades));
  }
  if (out_.empty()) {
    context.out.write(grades.lines);
    return 0;
  }
  HEARTH_TRY(write_file(out_, grades.lines));
  if (context.json) {
    context.out.write_json(grades_json(grades, task));
  } else {
    context.out.write(terminal_text(grades_text(grades, task, out_)));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_route_grade_command() {
  return std::make_unique<RouteGradeCommand>();
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// hearth route log, stats: who answered lately and why, and how well that was predicted.
#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "base/statistics.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "controller/routed_request.h"
#include "observe/decision_log.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

// Nothing: nothing was routed yet. Errors: those of Environment::state_folder() and
// DecisionLog::open().
Result<std::optional<DecisionLog>> open_log(const Environment& environment) {
  HEARTH_ASSIGN(const auto folder, environment.state_folder());
  auto log = DecisionLog::open(folder, Database::Access::kRead);
  if (log.ok()) return std::optional<DecisionLog>(std::move(log).value());
  if (log.error().code() == ErrorCode::kNotFound) return std::optional<DecisionLog>();
  return log.error();
}

std::string time_text(int64_t time_ms) {
  return utc_text(static_cast<std::time_t>(time_ms / 1000));
}

Json or_null(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

std::string ms_text(double ms) {
  const double scale = ms < 1.0 ? 1000.0 : 10.0;
  return concat(std::round(ms * scale) / scale);
}

// ---- route log ----

Json row_json(const DecisionRow& row) {
  const DecisionRecord& record = row.record;
  return {{"number", row.number},
          {"time", time_text(record.time_ms)},
          {"request", record.request},
          {"target", record.target},
          {"reason", record.reason},
          {"outcome", record.outcome},
          {"rules", record.rules},
          {"tries", record.tries},
          {"checks", record.faults},
          {"task", record.task},
          {"sensitivity", record.sensitivity},
          {"consent", record.consent},
          {"network", record.network},
          {"power", record.power},
          {"deadline_ms", or_null(record.deadline_ms)},
          {"prompt_tokens", record.prompt_tokens},
          {"answer_tokens", record.answer_tokens},
          {"p_error", or_null(record.p_error)},
          {"p_error_max", or_null(record.p_error_max)},
          {"predicted",
           {{"first_token_ms", or_null(record.predicted_first_ms)},
            {"total_ms", or_null(record.predicted_total_ms)}}},
          {"observed", {{"first_token_ms", record.first_token_ms}, {"total_ms", record.total_ms}}},
          {"decide_ms", record.decide_ms},
          {"guard_ms", record.guard_ms},
          {"cost_usd", record.cost_usd}};
}

class RouteLogCommand : public Command {
 public:
  std::string name() const override { return "route log"; }
  std::string summary() const override { return "Who answered which request, the last first"; }

  void declare(Options& options) override {
    options.number({"-n,--count", "N", "Of the last requests (default 20)"}, count_, 1,
                   std::numeric_limits<int32_t>::max());
  }

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(auto log, open_log(context.environment));
    std::vector<DecisionRow> rows;
    if (log) {
      HEARTH_ASSIGN(rows, log->last(count_));
    }
    if (context.json) {
      Json list = Json::array();
      for (const DecisionRow& row : rows) list.push_back(row_json(row));
      context.out.write_json({{"entries", std::move(list)}});
      return 0;
    }
    if (rows.empty()) {
      context.out.write("nothing was routed yet\n");
      return 0;
    }
    Table table(
        {"NUMBER", "TIME", "TARGET", "REASON", "OUTCOME", "SENSITIVITY", "TASK", "MS", "USD"});
    for (const DecisionRow& row : rows) {
      const DecisionRecord& record = row.record;
      table.add({concat(row.number), time_text(record.time_ms), printable(record.target, 40),
                 record.reason, record.outcome, record.sensitivity, record.task,
                 ms_text(record.total_ms), concat(record.cost_usd)});
    }
    context.out.write(table.text());
    return 0;
  }

 private:
  int32_t count_ = 20;
};

// ---- route stats ----

// Of the requests that one target answered.
struct TargetStats {
  int64_t answers = 0;
  int64_t fallbacks = 0;
  double cost_usd = 0.0;
  std::vector<double> first_ms;
  std::vector<double> total_ms;
  std::vector<double> first_error;  // |observed - predicted| / observed
  std::vector<double> total_error;
};

struct RouteStats {
  int64_t requests = 0;
  int64_t unanswered = 0;
  std::map<std::string, TargetStats> targets;
  std::map<std::string, int64_t> reasons;
  std::vector<double> decide_ms;
  std::vector<double> guard_ms;

  void add(const DecisionRecord& record);
};

void add_error(std::optional<double> predicted, double observed, std::vector<double>& errors) {
  if (predicted && observed > 0.0) errors.push_back(std::abs(observed - *predicted) / observed);
}

void RouteStats::add(const DecisionRecord& record) {
  ++requests;
  decide_ms.push_back(record.decide_ms);
  guard_ms.push_back(record.guard_ms);
  ++reasons[record.reason];
  TargetStats& target = targets[record.target];
  target.cost_usd += record.cost_usd;
  const auto is = [&](RouteOutcome outcome) {
    return record.outcome == kRouteOutcomeNames[static_cast<std::size_t>(outcome)];
  };
  if (!is(RouteOutcome::kAnswered) && !is(RouteOutcome::kFallback)) {
    ++unanswered;
    return;
  }
  ++target.answers;
  if (is(RouteOutcome::kFallback)) ++target.fallbacks;
  target.first_ms.push_back(record.first_token_ms);
  target.total_ms.push_back(record.total_ms);
  add_error(record.predicted_first_ms, record.first_token_ms, target.first_error);
  add_error(record.predicted_total_ms, record.total_ms, target.total_error);
}

std::optional<double> share_of(std::vector<double> values, double share) {
  if (values.empty()) return std::nullopt;
  return percentile(values, share);
}

std::string percent_text(const std::optional<double>& value) {
  return value ? concat(std::round(*value * 1000) / 10, " %") : "-";
}

std::string or_dash(const std::optional<double>& value) { return value ? ms_text(*value) : "-"; }

Json stats_json(const RouteStats& stats) {
  Json targets = Json::object();
  for (const auto& [name, target] : stats.targets) {
    targets[name] = {{"answers", target.answers},
                     {"fallbacks", target.fallbacks},
                     {"cost_usd", target.cost_usd},
                     {"first_token_ms", or_null(share_of(target.first_ms, 0.5))},
                     {"total_ms", or_null(share_of(target.total_ms, 0.5))},
                     {"first_token_error", or_null(share_of(target.first_error, 0.5))},
                     {"total_error", or_null(share_of(target.total_error, 0.5))},
                     {"predicted", target.total_error.size()}};
  }
  return {{"requests", stats.requests},
          {"unanswered", stats.unanswered},
          {"targets", std::move(targets)},
          {"reasons", stats.reasons},
          {"decide_ms_p99", or_null(share_of(stats.decide_ms, 0.99))},
          {"guard_ms_p99", or_null(share_of(stats.guard_ms, 0.99))}};
}

std::string stats_text(const RouteStats& stats) {
  Table table(
      {"TARGET", "ANSWERS", "FALLBACKS", "FIRST MS", "OFF BY", "TOTAL MS", "OFF BY", "USD"});
  for (const auto& [name, target] : stats.targets) {
    table.add(
        {printable(name, 40), concat(target.answers), concat(target.fallbacks),
         or_dash(share_of(target.first_ms, 0.5)), percent_text(share_of(target.first_error, 0.5)),
         or_dash(share_of(target.total_ms, 0.5)), percent_text(share_of(target.total_error, 0.5)),
         concat(std::round(target.cost_usd * 1e6) / 1e6)});
  }
  std::string text = table.text();
  text += concat("\n", stats.requests, " requests, ", stats.unanswered,
                 " without an answer; times are medians, \"off by\" the median error of what was "
                 "predicted\n");
  std::string reasons;
  for (const auto& [reason, count] : stats.reasons)
    reasons += concat(reasons.empty() ? "" : ", ", count, " ", reason);
  text += concat("why: ", reasons, "\n");
  text += concat("deciding took at most ", or_dash(share_of(stats.decide_ms, 0.99)),
                 " ms for 99 of 100, the guard ", or_dash(share_of(stats.guard_ms, 0.99)), "\n");
  return text;
}

class RouteStatsCommand : public Command {
 public:
  std::string name() const override { return "route stats"; }
  std::string summary() const override { return "Who answers how often, how fast, how costly"; }
  void declare(Options& /*options*/) override {}

  Result<int> run(const CommandContext& context) override {
    HEARTH_ASSIGN(auto log, open_log(context.environment));
    RouteStats stats;
    if (log) HEARTH_TRY(log->for_each([&](const DecisionRow& row) { stats.add(row.record); }));
    if (context.json) {
      context.out.write_json(stats_json(stats));
    } else if (stats.requests == 0) {
      context.out.write("nothing was routed yet\n");
    } else {
      context.out.write(stats_text(stats));
    }
    return 0;
  }
};

}  // namespace

std::unique_ptr<Command> make_route_log_command() { return std::make_unique<RouteLogCommand>(); }
std::unique_ptr<Command> make_route_stats_command() {
  return std::make_unique<RouteStatsCommand>();
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "observe/decision_log.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr const char* kSchema =
    "CREATE TABLE IF NOT EXISTS decisions ("
    "number INTEGER PRIMARY KEY, time_ms INTEGER NOT NULL, request TEXT NOT NULL,"
    "task TEXT NOT NULL, sensitivity TEXT NOT NULL, consent TEXT NOT NULL, network TEXT NOT NULL,"
    "power TEXT NOT NULL, target TEXT NOT NULL, reason TEXT NOT NULL, outcome TEXT NOT NULL,"
    "rules TEXT NOT NULL, tries TEXT NOT NULL, faults TEXT NOT NULL,"
    "prompt_tokens INTEGER NOT NULL, answer_tokens INTEGER NOT NULL, deadline INTEGER NOT NULL,"
    "p_error INTEGER NOT NULL, p_error_max INTEGER NOT NULL, predicted_first INTEGER NOT NULL,"
    "predicted_total INTEGER NOT NULL, first_token INTEGER NOT NULL, total INTEGER NOT NULL,"
    "decide INTEGER NOT NULL, guard INTEGER NOT NULL, cost INTEGER NOT NULL) STRICT";
constexpr std::string_view kColumns =
    "time_ms, request, task, sensitivity, consent, network, power, target, reason, outcome, rules,"
    "tries, faults, prompt_tokens, answer_tokens, deadline, p_error, p_error_max, predicted_first,"
    "predicted_total, first_token, total, decide, guard, cost";

// Columns of each type, in their order behind time_ms.
constexpr std::array kTexts = {
    &DecisionRecord::request, &DecisionRecord::task,    &DecisionRecord::sensitivity,
    &DecisionRecord::consent, &DecisionRecord::network, &DecisionRecord::power,
    &DecisionRecord::target,  &DecisionRecord::reason,  &DecisionRecord::outcome,
    &DecisionRecord::rules,   &DecisionRecord::tries,   &DecisionRecord::faults};
constexpr std::array kCounts = {&DecisionRecord::prompt_tokens, &DecisionRecord::answer_tokens};
constexpr std::array kOptionals = {
    &DecisionRecord::deadline_ms, &DecisionRecord::p_error, &DecisionRecord::p_error_max,
    &DecisionRecord::predicted_first_ms, &DecisionRecord::predicted_total_ms};
constexpr std::array kNumbers = {&DecisionRecord::first_token_ms, &DecisionRecord::total_ms,
                                 &DecisionRecord::decide_ms, &DecisionRecord::guard_ms,
                                 &DecisionRecord::cost_usd};
constexpr std::size_t kColumnCount =
    1 + kTexts.size() + kCounts.size() + kOptionals.size() + kNumbers.size();

// Numbers are stored as whole millionths: the table is STRICT, and Statement binds no doubles.
constexpr double kScale = 1e6;
constexpr int64_t kAbsent = -1;

int64_t stored(std::optional<double> value) {
  if (!value) return kAbsent;
  const double scaled = std::round(std::max(*value, 0.0) * kScale);
  return scaled < 9e18 ? static_cast<int64_t>(scaled) : std::numeric_limits<int64_t>::max();
}

std::optional<double> loaded(int64_t value) {
  if (value < 0) return std::nullopt;
  return static_cast<double>(value) / kScale;
}

DecisionRow row_in(const Statement& row) {
  DecisionRow read;
  read.number = row.integer(0);
  int column = 1;
  read.record.time_ms = row.integer(column++);
  for (const auto field : kTexts) read.record.*field = std::string(row.text(column++));
  for (const auto field : kCounts) read.record.*field = row.integer(column++);
  for (const auto field : kOptionals) read.record.*field = loaded(row.integer(column++));
  for (const auto field : kNumbers) read.record.*field = loaded(row.integer(column++)).value_or(0);
  return read;
}

}  // namespace

Result<DecisionLog> DecisionLog::open(const std::filesystem::path& folder, Database::Access access,
                                      int64_t rows_max) {
  HEARTH_ASSIGN(Database database, Database::open(folder / "decisions.db", access, kSchema));
  // Without a flush at each commit: it would cost each answer some milliseconds.
  if (access == Database::Access::kWrite)
    HEARTH_TRY(database.execute("PRAGMA synchronous = NORMAL"));
  return DecisionLog(std::move(database), rows_max);
}

Result<void> DecisionLog::append(const DecisionRecord& record) {
  std::string marks;
  for (std::size_t i = 0; i < kColumnCount; ++i) marks += i == 0 ? "?" : ", ?";
  HEARTH_ASSIGN(Statement insert, database_.prepare(concat("INSERT INTO decisions (", kColumns,
                                                           ") VALUES (", marks, ")")));
  int parameter = 1;
  insert.bind(parameter++, record.time_ms);
  for (const auto field : kTexts) insert.bind(parameter++, std::string_view(record.*field));
  for (const auto field : kCounts) insert.bind(parameter++, record.*field);
  for (const auto field : kOptionals) insert.bind(parameter++, stored(record.*field));
  for (const auto field : kNumbers) insert.bind(parameter++, stored(record.*field));
  HEARTH_ASSIGN(Statement shorten,
                database_.prepare("DELETE FROM decisions WHERE number <= (SELECT max(number) FROM "
                                  "decisions) - ?"));
  HEARTH_ASSIGN(Transaction transaction, Transaction::begin(database_));
  HEARTH_TRY(insert.run());
  HEARTH_TRY(shorten.bind(1, rows_max_).run());
  return transaction.commit();
}

Result<std::vector<DecisionRow>> DecisionLog::last(int64_t count) {
  HEARTH_ASSIGN(Statement select,
                database_.prepare(concat("SELECT number, ", kColumns,
                                         " FROM decisions ORDER BY number DESC LIMIT ?")));
  select.bind(1, count);
  std::vector<DecisionRow> rows;
  while (true) {
    HEARTH_ASSIGN(const bool has_row, select.step());
    if (!has_row) return rows;
    rows.push_back(row_in(select));
  }
}

Result<void> DecisionLog::for_each(const std::function<void(const DecisionRow&)>& visit) {
  HEARTH_ASSIGN(Statement select, database_.prepare(concat("SELECT number, ", kColumns,
                                                           " FROM decisions ORDER BY number")));
  while (true) {
    HEARTH_ASSIGN(const bool has_row, select.step());
    if (!has_row) return {};
    visit(row_in(select));
  }
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Who answered which request, and why: a row for each, with nothing of what was asked or said.
//
// The last rows are kept, and older ones go. A crash of the machine may lose the last few (unlike
// the ledger, they are no proof of anything). Threading: one thread at a time; any number of
// processes may share the folder.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "observe/database.h"

namespace hearth {

inline constexpr int64_t kDecisionRowsMax = 100'000;

// Names are those of the enums in route/. Numbers keep six digits behind the point.
struct DecisionRecord {
  int64_t time_ms = 0;  // since 1970, UTC, when the request came
  std::string request;  // its id
  std::string task;
  std::string sensitivity;
  std::string consent;
  std::string network;
  std::string power;
  std::optional<double> deadline_ms;  // that the request had
  int64_t prompt_tokens = 0;
  int64_t answer_tokens = 0;
  std::string target;  // who answered
  std::string reason;
  std::string outcome;
  std::string rules;   // names, with ", " between
  std::string tries;   // of remote targets, as in "edge: timeout, cloud: none"
  std::string faults;  // that the answer has, as in "loop, secret"
  std::optional<double> p_error;
  std::optional<double> p_error_max;
  // Of an answer of the length that it had; nothing where nobody could tell.
  std::optional<double> predicted_first_ms;
  std::optional<double> predicted_total_ms;
  double first_token_ms = 0.0;  // of who answered
  double total_ms = 0.0;
  double decide_ms = 0.0;  // that deciding took, without the guard
  double guard_ms = 0.0;
  double cost_usd = 0.0;
};

struct DecisionRow {
  int64_t number = 0;
  DecisionRecord record;
};

class DecisionLog {
 public:
  // The log in `folder`, made where it is not there, unless it is only to be read. Errors: those of
  // Database::open().
  static Result<DecisionLog> open(const std::filesystem::path& folder, Database::Access access,
                                  int64_t rows_max = kDecisionRowsMax);

  // Errors: kUnavailable (disk full, locked), kCorrupt.
  Result<void> append(const DecisionRecord& record);

  // The last `count`, the last one first. Errors: those of Database.
  Result<std::vector<DecisionRow>> last(int64_t count);
  // All, the oldest first.
  Result<void> for_each(const std::function<void(const DecisionRow&)>& visit);

 private:
  DecisionLog(Database database, int64_t rows_max)
      : database_(std::move(database)), rows_max_(rows_max) {}

  Database database_;
  int64_t rows_max_;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "observe/decision_log.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/strings.h"
#include "base/test_folder.h"

namespace hearth {
namespace {

DecisionRecord some_record() {
  DecisionRecord record;
  record.time_ms = 1'700'000'000'123;
  record.request = "r1";
  record.task = "facts";
  record.sensitivity = "public";
  record.consent = "none";
  record.network = "online";
  record.power = "mains";
  record.target = "edge";
  record.reason = "better";
  record.outcome = "answered";
  record.rules = "public and open";
  record.tries = "edge: none";
  record.prompt_tokens = 12;
  record.answer_tokens = 34;
  record.p_error_max = 0.25;
  record.predicted_total_ms = 120.5;
  record.total_ms = 131.25;
  record.cost_usd = 0.000002;
  return record;
}

TEST(DecisionLog, KeepsWhatWasWritten) {
  const TestFolder folder;
  {
    auto log = DecisionLog::open(folder.path(), Database::Access::kWrite).value();
    ASSERT_TRUE(log.append(some_record()).ok());
  }
  auto log = DecisionLog::open(folder.path(), Database::Access::kRead).value();
  const auto rows = log.last(10).value();
  ASSERT_EQ(rows.size(), 1u);
  const DecisionRecord& read = rows[0].record;
  EXPECT_EQ(read.time_ms, some_record().time_ms);
  EXPECT_EQ(read.request, "r1");
  EXPECT_EQ(read.outcome, "answered");
  EXPECT_EQ(read.faults, "");
  EXPECT_EQ(read.answer_tokens, 34);
  EXPECT_EQ(read.p_error, std::nullopt);
  EXPECT_EQ(read.deadline_ms, std::nullopt);
  EXPECT_EQ(read.p_error_max, 0.25);
  EXPECT_EQ(read.predicted_total_ms, 120.5);
  EXPECT_EQ(read.total_ms, 131.25);
  EXPECT_DOUBLE_EQ(read.cost_usd, 0.000002);
}

TEST(DecisionLog, OlderRowsGo) {
  const TestFolder folder;
  auto log = DecisionLog::open(folder.path(), Database::Access::kWrite, 3).value();
  for (int i = 0; i < 10; ++i) {
    DecisionRecord record = some_record();
    record.request = concat("r", i);
    ASSERT_TRUE(log.append(record).ok());
  }
  std::string kept;
  ASSERT_TRUE(log.for_each([&](const DecisionRow& row) { kept += row.record.request; }).ok());
  EXPECT_EQ(kept, "r7r8r9");
  EXPECT_EQ(log.last(1).value().front().number, 10);
}

TEST(DecisionLog, ReadsNothingWhereNothingWasWritten) {
  const TestFolder folder;
  EXPECT_EQ(DecisionLog::open(folder.path(), Database::Access::kRead).error().code(),
            ErrorCode::kNotFound);
}

TEST(DecisionLog, SaysThatItIsDamaged) {
  const TestFolder folder;
  std::ofstream(folder.path() / "decisions.db") << std::string(5000, 'x');
  EXPECT_EQ(DecisionLog::open(folder.path(), Database::Access::kWrite).error().code(),
            ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "observe/ledger.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/files.h"
#include "base/strings.h"
#include "base/test_folder.h"

namespace hearth {
namespace {

constexpr const char* kNoSchema = "";

class LedgerTest : public testing::Test {
 protected:
  EgressRecord record(int64_t number) const {
    EgressRecord record;
    record.time_ms = 1'700'000'000'000 + number;
    record.request = concat("request-", number);
    record.target = "edge";
    record.host = "edge.example:443";
    record.sensitivity = "personal";
    record.redactions = "EMAIL=1,PERSON=2";
    record.bytes = 100 * number;
    record.content = content_hash(std::as_bytes(std::span(record.request)));
    return record;
  }
  Ledger open() {
    auto opened = Ledger::open(folder(), key_, Database::Access::kWrite);
    EXPECT_TRUE(opened.ok()) << opened.error().message();
    return std::move(opened).value();
  }
  void fill(int64_t count) {
    Ledger ledger = open();
    for (int64_t i = 1; i <= count; ++i) {
      const auto number = ledger.append(record(i));
      ASSERT_TRUE(number.ok()) << number.error().message();
      ASSERT_EQ(*number, i);
    }
  }
  LedgerReport verify() {
    return open().verify([](int64_t) { return true; }).value();
  }
  // Something that was done to the file behind the ledger's back.
  void tamper(const char* sql) {
    auto database = Database::open(folder() / "ledger.db", Database::Access::kWrite, kNoSchema);
    const auto done = database->execute(sql);
    ASSERT_TRUE(done.ok()) << done.error().message();
  }
  std::filesystem::path folder() const { return folder_.path() / "state"; }

  TestFolder folder_;
  SealKey key_ = SealKey::load_or_create(folder_.path() / "key").value();
};

TEST_F(LedgerTest, EntriesComeBackTheLastOneFirst) {
  fill(5);
  const auto entries = open().last(2).value();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].number, 5);
  EXPECT_EQ(entries[1].record.request, "request-4");
  EXPECT_EQ(entries[1].record.content, record(4).content);
  EXPECT_EQ(entries[1].record.redactions, "EMAIL=1,PERSON=2");
  EXPECT_EQ(open().entry(3)->record.request, "request-3");
  EXPECT_EQ(open().entry(6).error().code(), ErrorCode::kNotFound);
  const LedgerReport report = verify();
  EXPECT_EQ(report.entries, 5);
  EXPECT_FALSE(report.finding) << report.finding->what;
}

TEST_F(LedgerTest, AnEmptyOneIsRight) {
  EXPECT_EQ(Ledger::open(folder(), key_, Database::Access::kRead).error().code(),
            ErrorCode::kNotFound);
  EXPECT_EQ(verify().entries, 0);
  EXPECT_FALSE(verify().finding);
}

TEST_F(LedgerTest, WhateverIsChangedIsFound) {
  const char* const changes[] = {
      "UPDATE egress SET time_ms = time_ms + 1 WHERE number = 3",
      "UPDATE egress SET request = 'request-4' WHERE number = 3",
      "UPDATE egress SET target = 'cloud' WHERE number = 3",
      "UPDATE egress SET host = 'edge.example:44' WHERE number = 3",
      "UPDATE egress SET sensitivity = 'public' WHERE number = 3",
      "UPDATE egress SET redactions = '' WHERE number = 3",
      "UPDATE egress SET bytes = 0 WHERE number = 3",
      "UPDATE egress SET content = zeroblob(32) WHERE number = 3",
      "UPDATE egress SET kept = x'00' WHERE number = 3",
      "UPDATE egress SET chain = zeroblob(32) WHERE number = 3",
      "UPDATE egress SET chain = x'' WHERE number = 3",
      "UPDATE egress SET number = 100 WHERE number = 3",
      "DELETE FROM egress WHERE number = 3",
      // Two entries in each other's place.
      "UPDATE egress SET number = -number WHERE number IN (3, 4);"
      "UPDATE egress SET number = 7 + number WHERE number < 0",
      // One more, a copy.
      "UPDATE egress SET number = -number WHERE number > 3;"
      "UPDATE egress SET number = 1 - number WHERE number < 0;"
      "INSERT INTO egress SELECT 4, time_ms, request, target, host, sensitivity, redactions, bytes,"
      " content, kept, chain FROM egress WHERE number = 3",
  };
  for (const char* const change : changes) {
    std::error_code ignored;
    std::filesystem::remove_all(folder(), ignored);
    fill(6);
    tamper(change);
    const LedgerReport report = verify();
    ASSERT_TRUE(report.finding) << change;
    EXPECT_GE(report.finding->number, 3) << change;
    EXPECT_LE(report.finding->number, 4) << change;
  }
}

TEST_F(LedgerTest, WhatIsCutOffIsFound) {
  fill(6);
  tamper("DELETE FROM egress WHERE number > 4");
  EXPECT_EQ(verify().finding->number, 5);
  // Going on from there does not hide it: the chain is another one than was anchored.
  std::filesystem::copy_file(folder() / "ledger.anchor", folder_.path() / "anchor");
  Ledger ledger = open();
  ASSERT_TRUE(ledger.append(record(5)).ok());
  ASSERT_TRUE(ledger.append(record(7)).ok());
  EXPECT_FALSE(verify().finding);  // whoever has the key can do anything
  std::filesystem::copy_file(folder_.path() / "anchor", folder() / "ledger.anchor",
                             std::filesystem::copy_options::overwrite_existing);
  tamper("DELETE FROM egress");
  EXPECT_TRUE(verify().finding);
}

TEST_F(LedgerTest, AnotherKeyAndAnAnchorThatIsForged) {
  fill(3);
  const SealKey mine = key_;
  key_ = SealKey::load_or_create(folder_.path() / "other").value();
  EXPECT_EQ(verify().finding->number, 1);
  key_ = mine;
  EXPECT_FALSE(verify().finding);
}

TEST_F(LedgerTest, WhatIsNoDatabaseIsNamed) {
  std::filesystem::create_directories(folder());
  ASSERT_TRUE(write_file(folder() / "ledger.db", std::string(4096, 'x')).ok());
  const auto opened = Ledger::open(folder(), key_, Database::Access::kWrite);
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().code(), ErrorCode::kCorrupt);
  EXPECT_NE(opened.error().message().find("; move it away"), std::string::npos);
}

TEST_F(LedgerTest, WritersTakeTurns) {
  fill(1);
  std::vector<std::thread> writers;
  for (int i = 0; i < 4; ++i) {
    writers.emplace_back([&] {
      Ledger ledger = open();
      for (int k = 0; k < 25; ++k) EXPECT_TRUE(ledger.append(record(k)).ok());
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(verify().entries, 101);
  EXPECT_FALSE(verify().finding);
}

// What append() has returned for is there, wherever the process is killed.
TEST_F(LedgerTest, NothingAcknowledgedIsLostByAKill) {
  open();
  int64_t acknowledged = 0;
  for (int round = 0; round < 20; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      Ledger ledger = open();
      for (int64_t i = 0;; ++i) {
        const auto number = ledger.append(record(i));
        const int64_t value = number.ok() ? *number : -1;
        if (::write(pipe_ends[1], &value, sizeof value) != sizeof value) ::_exit(1);
      }
    }
    ::close(pipe_ends[1]);
    ::usleep(static_cast<useconds_t>(2000 + 1700 * round));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    for (int64_t number = 0; ::read(pipe_ends[0], &number, sizeof number) == sizeof number;) {
      ASSERT_GT(number, acknowledged);
      acknowledged = number;
    }
    ::close(pipe_ends[0]);
    const LedgerReport report = verify();
    ASSERT_FALSE(report.finding) << report.finding->what;
    ASSERT_GE(report.entries, acknowledged);
    acknowledged = report.entries;
  }
  EXPECT_GT(acknowledged, 20);
}

// A file system without room, as a limit on the size of files: what was acknowledged stays, and
// the error says so. (kUnavailable: then nothing may be sent.)
TEST_F(LedgerTest, AFullDiskIsAnErrorAndLosesNothing) {
  constexpr int kWrong = 200;
  fill(5);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit = {64 << 10, 64 << 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    Ledger ledger = open();
    for (int64_t i = 0; i < kWrong; ++i) {
      const auto number = ledger.append(record(i));
      if (number.ok()) continue;
      const bool is_right = number.error().code() == ErrorCode::kUnavailable &&
                            number.error().message().find("ledger") != std::string::npos;
      ::_exit(is_right ? static_cast<int>(i) : kWrong);
    }
    ::_exit(kWrong);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  const int acknowledged = WEXITSTATUS(status);
  EXPECT_GT(acknowledged, 0);
  EXPECT_LT(acknowledged, kWrong);
  const LedgerReport report = verify();
  EXPECT_FALSE(report.finding) << report.finding->what;
  EXPECT_GE(report.entries, 5 + acknowledged);
  EXPECT_EQ(open().append(record(1)).value(), report.entries + 1);  // once there is room again
}

TEST_F(LedgerTest, AClockThatIsSetBackChangesNothing) {
  Ledger ledger = open();
  for (int64_t i = 10; i > 0; --i) ASSERT_TRUE(ledger.append(record(i)).ok());
  EXPECT_FALSE(verify().finding);
  EXPECT_EQ(ledger.last(1)->front().number, 10);
}

TEST_F(LedgerTest, OneThatSomebodyHoldsIsNamed) {
  fill(2);
  auto holder = Database::open(folder() / "ledger.db", Database::Access::kWrite, kNoSchema).value();
  ASSERT_TRUE(holder.execute("BEGIN EXCLUSIVE").ok());
  Ledger ledger = open();
  const auto number = ledger.append(record(3));
  ASSERT_FALSE(number.ok());
  EXPECT_EQ(number.error().code(), ErrorCode::kUnavailable);
  EXPECT_NE(number.error().message().find("another hearth writes to it"), std::string::npos);
  ASSERT_TRUE(holder.execute("COMMIT").ok());
  EXPECT_EQ(ledger.append(record(3)).value(), 3);
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "observe/kept_messages.h"

#include <gtest/gtest.h>

#include "base/strings.h"
#include "base/test_folder.h"

namespace hearth {
namespace {

constexpr int64_t kDayMs = 86'400'000;
constexpr int64_t kNowMs = 1'790'000'000'000;  // 2026-09-21

class KeptMessagesTest : public testing::Test {
 protected:
  static std::span<const std::byte> bytes(std::string_view text) {
    return std::as_bytes(std::span(text));
  }
  EgressRecord keep(std::string_view message, int64_t time_ms) {
    EgressRecord record;
    record.time_ms = time_ms;
    record.request = concat("request-", time_ms);
    record.content = content_hash(bytes(message));
    record.kept = seal_kept_message(keys_, record, bytes(message)).value();
    return record;
  }
  std::string open(const EgressRecord& record) {
    const auto opened = open_kept_message(keys_, record).value();
    return {reinterpret_cast<const char*>(opened.data()), opened.size()};
  }

  TestFolder folder_;
  KeyFolder keys_{folder_.path(), SealKey::random().value()};
};

TEST_F(KeptMessagesTest, AMessageComesBackAndIsSealed) {
  const EgressRecord record = keep("the quick brown fox", kNowMs);
  EXPECT_EQ(open(record), "the quick brown fox");
  const std::string_view raw(reinterpret_cast<const char*>(record.kept.data()), record.kept.size());
  EXPECT_EQ(raw.find("quick"), std::string_view::npos);
  EXPECT_EQ(kept_days(folder_.path()), std::vector<std::string>{"2026-09-21"});
  EXPECT_EQ(open(keep("", kNowMs)), "");
  EXPECT_EQ(open_kept_message(keys_, EgressRecord{}).error().code(), ErrorCode::kNotFound);
}

TEST_F(KeptMessagesTest, ItIsBoundToItsEntry) {
  EgressRecord record = keep("one", kNowMs);
  EgressRecord moved = record;
  moved.request = "request-2";
  EXPECT_EQ(open_kept_message(keys_, moved).error().code(), ErrorCode::kCorrupt);
  for (std::byte& byte : record.kept) {
    byte ^= std::byte{1};
    EXPECT_EQ(open_kept_message(keys_, record).error().code(), ErrorCode::kCorrupt);
    byte ^= std::byte{1};
  }
  record.kept.resize(5);
  EXPECT_EQ(open_kept_message(keys_, record).error().code(), ErrorCode::kCorrupt);
}

TEST_F(KeptMessagesTest, ADayIsForgottenByItsKey) {
  const EgressRecord old = keep("old", kNowMs - kDayMs);
  const EgressRecord today = keep("today", kNowMs);
  EXPECT_EQ(forget_kept_messages(folder_.path(), day_of(kNowMs)).value(), 1);
  EXPECT_EQ(open_kept_message(keys_, old).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(open(today), "today");
  // A clock that was set back forgets nothing that is of its future.
  EXPECT_EQ(forget_kept_messages(folder_.path(), day_of(kNowMs - 30 * kDayMs)).value(), 0);
  EXPECT_EQ(forget_kept_messages(folder_.path(), "").value(), 1);
  EXPECT_EQ(open_kept_message(keys_, today).error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace hearth

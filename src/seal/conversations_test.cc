// SPDX-License-Identifier: Apache-2.0
#include "seal/conversations.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/files.h"
#include "base/test_folder.h"
#include "seal/state_key.h"

namespace hearth {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 20;
constexpr int64_t kNow = 1'790'000'000'007;
using Rows = std::vector<std::string>;

class ConversationsTest : public testing::Test {
 protected:
  std::string write(const Rows& texts, int64_t now = kNow) {
    auto begun = conversations_.begin(now).value();
    for (const std::string& text : texts) EXPECT_TRUE(begun.rows.append(text).ok());
    return begun.id;
  }
  std::filesystem::path rows(const std::string& id) const { return folder() / (id + ".rows"); }
  std::filesystem::path key(const std::string& id) const { return folder() / (id + ".key"); }
  std::filesystem::path folder() const { return folder_.path() / "conversations"; }

  TestFolder folder_;
  SealKey master_ = open_state_key(folder_.path()).value();
  Conversations conversations_{folder(), master_};
};

TEST_F(ConversationsTest, WhatWasWrittenComesBackAndIsOnTheDiskSealed) {
  const std::string id = write({"the quick brown fox", "", std::string(5000, 'x')});
  EXPECT_EQ(id.substr(0, 24), "2026-09-21T14-13-20-007-");
  EXPECT_EQ(conversations_.read(id).value(),
            (Rows{"the quick brown fox", "", std::string(5000, 'x')}));
  const std::string raw = read_file(rows(id), kFileBytesMax).value();
  EXPECT_EQ(raw.find("quick"), std::string::npos);
  EXPECT_EQ(raw.find("xxxx"), std::string::npos);
  struct stat info {};
  ASSERT_EQ(::stat(rows(id).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(key(id).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ConversationsTest, TheyAreSortedByTime) {
  const std::string later = write({"b"}, kNow + 1);
  const std::string sooner = write({"a"}, kNow);
  EXPECT_EQ(Conversations::ids(folder()), (Rows{sooner, later}));
  EXPECT_TRUE(Conversations::written_at(folder(), later));
  EXPECT_FALSE(Conversations::written_at(folder(), "none"));
}

TEST_F(ConversationsTest, EveryChangedByteIsFound) {
  const std::string id = write({"abc", "defg"});
  for (const auto& path : {rows(id), key(id)}) {
    const std::string raw = read_file(path, kFileBytesMax).value();
    for (std::size_t i = 0; i < raw.size(); ++i) {
      std::string changed = raw;
      changed[i] = static_cast<char>(changed[i] ^ 1);
      ASSERT_TRUE(write_file(path, changed).ok());
      const auto read = conversations_.read(id);
      // A changed length makes of the rest a row that was cut short: fewer rows, never others.
      if (read.ok()) {
        EXPECT_LT(read->size(), 2u) << path << " byte " << i;
      } else {
        EXPECT_EQ(read.error().code(), ErrorCode::kCorrupt) << path << " byte " << i;
      }
    }
    ASSERT_TRUE(write_file(path, raw).ok());
  }
  EXPECT_EQ(conversations_.read(id)->size(), 2u);
}

TEST_F(ConversationsTest, RowsCannotChangePlaces) {
  const std::string id = write({"abc", "def"});
  const std::string raw = read_file(rows(id), kFileBytesMax).value();
  const std::size_t row = (raw.size() - 12) / 2;
  ASSERT_TRUE(
      write_file(rows(id), raw.substr(0, 12) + raw.substr(12 + row) + raw.substr(12, row)).ok());
  EXPECT_EQ(conversations_.read(id).error().code(), ErrorCode::kCorrupt);
  const std::string other = write({"abc", "def"});
  ASSERT_TRUE(write_file(rows(id), read_file(rows(other), kFileBytesMax).value()).ok());
  EXPECT_EQ(conversations_.read(id).error().code(), ErrorCode::kCorrupt);
}

TEST_F(ConversationsTest, WhatACrashCutShortIsNoRow) {
  const std::string id = write({"abc", "defg"});
  const std::string raw = read_file(rows(id), kFileBytesMax).value();
  ASSERT_TRUE(write_file(rows(id), raw.substr(0, raw.size() - 1)).ok());
  EXPECT_EQ(conversations_.read(id).value(), Rows{"abc"});
}

// A copy of the rows and of the folder's key, kept from before, does not help.
TEST_F(ConversationsTest, WhatIsForgottenIsLost) {
  const std::string id = write({"abc"});
  const std::string raw = read_file(rows(id), kFileBytesMax).value();
  std::filesystem::create_hard_link(key(id), folder_.path() / "link");
  ASSERT_TRUE(Conversations::forget(folder(), id).ok());
  EXPECT_EQ(Conversations::ids(folder()), Rows{});
  ASSERT_TRUE(write_file(rows(id), raw).ok());
  EXPECT_EQ(conversations_.read(id).error().code(), ErrorCode::kNotFound);
  // What was on the disk was overwritten: another name of the file shows it.
  std::filesystem::rename(folder_.path() / "link", key(id));
  EXPECT_EQ(conversations_.read(id).error().code(), ErrorCode::kCorrupt);
  EXPECT_TRUE(Conversations::forget(folder(), "none").ok());
}

TEST_F(ConversationsTest, AnotherMasterKeyOpensNothing) {
  const std::string id = write({"abc"});
  const Conversations others(folder(), SealKey::random().value());
  EXPECT_EQ(others.read(id).error().code(), ErrorCode::kCorrupt);
}

TEST_F(ConversationsTest, ALostKeyIsNamed) {
  const std::filesystem::path file = folder_.path() / "seal.key";
  std::filesystem::rename(file, folder_.path() / "old");
  auto lost = open_state_key(folder_.path());
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().code(), ErrorCode::kVerification);
  EXPECT_NE(lost.error().message().find("is gone: histories"), std::string::npos);
  ASSERT_TRUE(SealKey::load_or_create(file).ok());
  lost = open_state_key(folder_.path());
  ASSERT_FALSE(lost.ok());
  EXPECT_NE(lost.error().message().find("is another one"), std::string::npos);
  EXPECT_NE(lost.error().message().find("; put the old key back, or"), std::string::npos);
  std::filesystem::rename(folder_.path() / "old", file);
  EXPECT_TRUE(open_state_key(folder_.path()).ok());
  std::filesystem::remove(file);
  ASSERT_TRUE(accept_state_key(folder_.path()).ok());
  EXPECT_TRUE(open_state_key(folder_.path()).ok());
}

}  // namespace
}  // namespace hearth

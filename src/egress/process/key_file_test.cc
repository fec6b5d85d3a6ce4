// SPDX-License-Identifier: Apache-2.0
#include "egress/process/key_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "base/test_folder.h"

namespace hearth {
namespace {

class KeyFile : public testing::Test {
 protected:
  Result<std::string_view> read(std::string_view content, mode_t mode = 0600) {
    std::ofstream(path_) << content;
    ::chmod(path_.c_str(), mode);
    return read_key_file(path_, memory_);
  }
  void expect_refusal(const Result<std::string_view>& key, ErrorCode code,
                      std::string_view fragment) {
    ASSERT_FALSE(key.ok());
    EXPECT_EQ(key.error().code(), code);
    EXPECT_NE(key.error().message().find(fragment), std::string::npos) << key.error().message();
    EXPECT_NE(key.error().message().find("; "), std::string::npos);
  }

  TestFolder folder_;
  std::filesystem::path path_ = folder_.path() / "edge.key";
  LockedBytes memory_;
};

TEST_F(KeyFile, IsOneWordWithoutWhatStandsAroundIt) {
  const auto key = read(" sk-test_1.2~3\r\n\n");
  ASSERT_TRUE(key.ok());
  EXPECT_EQ(*key, "sk-test_1.2~3");
}

TEST_F(KeyFile, IsRefusedWhereOthersMayUseIt) {
  for (const mode_t mode : {0640, 0604, 0620, 0666, 0610}) {
    expect_refusal(read("sk-secret", mode), ErrorCode::kUsage, "chmod 600");
  }
  EXPECT_TRUE(read("sk-secret", 0400).ok());
}

TEST_F(KeyFile, OfAnotherUserIsRefused) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_TRUE(read("sk-secret").ok());
  ASSERT_EQ(::chown(path_.c_str(), 12345, 12345), 0);
  expect_refusal(read_key_file(path_, memory_), ErrorCode::kUsage, "another user");
}

TEST_F(KeyFile, HoldsNothingThatCouldEndAHeader) {
  for (const std::string_view content :
       {"sk-secret\nX-Evil: 1", "two words", "sk-secr\xc3\xa9t", "sk\rsecret", "sk\x01secret"}) {
    const auto key = read(content);
    expect_refusal(key, ErrorCode::kCorrupt, "one word");
    EXPECT_EQ(key.error().message().find("secret"), std::string::npos);
  }
  expect_refusal(read(std::string_view("sk\0x", 4)), ErrorCode::kCorrupt, "one word");
}

TEST_F(KeyFile, EmptyTooLongOrAbsentIsSaidSo) {
  expect_refusal(read(" \n"), ErrorCode::kCorrupt, "is empty");
  EXPECT_TRUE(read(std::string(kKeyBytesMax, 'k')).ok());
  expect_refusal(read(std::string(kKeyBytesMax + 1, 'k')), ErrorCode::kCorrupt, "longer than");
  expect_refusal(read_key_file(folder_.path() / "none", memory_), ErrorCode::kNotFound, "none");
  expect_refusal(read_key_file(folder_.path(), memory_), ErrorCode::kUsage, "is a folder");
}

}  // namespace
}  // namespace hearth

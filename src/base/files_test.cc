// SPDX-License-Identifier: Apache-2.0
#include "base/files.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>

#include "base/test_folder.h"

namespace hearth {
namespace {

TEST(Files, WriteThenReadThenMap) {
  const TestFolder folder;
  const auto path = folder.path() / "file";
  ASSERT_TRUE(write_file(path, "hello").ok());
  EXPECT_EQ(read_file(path, 100).value(), "hello");
  EXPECT_EQ(read_file(path, 4).error().code(), ErrorCode::kUsage);
  const auto mapped = MappedFile::open(path);
  ASSERT_TRUE(mapped.ok());
  EXPECT_EQ(std::memcmp(mapped->bytes().data(), "hello", 5), 0);
  ASSERT_TRUE(write_file(path, "replaced").ok());
  EXPECT_EQ(read_file(path, 100).value(), "replaced");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1)
      << "no temporary file is left";
}

TEST(Files, PiecesAreWrittenOneBehindTheOther) {
  const TestFolder folder;
  const auto path = folder.path() / "file";
  ASSERT_TRUE(write_file(path, {"he", "", "llo"}).ok());
  EXPECT_EQ(read_file(path, 100).value(), "hello");
}

TEST(Files, OnlyTheOwnerReadsWhatIsForHim) {
  namespace fs = std::filesystem;
  const TestFolder folder;
  const auto path = folder.path() / "file";
  ASSERT_TRUE(write_file(path, "hello").ok());
  EXPECT_NE(fs::status(path).permissions() & fs::perms::others_read, fs::perms::none);
  ASSERT_TRUE(write_file(path, "hello", FileReaders::kOwner).ok());
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST(Files, AFileWrittenAnewIsAnother) {
  const TestFolder folder;
  const auto path = folder.path() / "file";
  ASSERT_TRUE(write_file(path, "hello").ok());
  const auto first = MappedFile::open(path), second = MappedFile::open(path);
  EXPECT_EQ(std::memcmp(&first->identity(), &second->identity(), sizeof(FileIdentity)), 0);
  EXPECT_FALSE(first->on_huge_pages());
  ASSERT_TRUE(write_file(path, "hello").ok());
  const auto replaced = MappedFile::open(path);
  EXPECT_NE(first->identity().inode, replaced->identity().inode);
}

TEST(Files, BadPathsAreNamedWithCauseAndRemedy) {
  const TestFolder folder;
  const auto missing = MappedFile::open(folder.path() / "absent");
  EXPECT_EQ(missing.error().code(), ErrorCode::kNotFound);
  EXPECT_NE(missing.error().message().find("absent"), std::string::npos);
  EXPECT_EQ(MappedFile::open(folder.path()).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(MappedFile::open("/dev/null").error().code(), ErrorCode::kUsage);
  ASSERT_TRUE(write_file(folder.path() / "empty", "").ok());
  EXPECT_EQ(MappedFile::open(folder.path() / "empty").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(read_file(folder.path() / "empty", 10).value(), "");
  EXPECT_EQ(write_file("/proc/nothing/file", "x").error().code(), ErrorCode::kNotFound);
}

}  // namespace
}  // namespace hearth

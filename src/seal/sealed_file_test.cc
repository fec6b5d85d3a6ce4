// SPDX-License-Identifier: Apache-2.0
#include "seal/sealed_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <array>
#include <filesystem>
#include <string>

#include "base/files.h"
#include "base/test_folder.h"

namespace hearth {
namespace {

constexpr std::string_view kContext = "test of sealed files";
constexpr std::size_t kFileBytesMax = 1 << 20;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

class SealedFileTest : public testing::Test {
 protected:
  void seal(const std::vector<std::string>& messages) {
    auto writer = SealedWriter::create(folder_.path(), key_, kContext).value();
    for (const std::string& message : messages) ASSERT_TRUE(writer.write(bytes_of(message)).ok());
    ASSERT_TRUE(writer.publish(file_).ok());
  }
  Result<std::vector<std::string>> unseal(const std::vector<std::size_t>& sizes,
                                          std::string_view context = kContext) {
    HEARTH_ASSIGN(auto reader, SealedReader::open(file_, key_, context));
    std::vector<std::string> messages;
    for (const std::size_t size : sizes) {
      std::string message(size, '\0');
      HEARTH_TRY(reader.read(std::as_writable_bytes(std::span(message))));
      messages.push_back(message);
    }
    HEARTH_TRY(reader.finish());
    return messages;
  }

  TestFolder folder_;
  std::filesystem::path file_ = folder_.path() / "sealed";
  SealKey key_ = SealKey::load_or_create(folder_.path() / "key").value();
};

TEST_F(SealedFileTest, WhatWasSealedComesBackAndIsNotInTheFile) {
  const std::vector<std::string> messages = {"the quick brown fox", "", std::string(5000, 'x')};
  seal(messages);
  EXPECT_EQ(unseal({19, 0, 5000}).value(), messages);
  const std::string raw = read_file(file_, kFileBytesMax).value();
  EXPECT_EQ(raw.find("quick"), std::string::npos);
  EXPECT_EQ(raw.find("xxxx"), std::string::npos);
  struct stat info {};
  ASSERT_EQ(::stat(file_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(SealedFileTest, EveryChangedByteIsFound) {
  seal({"abc", "defg"});
  const std::string raw = read_file(file_, kFileBytesMax).value();
  for (std::size_t i = 0; i < raw.size(); ++i) {
    std::string changed = raw;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    ASSERT_TRUE(write_file(file_, changed).ok());
    EXPECT_FALSE(unseal({3, 4}).ok()) << "byte " << i;
  }
}

TEST_F(SealedFileTest, WhatIsMissingOrTooMuchIsFound) {
  seal({"abc", "defg"});
  const std::string raw = read_file(file_, kFileBytesMax).value();
  for (std::size_t size = 0; size < raw.size(); ++size) {
    ASSERT_TRUE(write_file(file_, raw.substr(0, size)).ok());
    EXPECT_EQ(unseal({3, 4}).error().code(), ErrorCode::kCorrupt) << size;
  }
  ASSERT_TRUE(write_file(file_, raw + "x").ok());
  EXPECT_EQ(unseal({3, 4}).error().code(), ErrorCode::kCorrupt);
  ASSERT_TRUE(write_file(file_, raw).ok());
  EXPECT_EQ(unseal({3}).error().code(), ErrorCode::kCorrupt);        // one message is left
  EXPECT_EQ(unseal({3, 4, 0}).error().code(), ErrorCode::kCorrupt);  // the end is no message
  EXPECT_TRUE(unseal({3, 4}).ok());
}

TEST_F(SealedFileTest, AnotherKeyAnotherPurposeAnotherVersion) {
  seal({"abc"});
  EXPECT_EQ(unseal({3}, "something else").error().code(), ErrorCode::kCorrupt);
  const SealKey mine = key_;
  key_ = SealKey::load_or_create(folder_.path() / "other").value();
  EXPECT_EQ(unseal({3}).error().code(), ErrorCode::kCorrupt);
  key_ = mine;
  std::string raw = read_file(file_, kFileBytesMax).value();
  raw[8] = 2;
  ASSERT_TRUE(write_file(file_, raw).ok());
  EXPECT_EQ(unseal({3}).error().code(), ErrorCode::kUnsupported);
}

TEST(SealKey, IsMadeOnceAndForItsOwnerOnly) {
  const TestFolder folder;
  const auto path = folder.path() / "new" / "key";
  const SealKey made = SealKey::load_or_create(path).value();
  struct stat info {};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const SealKey again = SealKey::load_or_create(path).value();
  EXPECT_TRUE(std::equal(made.bytes().begin(), made.bytes().end(), again.bytes().begin()));
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  EXPECT_EQ(SealKey::load_or_create(path).error().code(), ErrorCode::kUnavailable);
  ASSERT_EQ(::chmod(path.c_str(), 0600), 0);
  std::filesystem::resize_file(path, 31);
  EXPECT_EQ(SealKey::load_or_create(path).error().code(), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace hearth

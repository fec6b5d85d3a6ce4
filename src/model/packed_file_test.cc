// SPDX-License-Identifier: Apache-2.0
#include "model/packed_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <random>
#include <vector>

#include "base/test_folder.h"

namespace hearth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kTrailerBytes = 48;

std::vector<std::byte> random_weights(std::size_t bytes) {
  std::mt19937 random(1);
  std::vector<std::byte> weights(bytes);
  for (std::byte& byte : weights) byte = static_cast<std::byte>(random());
  return weights;
}

int file_count(const fs::path& folder) {
  return static_cast<int>(std::distance(fs::directory_iterator(folder), {}));
}

// Three checksummed blocks and a bit.
class PackedFileTest : public testing::Test {
 protected:
  Result<void> write() { return PackedFile::write(folder_.path(), identity_, weights_, *pool_); }
  Result<PackedFile> open(const PackedIdentity& identity) {
    return PackedFile::open(folder_.path(), identity, *pool_);
  }
  fs::path path() const { return folder_.path() / PackedFile::name(identity_); }
  std::vector<std::byte> file() const {
    const std::string text = read_file(path(), 1 << 24).value();
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
  }
  void expect_refused(std::span<const std::byte> file, std::string_view why) {
    const auto checked = PackedFile::check(file, identity_, *pool_);
    ASSERT_FALSE(checked.ok()) << why;
    EXPECT_EQ(checked.error().code(), ErrorCode::kCorrupt);
    EXPECT_NE(checked.error().message().find(why), std::string::npos) << checked.error().message();
  }

  TestFolder folder_;
  std::unique_ptr<ThreadPool> pool_ = ThreadPool::create(2).value();
  std::vector<std::byte> weights_ = random_weights((3 << 20) + 100);
  PackedIdentity identity_{.source = 0xab, .plan = 7, .bytes = weights_.size()};
};

TEST_F(PackedFileTest, WhatWasWrittenIsMapped) {
  ASSERT_TRUE(write().ok());
  EXPECT_EQ(path().filename(), "ab.panels");
  EXPECT_EQ(file_count(folder_.path()), 1);
  pool_ = ThreadPool::create(3).value();
  const auto opened = open(identity_);
  ASSERT_TRUE(opened.ok()) << opened.error().message();
  EXPECT_TRUE(std::ranges::equal(opened->weights(), weights_));
  std::vector<std::byte> moved(weights_.size());
  opened->move_to(moved.data(), *pool_);
  EXPECT_EQ(moved, weights_);
}

TEST_F(PackedFileTest, AbsentIsNotFound) {
  EXPECT_EQ(open(identity_).error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(PackedFile::open("/proc/nothing", identity_, *pool_).error().code(),
            ErrorCode::kNotFound);
}

TEST_F(PackedFileTest, OfOtherWeightsOrAnotherVersion) {
  ASSERT_TRUE(write().ok());
  const PackedIdentity other_source{.source = 0xac, .plan = 7, .bytes = weights_.size()};
  EXPECT_EQ(open(other_source).error().code(), ErrorCode::kNotFound);
  fs::copy_file(path(), folder_.path() / PackedFile::name(other_source));
  EXPECT_EQ(open(other_source).error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(open({.source = 0xab, .plan = 8, .bytes = weights_.size()}).error().code(),
            ErrorCode::kCorrupt);
  EXPECT_EQ(open({.source = 0xab, .plan = 7, .bytes = weights_.size() - 1}).error().code(),
            ErrorCode::kCorrupt);
  std::vector<std::byte> changed = file();
  changed[weights_.size() + 8] ^= std::byte{3};  // the version
  expect_refused(changed, "another version");
}

TEST_F(PackedFileTest, AnyDamageIsFound) {
  ASSERT_TRUE(write().ok());
  std::vector<std::byte> changed = file();
  ASSERT_EQ(changed.size(), weights_.size() + kTrailerBytes);
  std::vector<std::size_t> places = {0, 1 << 20, (2 << 20) - 1, weights_.size() - 1};
  for (std::size_t i = 0; i < kTrailerBytes; ++i) places.push_back(weights_.size() + i);
  for (const std::size_t at : places) {
    changed[at] ^= std::byte{1};
    expect_refused(changed, "the file is");
    changed[at] ^= std::byte{1};
  }
  std::swap_ranges(changed.begin(), changed.begin() + (1 << 20), changed.begin() + (1 << 20));
  expect_refused(changed, "damaged");
}

TEST_F(PackedFileTest, CutShortOrTooLong) {
  ASSERT_TRUE(write().ok());
  std::vector<std::byte> bytes = file();
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{47}, kTrailerBytes, weights_.size(), bytes.size() - 1}) {
    expect_refused(std::span(bytes).first(size), "cut short");
  }
  bytes.push_back(std::byte{0});
  expect_refused(bytes, "of other weights");
}

TEST_F(PackedFileTest, AFolderIsBounded) {
  const fs::path other = fs::path(folder_.path()) / "notes.txt";  // somebody else's, and old
  std::ofstream(other) << "mine";
  fs::last_write_time(other, fs::file_time_type::clock::now() - std::chrono::hours(100));
  for (uint64_t source = 1; source <= PackedFile::kFilesMax + 2; ++source) {
    identity_.source = source;
    ASSERT_TRUE(write().ok());
    // Time stamps are as coarse as the kernel's tick.
    fs::last_write_time(path(), fs::file_time_type::clock::now() - std::chrono::hours(20 - source));
  }
  identity_.source = 99;
  ASSERT_TRUE(write().ok());
  EXPECT_TRUE(fs::remove(other));
  EXPECT_EQ(file_count(folder_.path()), static_cast<int>(PackedFile::kFilesMax));
  EXPECT_TRUE(open(identity_).ok());
  identity_.source = PackedFile::kFilesMax + 2;
  EXPECT_TRUE(open(identity_).ok());
  identity_.source = 3;
  EXPECT_EQ(open(identity_).error().code(), ErrorCode::kNotFound);
}

// A disk that has no room for it: nothing half-written is left, and what was there stays.
TEST_F(PackedFileTest, FullDisk) {
  ASSERT_TRUE(write().ok());
  const std::vector<std::byte> before = file();
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &old_limit), 0);
  rlimit limit = old_limit;
  limit.rlim_cur = 1 << 20;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &limit), 0);
  const auto written = write();
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &old_limit), 0);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(written.error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(file_count(folder_.path()), 1);
  EXPECT_EQ(file(), before);
}

}  // namespace
}  // namespace hearth

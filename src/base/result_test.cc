// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

#include <gtest/gtest.h>

#include <memory>

#include "base/status_codes.h"

namespace hearth {
namespace {

Result<int> positive(int number) {
  if (number <= 0) return Error(ErrorCode::kUsage, "number: not positive; give a larger one");
  return number;
}

Result<int> doubled(int number) {
  HEARTH_ASSIGN(const int value, positive(number));
  return value * 2;
}

Result<void> accept(int number) {
  HEARTH_TRY(positive(number));
  return {};
}

TEST(Result, CarriesValueOrError) {
  EXPECT_EQ(doubled(4).value(), 8);
  EXPECT_EQ(doubled(-1).error().code(), ErrorCode::kUsage);
  EXPECT_TRUE(accept(1).ok());
  EXPECT_FALSE(accept(0).ok());
  Result<std::unique_ptr<int>> moved = std::make_unique<int>(7);
  EXPECT_EQ(*std::move(moved).value(), 7);
}

TEST(Result, ContextStandsInFront) {
  const Error error = Error(ErrorCode::kCorrupt, "bad magic").with_context("model.gguf");
  EXPECT_EQ(error.message(), "model.gguf: bad magic");
}

TEST(StatusCodes, FollowTheCommandContract) {
  EXPECT_EQ(exit_status(ErrorCode::kInternal), 1);
  EXPECT_EQ(exit_status(ErrorCode::kUsage), 2);
  EXPECT_EQ(exit_status(ErrorCode::kNotFound), 3);
  EXPECT_EQ(exit_status(ErrorCode::kCorrupt), 4);
  EXPECT_EQ(exit_status(ErrorCode::kUnsupported), 5);
  EXPECT_EQ(exit_status(ErrorCode::kRefused), 6);
  EXPECT_EQ(exit_status(ErrorCode::kUnavailable), 7);
  EXPECT_EQ(exit_status(ErrorCode::kDeadline), 8);
  EXPECT_EQ(exit_status(ErrorCode::kVerification), 9);
  EXPECT_EQ(exit_status(ErrorCode::kCancelled), 130);
  EXPECT_EQ(code_name(ErrorCode::kCancelled), "cancelled");
  EXPECT_EQ(http_status(ErrorCode::kUsage), 400);
}

}  // namespace
}  // namespace hearth

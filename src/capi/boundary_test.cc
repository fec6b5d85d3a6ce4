// SPDX-License-Identifier: Apache-2.0
#include "capi/boundary.h"

#include <gtest/gtest.h>

#include <new>
#include <stdexcept>
#include <string>
#include <thread>

#include "base/status_codes.h"
#include "base/thread_pool.h"
#include "base/utf8.h"
#include "capi/handles.h"

namespace hearth::capi {
namespace {

Error error_of(ErrorCode code) { return Error(code, "thing: cause; remedy"); }

TEST(Boundary, StatusesAreTheExitStatuses) {
  const std::pair<ErrorCode, hearth_status> pairs[] = {
      {ErrorCode::kInternal, HEARTH_INTERNAL},         {ErrorCode::kUsage, HEARTH_USAGE},
      {ErrorCode::kNotFound, HEARTH_NOT_FOUND},        {ErrorCode::kCorrupt, HEARTH_CORRUPT},
      {ErrorCode::kUnsupported, HEARTH_UNSUPPORTED},   {ErrorCode::kRefused, HEARTH_REFUSED},
      {ErrorCode::kUnavailable, HEARTH_UNAVAILABLE},   {ErrorCode::kDeadline, HEARTH_DEADLINE},
      {ErrorCode::kVerification, HEARTH_VERIFICATION}, {ErrorCode::kCancelled, HEARTH_CANCELLED}};
  for (const auto& [code, status] : pairs) {
    EXPECT_EQ(at_boundary([&]() -> Result<void> { return error_of(code); }), status);
    EXPECT_EQ(exit_status(code), status);
    EXPECT_EQ(code_name(code), hearth_status_name(status));
  }
  EXPECT_EQ(at_boundary([]() -> Result<void> { return {}; }), HEARTH_OK);
}

TEST(Boundary, NothingThatIsThrownLeaves) {
  EXPECT_EQ(at_boundary([]() -> Result<void> { throw std::bad_alloc(); }), HEARTH_UNAVAILABLE);
  EXPECT_STREQ(last_error(), "memory: there is no more; free some, or ask for less");
  EXPECT_EQ(at_boundary([]() -> Result<void> { throw std::length_error("too long"); }),
            HEARTH_INTERNAL);
  EXPECT_STREQ(last_error(), "internal: too long; please report it");
  EXPECT_EQ(at_boundary([]() -> Result<void> { throw 7; }), HEARTH_INTERNAL);
}

TEST(Boundary, AFailedCheckIsAStatus) {
  const auto failing = [](int number) { HEARTH_CHECK(number == 4); };
  EXPECT_EQ(at_boundary([&]() -> Result<void> {
              failing(3);
              return {};
            }),
            HEARTH_INTERNAL);
  EXPECT_NE(std::string(last_error()).find("number == 4 does not hold"), std::string::npos);
  EXPECT_DEATH(failing(3), "internal error: number == 4 does not hold");  // outside of a call
}

// The other threads of a pool cannot be unwound, so a process whose pool threw has to end.
TEST(Boundary, AFailedCheckInAPoolEndsTheProcess) {
  EXPECT_DEATH(static_cast<void>(at_boundary([]() -> Result<void> {
                 const auto pool = ThreadPool::create(2).value();
                 pool->run([](int thread) { HEARTH_CHECK(thread != 0); });
                 return {};
               })),
               "");
}

TEST(Boundary, ErrorsBelongToTheirThread) {
  EXPECT_EQ(at_boundary([]() -> Result<void> { return usage("mine: is wrong"); }), HEARTH_USAGE);
  std::thread([] {
    EXPECT_STREQ(last_error(), "");
    EXPECT_EQ(at_boundary([]() -> Result<void> { return usage("other: is wrong"); }), HEARTH_USAGE);
    EXPECT_STREQ(last_error(), "other: is wrong");
  }).join();
  EXPECT_STREQ(last_error(), "mine: is wrong");
}

TEST(Boundary, LongErrorsEndBetweenCharacters) {
  for (int lead = 0; lead < 3; ++lead) {
    std::string message(static_cast<std::size_t>(lead), 'x');
    while (message.size() < 2000) message += "€";
    EXPECT_EQ(at_boundary([&]() -> Result<void> { return usage(message); }), HEARTH_USAGE);
    const std::string told = last_error();
    EXPECT_GE(told.size(), std::size_t{HEARTH_ERROR_BYTES_MAX - 4});
    EXPECT_LT(told.size(), std::size_t{HEARTH_ERROR_BYTES_MAX});
    EXPECT_EQ(message.substr(0, told.size()), told);
    EXPECT_EQ(incomplete_utf8_suffix(told), 0u);
  }
}

TEST(Handles, AreNeverUsedTwice) {
  const auto object = std::make_shared<int>(1);
  void* const first = add_handle(HandleKind::kModel, object);
  EXPECT_EQ(find_handle(HandleKind::kModel, first), object);
  EXPECT_EQ(find_handle(HandleKind::kSession, first), nullptr);
  EXPECT_EQ(take_handle(HandleKind::kSession, first), nullptr);
  EXPECT_EQ(count_handles(), 1u);
  EXPECT_EQ(take_handle(HandleKind::kModel, first), object);
  EXPECT_EQ(find_handle(HandleKind::kModel, first), nullptr);
  EXPECT_EQ(take_handle(HandleKind::kModel, first), nullptr);
  void* const second = add_handle(HandleKind::kModel, object);
  EXPECT_NE(second, first);
  EXPECT_EQ(find_handle(HandleKind::kModel, first), nullptr);
  take_handle(HandleKind::kModel, second);
  EXPECT_EQ(count_handles(), 0u);
  EXPECT_EQ(object.use_count(), 1);
}

}  // namespace
}  // namespace hearth::capi

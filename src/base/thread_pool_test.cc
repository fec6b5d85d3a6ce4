// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <thread>
#include <vector>

#include "base/clock.h"

namespace hearth {
namespace {

TEST(ThreadPool, RefusesImpossibleSizes) {
  EXPECT_EQ(ThreadPool::create(0).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(ThreadPool::create(100000).error().code(), ErrorCode::kUsage);
}

TEST(ThreadPool, RunsEveryThreadOnce) {
  for (const int threads : {1, 2, 5}) {
    auto pool = ThreadPool::create(threads).value();
    std::array<std::atomic<int>, 5> calls{};
    for (int round = 0; round < 100; ++round)
      pool->run([&](int thread) { ++calls[static_cast<size_t>(thread)]; });
    for (int thread = 0; thread < 5; ++thread)
      EXPECT_EQ(calls[static_cast<size_t>(thread)], thread < threads ? 100 : 0);
  }
}

TEST(ThreadPool, BarrierOrdersWritesBeforeReads) {
  constexpr int kThreads = 4;
  auto pool = ThreadPool::create(kThreads).value();
  std::array<int, kThreads> written{};
  std::atomic<int> wrong{0};
  pool->run([&](int thread) {
    for (int step = 1; step <= 500; ++step) {
      written[static_cast<size_t>(thread)] = step;
      pool->barrier();
      for (const int value : written) wrong += value != step;
      pool->barrier();
    }
  });
  EXPECT_EQ(wrong, 0);
}

// Beside twice as many busy threads as there are processors, whoever yielded at each barrier would
// wait for all of them each time: seconds for what takes milliseconds (thread_pool.h).
TEST(ThreadPool, MakesHeadwayBesideBusyThreads) {
  const int cpus = usable_cpu_count();
  if (cpus < 2) GTEST_SKIP() << "one processor: threads wait by sleeping at once";
  std::atomic<bool> done{false};
  std::vector<std::jthread> busy;
  for (int i = 0; i < 2 * cpus; ++i) {
    busy.emplace_back([&] {
      while (!done) {
      }
    });
  }
  auto pool = ThreadPool::create(2).value();
  std::array<double, 5> rounds_ms{};
  for (double& ms : rounds_ms) {
    const Stopwatch since;
    pool->run([&](int) {
      for (int step = 0; step < 150; ++step) {
        for (const Stopwatch work; work.elapsed_ms() < 0.02;) {
        }
        pool->barrier();
      }
    });
    ms = since.elapsed_ms();
  }
  done = true;
  std::sort(rounds_ms.begin(), rounds_ms.end());
  EXPECT_LT(rounds_ms[2], 400.0);
}

TEST(SplitRange, CoversAllWithoutOverlap) {
  for (const int parts : {1, 3, 7}) {
    std::int64_t next = 0;
    for (int part = 0; part < parts; ++part) {
      const auto [begin, end] = split_range(20, part, parts);
      EXPECT_EQ(begin, next);
      next = end;
    }
    EXPECT_EQ(next, 20);
  }
}

}  // namespace
}  // namespace hearth

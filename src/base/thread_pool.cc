// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <system_error>

#include "base/cpu_quota.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr int kThreadsMax = 256;
constexpr std::chrono::microseconds kSpinMax{50};

inline void pause_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Returns once `value` differs from `old`: where `spins`, spins at most kSpinMax; then sleeps in
// the kernel.
void wait_for_change(const std::atomic<int>& value, int old, bool spins) {
  if (spins) {
    const auto spin_until = std::chrono::steady_clock::now() + kSpinMax;
    do {
      for (int i = 0; i < 64; ++i) {
        if (value.load(std::memory_order_acquire) != old) return;
        pause_cpu();
      }
    } while (std::chrono::steady_clock::now() < spin_until);
  }
  while (value.load(std::memory_order_acquire) == old) value.wait(old, std::memory_order_acquire);
}

}  // namespace

int usable_cpu_count() {
  cpu_set_t mask;
  int count = sched_getaffinity(0, sizeof mask, &mask) == 0 ? CPU_COUNT(&mask) : 1;
  if (const auto quota = cpu_quota()) {
    count = static_cast<int>(std::min<double>(count, std::ceil(*quota)));
  }
  return std::clamp(count, 1, kThreadsMax);
}

void Barrier::arrive_and_wait() {
  if (thread_count_ == 1) return;
  const int generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == thread_count_) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.store(generation + 1, std::memory_order_release);
    generation_.notify_all();
  } else {
    wait_for_change(generation_, generation, spins_);
  }
}

Result<std::unique_ptr<ThreadPool>> ThreadPool::create(int thread_count) {
  if (thread_count < 1 || thread_count > kThreadsMax) {
    return Error(ErrorCode::kUsage, concat("threads: ", thread_count, " is outside 1 to ",
                                           kThreadsMax, "; choose another number of threads"));
  }
  std::unique_ptr<ThreadPool> pool(new ThreadPool(thread_count));
  try {
    for (int thread = 1; thread < thread_count; ++thread) {
      pool->workers_.emplace_back([raw = pool.get(), thread] { raw->work(thread); });
    }
  } catch (const std::system_error& error) {
    return Error(ErrorCode::kUnavailable,
                 concat("threads: cannot start ", thread_count, ": ", error.what(), "; use fewer"));
  }
  return pool;
}

ThreadPool::ThreadPool(int thread_count)
    : thread_count_(thread_count), barrier_(thread_count, thread_count <= usable_cpu_count()) {}

ThreadPool::~ThreadPool() {
  stopping_ = true;
  task_number_.fetch_add(1, std::memory_order_release);
  task_number_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(FunctionRef<void(int)> task) {
  task_ = &task;
  task_number_.fetch_add(1, std::memory_order_release);
  task_number_.notify_all();
  [&]() noexcept { task(0); }();  // unwinding would leave the others alone with a dead task
  barrier_.arrive_and_wait();
}

void ThreadPool::work(int thread) {
  for (int seen = 0;;) {
    wait_for_change(task_number_, seen, barrier_.spins());
    ++seen;
    if (stopping_) return;
    (*task_)(thread);
    barrier_.arrive_and_wait();
  }
}

}  // namespace hearth

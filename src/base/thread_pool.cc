// SPDX-License-Identifier: Apache-2.0
#include "base/thread_pool.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
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

// Sleeps while `value` is `old`, unless a wake() or a signal ends that. std::atomic::wait() would
// yield the processor four times first.
void sleep_while(std::atomic<int>& value, int old) {
  static_assert(sizeof value == sizeof(uint32_t) && std::atomic<int>::is_always_lock_free);
  syscall(SYS_futex, &value, FUTEX_WAIT_PRIVATE, old, nullptr, nullptr, 0);
}

void wake_all(std::atomic<int>& value) {
  syscall(SYS_futex, &value, FUTEX_WAKE_PRIVATE, std::numeric_limits<int>::max(), nullptr, nullptr,
          0);
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

void Signal::set(int value) {
  // In one order with sleepers_: either the sleeper sees the new value, or it is seen here.
  value_.store(value, std::memory_order_seq_cst);
  if (sleepers_.load(std::memory_order_seq_cst) > 0) wake_all(value_);
}

void Signal::wait_past(int old, bool spins) {
  if (spins) {
    const auto spin_until = std::chrono::steady_clock::now() + kSpinMax;
    do {
      for (int i = 0; i < 64; ++i) {
        if (value_.load(std::memory_order_acquire) != old) return;
        pause_cpu();
      }
    } while (std::chrono::steady_clock::now() < spin_until);
  }
  while (value_.load(std::memory_order_acquire) == old) {
    sleepers_.fetch_add(1, std::memory_order_seq_cst);
    sleep_while(value_, old);
    sleepers_.fetch_sub(1, std::memory_order_relaxed);
  }
}

void Barrier::arrive_and_wait() {
  if (thread_count_ == 1) return;
  const int generation = generation_.value();
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == thread_count_) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.set(generation + 1);
  } else {
    generation_.wait_past(generation, spins_);
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
  task_number_.set(task_number_.value() + 1);
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(FunctionRef<void(int)> task) {
  task_ = &task;
  task_number_.set(task_number_.value() + 1);
  [&]() noexcept { task(0); }();  // unwinding would leave the others alone with a dead task
  barrier_.arrive_and_wait();
}

void ThreadPool::work(int thread) {
  for (int seen = 0;;) {
    task_number_.wait_past(seen, barrier_.spins());
    ++seen;
    if (stopping_) return;
    (*task_)(thread);
    barrier_.arrive_and_wait();
  }
}

}  // namespace hearth

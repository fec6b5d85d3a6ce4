// SPDX-License-Identifier: Apache-2.0
// The one thread pool. A task runs on all threads at once (the caller is thread 0) and the threads
// meet at barriers inside it; that is how a forward pass is written: one task, a few barriers a
// layer.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"

namespace hearth {

// How many threads this process may keep busy: the affinity mask, cut by cpu_quota() rounded up. At
// least 1.
int usable_cpu_count();

// A number that threads wait to see changed. Waiting spins for at most 50 microseconds, then
// sleeps; without `spins` it sleeps at once, as it must where threads wait for those that have no
// processor yet. It never yields: where others want the processor too, that costs a time slice of
// each of them, which a thread that slept does not wait for.
class Signal {
 public:
  int value() const { return value_.load(std::memory_order_relaxed); }

  // By one thread at a time. What it wrote before is visible to those who see the new value.
  void set(int value);
  // Returns once the value is another than `old`.
  void wait_past(int old, bool spins);

 private:
  std::atomic<int> value_{0};
  std::atomic<int> sleepers_{0};
};

// A meeting point of a fixed number of threads.
class Barrier {
 public:
  Barrier(int thread_count, bool spins) : thread_count_(thread_count), spins_(spins) {}

  bool spins() const { return spins_; }

  // Returns once all threads have arrived. What they wrote before is visible to all after.
  void arrive_and_wait();

 private:
  const int thread_count_;
  const bool spins_;
  alignas(64) std::atomic<int> arrived_{0};
  alignas(64) Signal generation_;
};

// Runs one task at a time; run() must not be called from two threads at once, nor from inside a
// task.
class ThreadPool {
 public:
  // Starts `thread_count` - 1 workers. Errors: kUsage (not within 1..256), kUnavailable (no more
  // threads).
  static Result<std::unique_ptr<ThreadPool>> create(int thread_count);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return thread_count_; }

  // Calls task(i) on every thread, i in [0, size()), and returns when all have returned. A task
  // must not throw: that ends the process.
  void run(FunctionRef<void(int)> task);

  // To be called by all threads of a running task, the same number of times.
  void barrier() { barrier_.arrive_and_wait(); }

 private:
  explicit ThreadPool(int thread_count);
  void work(int thread);

  const int thread_count_;
  Barrier barrier_;
  const FunctionRef<void(int)>* task_ = nullptr;
  bool stopping_ = false;           // written before, read after a new task_number_
  alignas(64) Signal task_number_;  // a change wakes the workers
  std::vector<std::thread> workers_;
};

// The part [begin, end) of `count` items that falls to `part` of `parts`; sizes differ by at most
// one.
inline std::pair<std::int64_t, std::int64_t> split_range(std::int64_t count, int part, int parts) {
  return {count * part / parts, count * (part + 1) / parts};
}

}  // namespace hearth

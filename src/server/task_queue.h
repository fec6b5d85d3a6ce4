// SPDX-License-Identifier: Apache-2.0
// Work that must not hold up the server's thread: loading models, reading requests, compiling
// grammars. Threading: push() from any thread.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace hearth {

class TaskQueue {
 public:
  explicit TaskQueue(int threads);
  ~TaskQueue();  // finishes what was pushed
  TaskQueue(const TaskQueue&) = delete;
  TaskQueue& operator=(const TaskQueue&) = delete;

  void push(std::function<void()> task);

 private:
  void work();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> tasks_;
  bool is_ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace hearth

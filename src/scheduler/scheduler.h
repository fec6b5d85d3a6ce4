// SPDX-License-Identifier: Apache-2.0
// Many answers at once by one model: continuous batching (Yu et al. 2022, "Orca"). Each pass of the
// model takes the next token of all answers that are being written and, in what room is left, a
// piece of a prompt (Agrawal et al. 2024, "Sarathi-Serve"), so that no answer waits for a long
// prompt of another. What was computed before is found again by its tokens (PrefixCache).
//
// An answer is the same, bit for bit, whatever else is being answered
// (docs/decisions/0006-same-answer.md).
//
// Ownership: borrows the engine, which nobody else may use meanwhile. Threading: submit() and
// stop() from any thread; the work is done by a thread of its own, which calls what requests hand
// it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/histogram.h"
#include "engine/engine.h"
#include "scheduler/prefix_cache.h"

namespace hearth {

// Counted up for as long as a process runs, by all schedulers that share it. Threading: any thread.
struct SchedulerMetrics {
  std::atomic<int64_t> passes = 0;
  std::atomic<int64_t> prompt_tokens = 0;  // evaluated
  std::atomic<int64_t> cached_tokens = 0;  // of prompts, found again
  std::atomic<int64_t> answer_tokens = 0;
  Histogram first_token;  // from the request to its first token
  Histogram token_gap;    // between two tokens of an answer
};

struct SchedulerOptions {
  int32_t answers_max = 16;  // written at once
  int32_t queue_max = 2048;  // requests that wait, beyond which they are refused
  int32_t context = 0;       // tokens of one request; 0: the model's own up to 8,192
  int64_t kv_tokens =
      0;  // of all together, what was kept of earlier ones included; 0: for 4 contexts
  double token_gap_ms =
      50.0;  // how long an answer may wait for its next token because of others' prompts
  std::shared_ptr<SchedulerMetrics> metrics = std::make_shared<SchedulerMetrics>();
  // Called on the working thread, if there are any: before it takes the first request, and when it
  // has ended the last one.
  std::function<void(PrefixCache&)> restore_prefixes = {};
  std::function<void(const PrefixCache&)> save_prefixes = {};
};

// What is asked, and who is told.
struct Request {
  std::vector<TokenId> prompt;
  GenerateOptions options;
  std::string client;          // who asks: clients get answers in turn
  Stopwatch since_asked = {};  // what times are counted from
  // Called on the scheduler's thread; neither may block or throw.
  std::function<void(std::string_view)> on_text;
  std::function<void(Result<Answer>)> on_end;  // once, last
};

// A snapshot.
struct SchedulerState {
  int32_t waiting = 0;
  int32_t running = 0;
  int32_t kv_pages_used = 0;  // of running answers and of what is kept
  int32_t kv_pages = 0;
};

class Scheduler {
 public:
  // Errors: kUnavailable (memory), kUsage (a context longer than the model's).
  static Result<std::unique_ptr<Scheduler>> create(Engine& engine, const SchedulerOptions& options);
  ~Scheduler();  // stop()
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  // Errors, at once: kUsage (what Session::generate() refuses), kUnavailable (the queue is full, or
  // it is stopping), kDeadline (it cannot be met). Otherwise on_end() says what became of it.
  Result<void> submit(Request request);
  // Calls `task` on the working thread, which then is the only one to use the engine: one between
  // two passes, in the order in which they came. It is handed the error where that will not be.
  void run(std::function<void(Result<void>)> task);
  // Takes no more requests, and returns once all are answered.
  void drain();
  // Ends all requests now; no callback is held any more once it returns.
  void stop();

  SchedulerState state() const;
  int32_t context() const { return context_; }
  // Of keys and values, once all pages have been used.
  uint64_t kv_bytes() const { return kv_bytes_; }
  int32_t answers_max() const { return options_.answers_max; }

 private:
  struct Running;
  Scheduler(Engine& engine, const SchedulerOptions& options, int32_t context,
            std::shared_ptr<KvPool> kv_pool, Workspace workspace);

  double ahead_ms() const;
  void work();
  void run_task();
  void end_interrupted();
  std::optional<Request> take_waiting();
  bool start_next();
  bool make_room(int32_t pages);
  void pause_last();
  void run_pass();
  void add_parts();
  int32_t prompt_room() const;
  void evaluate();
  void hand_out(std::span<float> logits);
  void end_for(Running& running, FinishReason reason);
  void end(Running& running, Result<Answer> answer);
  void end_all(const Error& error);
  void forget_ended();
  void count_tokens(Running& running, const BatchPart& part, std::size_t drawn);
  void update_state();

  Engine* engine_;
  const SchedulerOptions options_;
  const int32_t context_;
  const uint64_t kv_bytes_;

  // Of the working thread.
  std::shared_ptr<KvPool> kv_pool_;
  Workspace workspace_;
  PrefixCache prefixes_;
  std::list<Running> running_;  // in the order in which they began
  std::list<Running> paused_;   // for lack of memory, the first one to go on first
  std::vector<BatchPart> parts_;
  std::vector<Running*> of_part_;  // [parts_]
  std::vector<float> logits_;
  std::vector<LogitBlock> blocks_;

  // Of all threads.
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Request> waiting_;
  std::deque<std::function<void(Result<void>)>> tasks_;
  bool is_busy_ = false;
  bool is_stopping_ = false;
  bool is_draining_ = false;
  SchedulerState state_;

  std::thread worker_;  // last: it uses all of the above
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "scheduler/scheduler.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/strings.h"
#include "engine/decoder.h"

namespace hearth {
namespace {

int32_t pages_of(int64_t tokens) {
  return static_cast<int32_t>((tokens + kKvPageTokens - 1) / kKvPageTokens);
}

// Guesses share passes with the other answers: with many of those they cost more than they bring.
std::size_t guesses_max(std::size_t running) {
  return running <= 1 ? static_cast<std::size_t>(NgramDrafter::kDraftMax) : running == 2 ? 3 : 0;
}

Error server_stops() {
  return Error(ErrorCode::kUnavailable, "server: is stopping; ask again later");
}

}  // namespace

// A request that is being answered.
struct Scheduler::Running {
  Running(Request asked, std::shared_ptr<KvPool> pool, ConstrainedVocabulary& vocabulary,
          int32_t context)
      : request(std::move(asked)),
        sequence(std::move(pool)),
        decoder(vocabulary, request.prompt, request.options,
                static_cast<std::size_t>(context) - request.prompt.size(), request.since_asked,
                request.on_text),
        adapters(AdapterKey::of(request.options.adapters)) {}

  // Tokens that are to be evaluated before those whose logits are wanted.
  std::size_t behind() const {
    return decoder.history().size() - 1 - static_cast<std::size_t>(sequence.length());
  }

  Request request;
  KvSequence sequence;
  Decoder decoder;
  AdapterKey adapters;
  int32_t cached = 0;
  double prefill_ms = 0;
  double last_token_ms = 0;  // when it was drawn, from the request on
  bool has_ended = false;
};

Result<std::unique_ptr<Scheduler>> Scheduler::create(Engine& engine,
                                                     const SchedulerOptions& options) {
  constexpr int32_t kContextsKept = 4;
  HEARTH_ASSIGN(const int32_t context, engine.context_tokens(options.context));
  const int64_t kv_tokens = options.kv_tokens == 0 ? int64_t{kContextsKept} * context
                                                   : std::max<int64_t>(options.kv_tokens, context);
  const Model& model = engine.model();
  HEARTH_ASSIGN(auto kv_pool, KvPool::create(model.config(), model.kv_type(), kv_tokens));
  HEARTH_ASSIGN(Workspace workspace, Workspace::create(model, engine.pool().size(), context));
  return std::unique_ptr<Scheduler>(
      new Scheduler(engine, options, context, std::move(kv_pool), std::move(workspace)));
}

Scheduler::Scheduler(Engine& engine, const SchedulerOptions& options, int32_t context,
                     std::shared_ptr<KvPool> kv_pool, Workspace workspace)
    : engine_(&engine),
      options_(options),
      context_(context),
      kv_bytes_(static_cast<uint64_t>(kv_pool->tokens_max()) / kKvPageTokens *
                kv_pool->page_bytes()),
      kv_pool_(kv_pool),
      workspace_(std::move(workspace)),
      prefixes_(std::move(kv_pool)),
      worker_([this] { work(); }) {}

Scheduler::~Scheduler() { stop(); }

void Scheduler::stop() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  if (worker_.joinable()) worker_.join();
}

Result<void> Scheduler::submit(Request request) {
  HEARTH_TRY(engine_->check_request(request.prompt, request.options, context_));
  {
    const std::lock_guard lock(mutex_);
    if (is_stopping_ || is_draining_) return server_stops();
    if (waiting_.size() >= static_cast<std::size_t>(options_.queue_max)) {
      return Error(ErrorCode::kUnavailable,
                   concat("queue: ", waiting_.size(), " requests wait already; ask again later"));
    }
    HEARTH_TRY(engine_->check_deadline(0, static_cast<int32_t>(request.prompt.size()), ahead_ms(),
                                       request.options.interruption.deadline));
    waiting_.push_back(std::move(request));
  }
  changed_.notify_all();
  return {};
}

void Scheduler::run(std::function<void(Result<void>)> task) {
  {
    const std::lock_guard lock(mutex_);
    if (!is_stopping_) {
      tasks_.push_back(std::move(task));
      changed_.notify_all();
      return;
    }
  }
  task(server_stops());
}

// Of prompts that wait.
double Scheduler::ahead_ms() const {
  if (!engine_->costs()) return 0.0;
  double ms = 0.0;
  for (const Request& request : waiting_)
    ms += engine_->costs()->prompt_ms(0, static_cast<int32_t>(request.prompt.size()));
  return ms;
}

void Scheduler::drain() {
  std::unique_lock lock(mutex_);
  is_draining_ = true;
  changed_.notify_all();
  changed_.wait(lock, [&] { return waiting_.empty() && !is_busy_; });
}

SchedulerState Scheduler::state() const {
  const std::lock_guard lock(mutex_);
  SchedulerState state = state_;
  state.waiting = static_cast<int32_t>(waiting_.size());
  return state;
}

// ---- the working thread ----

void Scheduler::work() {
  if (options_.restore_prefixes) options_.restore_prefixes(prefixes_);
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      is_busy_ = !running_.empty() || !paused_.empty();
      if (!is_busy_ && waiting_.empty()) changed_.notify_all();  // drain()
      changed_.wait(
          lock, [&] { return is_stopping_ || is_busy_ || !waiting_.empty() || !tasks_.empty(); });
      if (is_stopping_) break;
      is_busy_ = true;
    }
    run_task();
    end_interrupted();
    while (running_.size() < static_cast<std::size_t>(options_.answers_max) && start_next()) {
    }
    if (!running_.empty()) run_pass();
    update_state();
  }
  end_all(server_stops());
  if (options_.save_prefixes) options_.save_prefixes(prefixes_);
}

void Scheduler::run_task() {
  std::function<void(Result<void>)> task;
  {
    const std::lock_guard lock(mutex_);
    if (tasks_.empty()) return;
    task = std::move(tasks_.front());
    tasks_.pop_front();
  }
  task({});
}

void Scheduler::end_all(const Error& error) {
  for (auto* list : {&running_, &paused_}) {
    for (Running& running : *list) end(running, error);
    list->clear();
  }
  std::deque<Request> waiting;
  std::deque<std::function<void(Result<void>)>> tasks;
  {
    const std::lock_guard lock(mutex_);
    waiting.swap(waiting_);
    tasks.swap(tasks_);
  }
  for (Request& request : waiting) request.on_end(error);
  for (const auto& task : tasks) task(error);
}

// Ends what nobody wants any more, or not in time, wherever it stands.
void Scheduler::end_interrupted() {
  std::vector<std::pair<Request, ErrorCode>> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = waiting_.begin(); at != waiting_.end();) {
      const auto reason = at->options.interruption.reason();
      if (!reason) {
        ++at;
        continue;
      }
      ended.emplace_back(std::move(*at), *reason);
      at = waiting_.erase(at);
    }
  }
  for (auto& [request, reason] : ended) request.on_end(Interruption::error(reason));
  for (auto* list : {&running_, &paused_}) {
    for (Running& running : *list) {
      if (const auto reason = running.request.options.interruption.reason())
        end_for(running, finish_reason(*reason));
    }
  }
  forget_ended();
}

// Of the clients that wait the one with the fewest answers running, of its requests the first.
std::optional<Request> Scheduler::take_waiting() {
  const std::lock_guard lock(mutex_);
  std::map<std::string_view, int> answers;
  for (const Running& running : running_) ++answers[running.request.client];
  auto chosen = waiting_.end();
  for (auto at = waiting_.begin(); at != waiting_.end(); ++at) {
    if (chosen == waiting_.end() || answers[at->client] < answers[chosen->client]) chosen = at;
  }
  if (chosen == waiting_.end()) return std::nullopt;
  Request request = std::move(*chosen);
  waiting_.erase(chosen);
  return request;
}

// Begins, or goes on with, one more request. False: there is none, or no memory for it yet.
bool Scheduler::start_next() {
  if (paused_.empty()) {
    std::optional<Request> request = take_waiting();
    if (!request) return false;
    paused_.emplace_back(std::move(*request), kv_pool_, engine_->constrained_vocabulary(),
                         context_);
  }
  Running& next = paused_.front();
  const auto history = next.decoder.history();
  const std::vector<int32_t> known = prefixes_.find(history, next.adapters);
  next.sequence.share(known);
  // With room for some tokens more, or it would soon be paused again.
  const int64_t wanted = static_cast<int64_t>(history.size()) + kKvPageTokens;
  const int32_t more =
      pages_of(std::min<int64_t>(wanted, context_)) - static_cast<int32_t>(known.size());
  if (!make_room(more) && !running_.empty()) {
    next.sequence.truncate(0);
    return false;
  }
  if (next.prefill_ms == 0) {
    next.cached = next.sequence.length();
    options_.metrics->cached_tokens += next.cached;
  }
  running_.splice(running_.end(), paused_, paused_.begin());
  return true;
}

// Whether so many pages are free, once what is kept of earlier texts was dropped where it must.
bool Scheduler::make_room(int32_t pages) {
  if (kv_pool_->pages_free() >= pages) return true;
  if (kv_pool_->pages_free() + prefixes_.pages_droppable() < pages) return false;
  while (kv_pool_->pages_free() < pages) {
    if (!prefixes_.drop_one()) return false;
  }
  return true;
}

// Gives the memory of the request that began last to those before it; it goes on later.
void Scheduler::pause_last() {
  running_.back().sequence.truncate(0);
  paused_.splice(paused_.begin(), running_, std::prev(running_.end()));
}

void Scheduler::run_pass() {
  for (;;) {
    add_parts();
    int32_t pages = 0;
    for (const BatchPart& part : parts_) {
      pages += pages_of(int64_t{part.sequence.length()} + part.count()) -
               static_cast<int32_t>(part.sequence.pages().size());
    }
    if (make_room(pages)) break;
    if (running_.size() == 1) {  // not where the pool holds a whole context
      end(running_.front(),
          Error(ErrorCode::kUnavailable, "KV cache: is too small for this request; shorten it"));
      return forget_ended();
    }
    pause_last();
  }
  evaluate();
  forget_ended();
}

// What goes through the model next: of all answers their next token; then prompts, in the order in
// which they came, as far as there is room.
void Scheduler::add_parts() {
  parts_.clear();
  of_part_.clear();
  int32_t room = workspace_.tokens_max();
  const auto add = [&](Running& running, std::span<const TokenId> tokens, LogitRows rows) {
    parts_.push_back({running.sequence, tokens, rows, running.request.options.adapters});
    of_part_.push_back(&running);
    room -= static_cast<int32_t>(tokens.size());
  };
  for (Running& running : running_) {
    if (running.behind() > 0) continue;
    const auto chunk = running.decoder.chunk();
    add(running, chunk, chunk.size() == 1 ? LogitRows::kLast : LogitRows::kAll);
  }
  room = std::min(room, prompt_room());
  for (Running& running : running_) {
    if (running.behind() == 0 || room <= 0) continue;
    const auto rest =
        running.decoder.history().subspan(static_cast<std::size_t>(running.sequence.length()));
    // The last token's logits are wanted, unless guesses stand behind it: those come by themselves.
    const bool to_end =
        running.decoder.chunk().size() == 1 && rest.size() <= static_cast<std::size_t>(room);
    const std::size_t count = to_end ? rest.size() : std::min<std::size_t>(rest.size() - 1, room);
    add(running, rest.first(count), to_end ? LogitRows::kLast : LogitRows::kNone);
  }
}

// Tokens of prompts that a pass may take beside the answers' so that these do not wait too long.
int32_t Scheduler::prompt_room() const {
  constexpr int32_t kRoomMin = 16;
  const auto& costs = engine_->costs();
  if (parts_.empty() || !costs || costs->token_ms <= 0.0) return kForwardTokensMax;
  const double others_ms = costs->pass_ms + costs->token_ms * static_cast<double>(parts_.size());
  const double tokens = (options_.token_gap_ms - others_ms) / costs->token_ms;
  return std::clamp(static_cast<int32_t>(std::min<double>(tokens, kForwardTokensMax)), kRoomMin,
                    kForwardTokensMax);
}

void Scheduler::evaluate() {
  const auto vocabulary = static_cast<std::size_t>(engine_->model().config().vocabulary);
  std::size_t rows = 0;
  for (const BatchPart& part : parts_) rows += static_cast<std::size_t>(part.logit_rows());
  if (logits_.size() < rows * vocabulary) logits_.resize(rows * vocabulary);
  blocks_.resize(rows * (vocabulary / kLogitBlock));
  const std::span<float> logits = std::span(logits_).first(rows * vocabulary);
  const Result<void> done =
      forward(engine_->model(), engine_->pool(), workspace_, parts_, {logits, blocks_});
  if (!done.ok()) {
    for (Running* running : of_part_) end(*running, done.error());
    return;
  }
  hand_out(logits);
}

// Each answer's rows of logits to it.
void Scheduler::hand_out(std::span<float> logits) {
  const auto vocabulary = static_cast<std::size_t>(engine_->model().config().vocabulary);
  std::span<const LogitBlock> blocks = blocks_;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const BatchPart& part = parts_[i];
    Running& running = *of_part_[i];
    const auto rows = static_cast<std::size_t>(part.logit_rows());
    const std::size_t known = running.decoder.history().size();
    if (rows == 0) {
      count_tokens(running, part, 0);
      continue;
    }
    const auto row_blocks = rows * (vocabulary / kLogitBlock);
    if (running.prefill_ms == 0) {
      running.prefill_ms = running.request.since_asked.elapsed_ms();
      prefixes_.keep(running.decoder.history(), running.sequence, running.adapters);
    }
    running.decoder.limit_guesses(guesses_max(running_.size()));
    const auto ended =
        running.decoder.take(logits.first(rows * vocabulary), blocks.first(row_blocks));
    count_tokens(running, part, running.decoder.history().size() - known);
    logits = logits.subspan(rows * vocabulary);
    blocks = blocks.subspan(row_blocks);
    running.sequence.truncate(running.sequence.length() -
                              static_cast<int32_t>(running.decoder.wrong()));
    if (!ended.ok()) {
      end(running, ended.error());
    } else if (*ended) {
      end_for(running, **ended);
    }
  }
}

// The answer as it is; an error where there is none yet.
void Scheduler::end_for(Running& running, FinishReason reason) {
  Answer answer = running.decoder.finish(reason);
  if (answer.ids.empty() && reason == FinishReason::kDeadline)
    return end(running, Interruption::error(ErrorCode::kDeadline));
  if (answer.ids.empty() && reason == FinishReason::kCancelled)
    return end(running, Interruption::error(ErrorCode::kCancelled));
  answer.usage.cached_tokens = running.cached;
  answer.timings.prefill_ms = running.prefill_ms;
  if (!answer.ids.empty()) {
    answer.timings.decode_ms =
        running.request.since_asked.elapsed_ms() - answer.timings.first_token_ms;
  }
  end(running, std::move(answer));
}

void Scheduler::end(Running& running, Result<Answer> answer) {
  prefixes_.keep(running.decoder.history(), running.sequence, running.adapters);
  running.has_ended = true;
  running.request.on_end(std::move(answer));
}

void Scheduler::forget_ended() {
  const auto has_ended = [](const Running& running) { return running.has_ended; };
  running_.remove_if(has_ended);
  paused_.remove_if(has_ended);
}

// Before the part's first token, what a pass took in was of the prompt.
void Scheduler::count_tokens(Running& running, const BatchPart& part, std::size_t drawn) {
  SchedulerMetrics& metrics = *options_.metrics;
  if (running.last_token_ms == 0) metrics.prompt_tokens += part.count();
  if (drawn == 0) return;
  const double now_ms = running.request.since_asked.elapsed_ms();
  const auto count = static_cast<int64_t>(drawn);
  metrics.answer_tokens += count;
  if (running.last_token_ms == 0) {
    metrics.first_token.add(now_ms / 1e3);
  } else {
    metrics.token_gap.add((now_ms - running.last_token_ms) / 1e3 / static_cast<double>(drawn),
                          count);
  }
  running.last_token_ms = now_ms;
}

void Scheduler::update_state() {
  ++options_.metrics->passes;
  const std::lock_guard lock(mutex_);
  state_.running = static_cast<int32_t>(running_.size() + paused_.size());
  state_.kv_pages = pages_of(kv_pool_->tokens_max());
  state_.kv_pages_used = state_.kv_pages - kv_pool_->pages_free();
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_measure.h"

#include <algorithm>
#include <span>

#include "base/clock.h"
#include "base/statistics.h"
#include "base/strings.h"
#include "cli/interrupt.h"

namespace hearth {
namespace {

constexpr std::size_t kFillTokens = 512;  // of a session, between two looks for Ctrl-C

Result<void> stop_if_interrupted() {
  if (!InterruptScope::interrupted()) return {};
  return Error(ErrorCode::kCancelled, "bench: stopped");
}

// Sequences that are fed as a session is: the same tokens to all of them, in one pass.
class Sequences {
 public:
  // `count` sequences of up to `context` tokens, which take `adapters` in turn. Errors:
  // kUnavailable (memory).
  static Result<Sequences> create(Engine& engine, int32_t count, int32_t context,
                                  std::span<const AdapterUse> adapters) {
    const Model& model = engine.model();
    HEARTH_ASSIGN(Workspace workspace, Workspace::create(model, engine.pool().size(), context));
    const int64_t tokens_max = count * (int64_t{context} + kKvPageTokens - 1);  // in whole pages
    HEARTH_ASSIGN(const std::shared_ptr<KvPool> pool,
                  KvPool::create(model.config(), model.kv_type(), tokens_max));
    Sequences all(engine, std::move(workspace), adapters);
    for (int32_t i = 0; i < count; ++i) all.sequences_.emplace_back(pool);
    all.logits_.resize(all.sequences_.size() * static_cast<std::size_t>(model.config().vocabulary));
    return all;
  }

  // At most kForwardTokensMax / count tokens; computes the logits behind them.
  Result<void> feed(std::span<const TokenId> tokens) {
    std::vector<BatchPart> parts;
    for (KvSequence& sequence : sequences_) {
      const std::size_t turn = adapters_.empty() ? 0 : parts.size() % adapters_.size();
      parts.push_back({sequence, tokens, LogitRows::kLast,
                       adapters_.empty() ? adapters_ : adapters_.subspan(turn, 1)});
    }
    return forward(engine_->model(), engine_->pool(), workspace_, parts, {logits_});
  }
  void truncate(int32_t length) {
    for (KvSequence& sequence : sequences_) sequence.truncate(length);
  }
  Workspace& workspace() { return workspace_; }

 private:
  Sequences(Engine& engine, Workspace workspace, std::span<const AdapterUse> adapters)
      : engine_(&engine), workspace_(std::move(workspace)), adapters_(adapters) {}

  Engine* engine_;
  Workspace workspace_;
  std::span<const AdapterUse> adapters_;
  std::vector<KvSequence> sequences_;
  std::vector<float> logits_;  // [sequences][vocabulary]
};

// Fills a session or sequences up to their depth, which stays from one repetition to the next.
template <typename Fed>
Result<void> fill(Fed& session, std::span<const TokenId> tokens, std::size_t piece) {
  session.truncate(0);
  for (std::size_t at = 0; at < tokens.size(); at += piece) {
    HEARTH_TRY(stop_if_interrupted());
    HEARTH_TRY(session.feed(tokens.subspan(at, std::min(piece, tokens.size() - at))));
  }
  return {};
}

std::string test_name(std::string_view test, int32_t depth) {
  return depth == 0 ? std::string(test) : concat(test, "@d", depth);
}

void add(const PassWork& work, PassWork& sum) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += work[i];
}

// Behind `depth` tokens again: `pieces` fed one after the other, each one's time handed out.
template <typename Fed, typename Latency>
Result<void> feed_pieces(Fed& session, int32_t depth, std::span<const TokenId> tokens,
                         std::size_t piece, Latency latency) {
  session.truncate(depth);
  for (std::size_t at = 0; at < tokens.size(); at += piece) {
    HEARTH_TRY(stop_if_interrupted());
    const Stopwatch watch;
    HEARTH_TRY(session.feed(tokens.subspan(at, piece)));
    latency(watch.elapsed_ms());
  }
  return {};
}

// Repetitions of `tokens` in pieces of `piece`, and one more that looks at the operations.
template <typename Fed>
Result<void> measure(Fed& session, const BenchShape& shape, std::span<const TokenId> tokens,
                     std::size_t piece, Measured& measured) {
  std::vector<double> latencies_ms;
  for (int32_t i = 0; i < shape.repeat; ++i) {
    const Stopwatch watch;
    HEARTH_TRY(feed_pieces(session, shape.depth, tokens, piece,
                           [&](double ms) { latencies_ms.push_back(ms); }));
    measured.tokens_per_s.push_back(measured.tokens * 1000.0 / watch.elapsed_ms());
  }
  std::ranges::sort(measured.tokens_per_s);
  measured.latencies = {percentile(latencies_ms, 0.50), percentile(latencies_ms, 0.95),
                        percentile(latencies_ms, 0.99)};
  session.workspace().measure_operations(true);
  const Result<void> last = feed_pieces(session, shape.depth, tokens, piece, [](double) {});
  measured.operation_ms = session.workspace().operation_times();
  session.workspace().measure_operations(false);
  return last;
}

// `count` sequences read the weights together, and keys and values each for itself.
PassWork together(PassWork work, int32_t count) {
  for (Work& operation : work) operation.macs *= count;
  work[static_cast<std::size_t>(Operation::kAttention)].bytes *= count;
  return work;
}

template <typename Fed>
Result<Measured> measure_decoding(const Engine& engine, Fed& session, const BenchShape& shape,
                                  int32_t sequences) {
  const auto tokens = some_tokens(engine, shape.answer);
  const std::string company = sequences > 1 ? concat("x", sequences) : "";
  Measured measured{
      test_name(concat("tg", shape.answer, company), shape.depth), shape.answer * sequences, {}};
  HEARTH_TRY(session.feed(std::span(tokens).first(1)));
  HEARTH_TRY(measure(session, shape, tokens, 1, measured));
  for (int32_t at = 0; at < shape.answer; ++at) {
    add(together(work_of_pass(engine.model(), 1, shape.depth + at, 1), sequences), measured.work);
  }
  return measured;
}

}  // namespace

Result<Measured> measure_prompt(const Engine& engine, Session& session, const BenchShape& shape) {
  const auto tokens = some_tokens(engine, shape.prompt);
  Measured measured{test_name(concat("pp", shape.prompt), shape.depth), shape.prompt, {}};
  HEARTH_TRY(fill(session, some_tokens(engine, shape.depth), kFillTokens));
  HEARTH_TRY(session.feed(tokens));  // once unmeasured: page faults and clock frequencies settle
  HEARTH_TRY(measure(session, shape, tokens, tokens.size(), measured));
  for (int32_t at = 0; at < shape.prompt; at += session.workspace().tokens_max()) {
    const int32_t count = std::min(session.workspace().tokens_max(), shape.prompt - at);
    const int32_t logit_rows = at + count == shape.prompt ? 1 : 0;
    add(work_of_pass(engine.model(), count, shape.depth + at, logit_rows), measured.work);
  }
  return measured;
}

Result<Measured> measure_answer(const Engine& engine, Session& session, const BenchShape& shape) {
  HEARTH_TRY(fill(session, some_tokens(engine, shape.depth), kFillTokens));
  return measure_decoding(engine, session, shape, 1);
}

Result<Measured> measure_answers(Engine& engine, const BenchShape& shape,
                                 std::span<const AdapterUse> adapters) {
  HEARTH_ASSIGN(Sequences sequences,
                Sequences::create(engine, shape.sequences, shape.depth + shape.answer, adapters));
  HEARTH_TRY(
      fill(sequences, some_tokens(engine, shape.depth), kForwardTokensMax / shape.sequences));
  return measure_decoding(engine, sequences, shape, shape.sequences);
}

}  // namespace hearth

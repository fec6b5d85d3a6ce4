// SPDX-License-Identifier: Apache-2.0
#include "cli/bench_measure.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <span>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/interrupt.h"

namespace hearth {
namespace {

// The same ids every time.
std::vector<TokenId> some_tokens(const Engine& engine, int32_t count) {
  std::mt19937 random(1);
  std::uniform_int_distribution<TokenId> any(0, engine.tokenizer().vocab_size() - 1);
  std::vector<TokenId> tokens(static_cast<std::size_t>(count));
  for (TokenId& token : tokens) token = any(random);
  return tokens;
}

Result<void> stop_if_interrupted() {
  if (!InterruptScope::interrupted()) return {};
  return Error(ErrorCode::kCancelled, "bench: stopped");
}

// Fills the session up to `depth`, which stays from one repetition to the next.
Result<void> fill(Session& session, std::span<const TokenId> tokens) {
  session.truncate(0);
  constexpr std::size_t kPiece = 512;
  for (std::size_t at = 0; at < tokens.size(); at += kPiece) {
    HEARTH_TRY(stop_if_interrupted());
    HEARTH_TRY(session.feed(tokens.subspan(at, std::min(kPiece, tokens.size() - at))));
  }
  return {};
}

std::string test_name(std::string_view kind, int32_t tokens, int32_t depth) {
  return depth == 0 ? concat(kind, tokens) : concat(kind, tokens, "@d", depth);
}

void add(const PassWork& work, PassWork& sum) {
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i].macs += work[i].macs;
    sum[i].bytes += work[i].bytes;
  }
}

// Behind `depth` tokens again: `pieces` fed one after the other, each one's time handed out.
template <typename Latency>
Result<void> feed_pieces(Session& session, int32_t depth, std::span<const TokenId> tokens,
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
Result<void> measure(Session& session, const BenchShape& shape, std::span<const TokenId> tokens,
                     std::size_t piece, Measured& measured) {
  for (int32_t i = 0; i < shape.repeat; ++i) {
    const Stopwatch watch;
    HEARTH_TRY(feed_pieces(session, shape.depth, tokens, piece,
                           [&](double ms) { measured.latencies_ms.push_back(ms); }));
    measured.tokens_per_s.push_back(measured.tokens * 1000.0 / watch.elapsed_ms());
  }
  std::ranges::sort(measured.tokens_per_s);
  std::ranges::sort(measured.latencies_ms);
  session.workspace().measure_operations(true);
  const Result<void> last = feed_pieces(session, shape.depth, tokens, piece, [](double) {});
  measured.operation_ms = session.workspace().operation_times();
  session.workspace().measure_operations(false);
  return last;
}

}  // namespace

double percentile(const std::vector<double>& ascending, double share) {
  const double rank = std::ceil(share * static_cast<double>(ascending.size()));
  return ascending[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

Result<Measured> measure_prompt(const Engine& engine, Session& session, const BenchShape& shape) {
  const auto tokens = some_tokens(engine, shape.prompt);
  Measured measured{test_name("pp", shape.prompt, shape.depth), shape.prompt, {}, {}};
  HEARTH_TRY(fill(session, some_tokens(engine, shape.depth)));
  HEARTH_TRY(session.feed(tokens));  // once unmeasured: page faults and clock frequencies settle
  HEARTH_TRY(measure(session, shape, tokens, tokens.size(), measured));
  for (int32_t at = 0; at < shape.prompt; at += kForwardTokensMax) {
    const int32_t count = std::min(kForwardTokensMax, shape.prompt - at);
    const int32_t logit_rows = at + count == shape.prompt ? 1 : 0;
    add(work_of_pass(engine.model(), count, shape.depth + at, logit_rows), measured.work);
  }
  return measured;
}

Result<Measured> measure_answer(const Engine& engine, Session& session, const BenchShape& shape) {
  const auto tokens = some_tokens(engine, shape.answer);
  Measured measured{test_name("tg", shape.answer, shape.depth), shape.answer, {}, {}};
  HEARTH_TRY(fill(session, some_tokens(engine, shape.depth)));
  HEARTH_TRY(session.feed(std::span(tokens).first(1)));
  HEARTH_TRY(measure(session, shape, tokens, 1, measured));
  for (int32_t at = 0; at < shape.answer; ++at) {
    add(work_of_pass(engine.model(), 1, shape.depth + at, 1), measured.work);
  }
  return measured;
}

}  // namespace hearth

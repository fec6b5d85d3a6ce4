// SPDX-License-Identifier: Apache-2.0
// Session::generate(): a prompt's evaluation, then token after token.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/strings.h"
#include "base/utf8.h"
#include "engine/decoder.h"
#include "engine/engine.h"

namespace hearth {
namespace {

// Why evaluating ended the answer, if it did; errors of other kinds stay errors.
Result<std::optional<FinishReason>> finish_reason(const Result<void>& evaluated) {
  if (evaluated.ok()) return std::optional<FinishReason>();
  const ErrorCode code = evaluated.error().code();
  if (code != ErrorCode::kDeadline && code != ErrorCode::kCancelled) return evaluated.error();
  return std::optional(finish_reason(code));
}

Result<void> check_stops(std::span<const std::string> stops) {
  if (stops.size() > kStopsMax) {
    return Error(ErrorCode::kUsage, concat("stop: ", stops.size(), " strings are more than the ",
                                           kStopsMax, " that one request may have; give fewer"));
  }
  for (const std::string& stop : stops) {
    if (stop.empty())
      return Error(ErrorCode::kUsage, "stop: is empty; leave it out or give some text");
    if (stop.size() > kStopBytesMax) {
      return Error(ErrorCode::kUsage,
                   concat("stop: ", stop.size(), " bytes are more than the ", kStopBytesMax,
                          " that a stop string may have; give a shorter one"));
    }
    if (find_invalid_utf8(stop)) {
      return Error(ErrorCode::kUsage,
                   concat("stop: \"", printable(stop), "\" is not UTF-8; give text"));
    }
  }
  return {};
}

}  // namespace

Result<void> Engine::check_request(std::span<const TokenId> prompt, const GenerateOptions& options,
                                   int32_t context) const {
  HEARTH_TRY(check_prompt(prompt, context));
  HEARTH_TRY(options.sampling.validate(tokenizer_.vocab_size()));
  if (options.tokens_max < 0) {
    return Error(ErrorCode::kUsage, concat("tokens to generate: ", options.tokens_max,
                                           " is negative; give 1 or more, or 0 for no limit"));
  }
  if (options.alternatives < 0 || options.alternatives > kAlternativesMax) {
    return Error(ErrorCode::kUsage,
                 concat("alternatives: ", options.alternatives, " is outside 0 to ",
                        kAlternativesMax, "; choose another number"));
  }
  if (options.loop_limit < 0) {
    return Error(ErrorCode::kUsage, concat("loop limit: ", options.loop_limit,
                                           " is negative; give 1 or more, or 0 for none"));
  }
  HEARTH_TRY(check_adapters(*model_, options.adapters));
  return check_stops(options.stop);
}

Result<void> Engine::check_prompt(std::span<const TokenId> prompt, int32_t context) const {
  if (prompt.empty()) return Error(ErrorCode::kUsage, "prompt: is empty; give some text");
  if (prompt.size() < static_cast<std::size_t>(context)) return check_ids(prompt);
  const int32_t context_max = model_->config().context_max;
  return Error(
      ErrorCode::kUsage,
      concat("prompt: ", prompt.size(), " tokens ",
             prompt.size() > static_cast<std::size_t>(context)
                 ? "do not fit the context of "
                 : "leave no room for an answer in the context of ",
             context,
             context < context_max ? "; shorten it or use a larger context" : "; shorten it"));
}

// Of a prompt whose tokens at [begin, end) are to be evaluated, and other work before it. Refused
// is what would be late even if it took this share of what it should.
Result<void> Engine::check_deadline(int32_t begin, int32_t end, double ahead_ms,
                                    const Deadline& deadline) const {
  constexpr double kSureShare = 0.7;
  const auto left_ms = deadline.remaining_ms();
  if (!left_ms || !costs_) return {};
  const double expected_ms = ahead_ms + costs_->prompt_ms(begin, end);
  if (kSureShare * expected_ms <= *left_ms) return {};
  return Error(ErrorCode::kDeadline, concat("deadline: the prompt's ", end - begin,
                                            " tokens take about ", std::lround(expected_ms),
                                            " ms here and ", std::lround(std::max(*left_ms, 0.0)),
                                            " are left; allow more time or shorten the prompt"));
}

// Token after token from the logits after the prompt on, until something ends the answer.
Result<FinishReason> Session::decode(Decoder& decoder, const Interruption& interruption) {
  // Room for guesses at once: grown later, it would leave a hole.
  logits_.reserve(Decoder::kChunkMax * vocabulary());
  blocks_.reserve(Decoder::kChunkMax * row_blocks());
  for (;;) {
    const std::size_t rows = decoder.chunk().size();
    HEARTH_ASSIGN(const auto ended, decoder.take(std::span(logits_).first(rows * vocabulary()),
                                                 std::span(blocks_).first(rows * row_blocks())));
    truncate(static_cast<int32_t>(tokens_.size() - decoder.wrong()));
    if (ended) return *ended;
    const auto chunk = decoder.chunk();
    HEARTH_ASSIGN(
        const auto interrupted,
        finish_reason(
            evaluate(chunk, chunk.size() == 1 ? LogitRows::kLast : LogitRows::kAll, interruption)));
    if (interrupted) return *interrupted;
  }
}

Result<Answer> Session::generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                 FunctionRef<void(std::string_view)> sink) {
  const Stopwatch since_call;
  HEARTH_TRY(engine_->check_request(prompt, options, context_));
  Decoder decoder(engine_->constrained_vocabulary(), prompt, options,
                  static_cast<std::size_t>(context_) - prompt.size(), since_call, sink);
  HEARTH_TRY(use_adapters(options.adapters));
  const int32_t cached = reuse_prefix(prompt);
  const auto rest = prompt.subspan(static_cast<std::size_t>(cached));
  HEARTH_TRY(engine_->check_deadline(cached, static_cast<int32_t>(prompt.size()), 0.0,
                                     options.interruption.deadline));
  HEARTH_ASSIGN(std::optional<FinishReason> reason,
                finish_reason(prefill(rest, options.interruption)));
  const double prefill_ms = since_call.elapsed_ms();
  if (!reason) {
    HEARTH_ASSIGN(reason, decode(decoder, options.interruption));
  }
  Answer answer = decoder.finish(*reason);
  if (*reason == FinishReason::kDeadline && answer.text.empty()) {
    return Error(ErrorCode::kDeadline,
                 concat("deadline: passed before the first text, after ", tokens_.size(),
                        " tokens of which ", prompt.size(),
                        " are the prompt; allow more time or shorten the prompt"));
  }
  answer.usage.cached_tokens = cached;
  answer.timings.prefill_ms = prefill_ms;
  if (!answer.ids.empty())
    answer.timings.decode_ms = since_call.elapsed_ms() - answer.timings.first_token_ms;
  return answer;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Session::generate(): a prompt's evaluation, then token after token.
#include <algorithm>
#include <cmath>
#include <cstdint>

#include "base/strings.h"
#include "base/utf8.h"
#include "engine/answer_text.h"
#include "engine/engine.h"
#include "engine/loop_guard.h"
#include "engine/ngram_drafter.h"

namespace hearth {
namespace {

// What an answer says of work that was interrupted.
FinishReason finish_reason(ErrorCode interruption) {
  return interruption == ErrorCode::kDeadline ? FinishReason::kDeadline : FinishReason::kCancelled;
}

// Why evaluating ended the answer, if it did; errors of other kinds stay errors.
Result<std::optional<FinishReason>> finish_reason(const Result<void>& evaluated) {
  if (evaluated.ok()) return std::optional<FinishReason>();
  const ErrorCode code = evaluated.error().code();
  if (code != ErrorCode::kDeadline && code != ErrorCode::kCancelled) return evaluated.error();
  return std::optional(finish_reason(code));
}

bool is_valid_utf8(std::string_view text) {
  while (!text.empty()) {
    const Utf8Char next = decode_utf8(text);
    if (!next.valid) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
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
    if (!is_valid_utf8(stop)) {
      return Error(ErrorCode::kUsage,
                   concat("stop: \"", printable(stop), "\" is not UTF-8; give text"));
    }
  }
  return {};
}

// The special tokens whose texts are stop strings: such a text never shows in an answer, so the
// token itself must end it.
std::vector<TokenId> special_stops(const Tokenizer& tokenizer, std::span<const std::string> stops) {
  std::vector<TokenId> ids;
  for (const std::string& stop : stops) {
    if (const auto id = tokenizer.find_special(stop)) ids.push_back(*id);
  }
  return ids;
}

}  // namespace

// Where decode() stands in a session that may hold guesses behind what is certain.
class Session::Speculation {
 public:
  // Of an answer of up to `count_max` tokens.
  Speculation(Session& session, bool speculate, std::size_t count_max)
      : session_(session), known_(session.tokens_.size()) {
    constexpr std::size_t kChunkMax = NgramDrafter::kDraftMax + 1;
    static_assert(kChunkMax <= kSummarisedRows);
    chunk_.reserve(kChunkMax);
    if (!speculate) return;
    drafter_.emplace(session.tokens_, count_max);
    session.logits_.reserve(kChunkMax * session.vocabulary());  // grows without leaving holes
    session.blocks_.reserve(kChunkMax * session.row_blocks());
  }
  ~Speculation() { session_.truncate(static_cast<int32_t>(known_)); }
  Speculation(const Speculation&) = delete;
  Speculation& operator=(const Speculation&) = delete;

  // Prompt and answer so far.
  std::span<const TokenId> history() const { return std::span(session_.tokens_).first(known_); }
  // The logits behind them. Rows beyond the tokenizer's vocabulary pad the weights: they are no
  // tokens.
  std::span<float> logits() const {
    return std::span(session_.logits_)
        .subspan(row_ * session_.vocabulary(),
                 static_cast<std::size_t>(session_.engine_->tokenizer().vocab_size()));
  }

  std::span<const LogitBlock> blocks() const {
    return std::span(session_.blocks_).subspan(row_ * session_.row_blocks(), session_.row_blocks());
  }

  // The text goes on with `token`, and with up to `more_max` tokens behind it.
  Result<void> go_on(TokenId token, std::size_t more_max, const Interruption& interruption,
                     Usage& usage) {
    if (drafter_) drafter_->push(token);
    if (known_ < session_.tokens_.size()) {
      if (session_.tokens_[known_] == token) {
        ++known_;
        ++row_;
        ++usage.accepted_tokens;
        if (known_ == session_.tokens_.size()) drafter_->learn(row_);
        return {};
      }
      session_.truncate(static_cast<int32_t>(known_));
      drafter_->learn(row_);
    }
    chunk_.assign(1, token);
    if (drafter_) {
      const auto draft = drafter_->propose(more_max);
      chunk_.insert(chunk_.end(), draft.begin(), draft.end());
      usage.drafted_tokens += static_cast<int32_t>(draft.size());
    }
    HEARTH_TRY(session_.evaluate(chunk_, chunk_.size() == 1 ? LogitRows::kLast : LogitRows::kAll,
                                 interruption));
    ++known_;
    row_ = 0;
    return {};
  }

 private:
  Session& session_;
  std::optional<NgramDrafter> drafter_;
  std::size_t known_;           // tokens of the session that are certain; those behind are guesses
  std::size_t row_ = 0;         // of the session's logits: those behind the certain tokens
  std::vector<TokenId> chunk_;  // what goes through the model
};

std::string_view finish_reason_name(FinishReason reason) {
  switch (reason) {
    case FinishReason::kStop:
      return "stop";
    case FinishReason::kLength:
      return "length";
    case FinishReason::kDeadline:
      return "deadline";
    case FinishReason::kCancelled:
      return "cancelled";
  }
  return "stop";
}

Result<void> Session::check_prompt(std::span<const TokenId> prompt) const {
  if (prompt.empty()) return Error(ErrorCode::kUsage, "prompt: is empty; give some text");
  if (prompt.size() < static_cast<std::size_t>(context_)) return check_ids(prompt);
  const int32_t context_max = engine_->model().config().context_max;
  return Error(
      ErrorCode::kUsage,
      concat("prompt: ", prompt.size(), " tokens ",
             prompt.size() > static_cast<std::size_t>(context_)
                 ? "do not fit the context of "
                 : "leave no room for an answer in the context of ",
             context_,
             context_ < context_max ? "; shorten it or use a larger context" : "; shorten it"));
}

Result<void> Session::check_options(const GenerateOptions& options) const {
  HEARTH_TRY(options.sampling.validate(engine_->tokenizer().vocab_size()));
  if (options.tokens_max < 0) {
    return Error(ErrorCode::kUsage, concat("tokens to generate: ", options.tokens_max,
                                           " is negative; give 1 or more, or 0 for no limit"));
  }
  if (options.loop_limit < 0) {
    return Error(ErrorCode::kUsage, concat("loop limit: ", options.loop_limit,
                                           " is negative; give 1 or more, or 0 for none"));
  }
  return check_stops(options.stop);
}

// Whether the rest of a prompt can be evaluated in time: not where even this share of what it
// should take is more than there is.
Result<void> Session::check_deadline(int32_t prompt_tokens, const Deadline& deadline) const {
  constexpr double kSureShare = 0.7;
  const auto left_ms = deadline.remaining_ms();
  const auto& costs = engine_->costs();
  if (!left_ms || !costs) return {};
  const double expected_ms = costs->prompt_ms(sequence_.length(), prompt_tokens);
  if (kSureShare * expected_ms <= *left_ms) return {};
  return Error(
      ErrorCode::kDeadline,
      concat("deadline: the prompt's ", prompt_tokens - sequence_.length(), " tokens take about ",
             std::lround(expected_ms), " ms here and ", std::lround(std::max(*left_ms, 0.0)),
             " are left; allow more time or shorten the prompt"));
}

// Draws tokens from the logits after the prompt on, until something ends the answer. Where the text
// suggests what comes next, that goes through the model together with the token drawn, and counts
// as far as the tokens drawn then are the same: the answer is what it would be without.
Result<FinishReason> Session::decode(const GenerateOptions& options, const Stopwatch& since_call,
                                     AnswerText& text, Answer& answer) {
  const Tokenizer& tokenizer = engine_->tokenizer();
  const std::vector<TokenId> stop_ids = special_stops(tokenizer, options.stop);
  const auto room = static_cast<std::size_t>(context_) - tokens_.size();
  const std::size_t count_max =
      options.tokens_max == 0 ? room : std::min(room, static_cast<std::size_t>(options.tokens_max));
  Sampler sampler(options.sampling);
  LoopGuard guard(options.loop_limit);
  Speculation speculation(*this, options.speculate, count_max);
  std::optional<TokenConstraint> constraint;
  if (options.grammar) constraint.emplace(*options.grammar, tokenizer, tokens_.back(), count_max);
  answer.ids.reserve(count_max);
  answer.logprobs.reserve(count_max);
  for (bool is_first = true;; is_first = false) {
    if (const auto reason = options.interruption.reason()) return finish_reason(*reason);
    HEARTH_ASSIGN(
        const SampledToken token,
        sampler.sample(speculation.logits(), speculation.history(), speculation.history().size(),
                       speculation.blocks(), constraint ? &*constraint : nullptr));
    if (is_first) answer.timings.first_token_ms = since_call.elapsed_ms();
    const bool is_stop = std::find(stop_ids.begin(), stop_ids.end(), token.id) != stop_ids.end();
    if (is_stop || tokenizer.is_end(token.id)) return FinishReason::kStop;
    answer.ids.push_back(token.id);
    answer.logprobs.push_back(token.logprob);
    if (text.push(token.id)) return FinishReason::kStop;
    if (constraint) {
      constraint->accept(token.id);
      if (constraint->must_end()) return FinishReason::kStop;
    }
    answer.looped = guard.push(answer.ids);
    if (answer.looped || answer.ids.size() == count_max) return FinishReason::kLength;
    HEARTH_ASSIGN(const auto reason,
                  finish_reason(speculation.go_on(token.id, count_max - answer.ids.size() - 1,
                                                  options.interruption, answer.usage)));
    if (reason) return *reason;
  }
}

Result<Answer> Session::generate(std::span<const TokenId> prompt, const GenerateOptions& options,
                                 FunctionRef<void(std::string_view)> sink) {
  const Stopwatch since_call;
  HEARTH_TRY(check_prompt(prompt));
  HEARTH_TRY(check_options(options));
  Answer answer;
  AnswerText text(engine_->tokenizer(), prompt.back(), options.stop, sink);
  const int32_t cached = reuse_prefix(prompt);
  const auto rest = prompt.subspan(static_cast<std::size_t>(cached));
  HEARTH_TRY(check_deadline(static_cast<int32_t>(prompt.size()), options.interruption.deadline));
  HEARTH_ASSIGN(std::optional<FinishReason> reason,
                finish_reason(prefill(rest, options.interruption)));
  answer.timings.prefill_ms = since_call.elapsed_ms();
  if (!reason) {
    HEARTH_ASSIGN(reason, decode(options, since_call, text, answer));
  }
  answer.text = text.finish();
  if (*reason == FinishReason::kDeadline && answer.text.empty()) {
    return Error(ErrorCode::kDeadline,
                 concat("deadline: passed before the first text, after ", tokens_.size(),
                        " tokens of which ", prompt.size(),
                        " are the prompt; allow more time or shorten the prompt"));
  }
  answer.finish_reason = *reason;
  answer.usage.prompt_tokens = static_cast<int32_t>(prompt.size());
  answer.usage.completion_tokens = static_cast<int32_t>(answer.ids.size());
  answer.usage.cached_tokens = cached;
  if (!answer.ids.empty())
    answer.timings.decode_ms = since_call.elapsed_ms() - answer.timings.first_token_ms;
  return answer;
}

}  // namespace hearth

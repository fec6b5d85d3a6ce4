// SPDX-License-Identifier: Apache-2.0
#include "engine/decoder.h"

#include <algorithm>
#include <string>

namespace hearth {
namespace {

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

Decoder::Decoder(ConstrainedVocabulary& vocabulary, std::span<const TokenId> prompt,
                 const GenerateOptions& options, std::size_t room, const Stopwatch& since_call,
                 AnswerText::Sink sink)
    : tokenizer_(&vocabulary.tokenizer()),
      options_(&options),
      since_call_(since_call),
      count_max_(options.tokens_max == 0
                     ? room
                     : std::min(room, static_cast<std::size_t>(options.tokens_max))),
      stop_ids_(special_stops(*tokenizer_, options.stop)),
      sampler_(options.sampling),
      guard_(options.loop_limit),
      text_(*tokenizer_, prompt.back(), options.stop, sink),
      chunk_({prompt.back()}) {
  if (options.grammar) constraint_.emplace(*options.grammar, vocabulary, prompt.back(), count_max_);
  if (options.speculate) drafter_.emplace(prompt, count_max_);
  history_.reserve(prompt.size() + count_max_);
  history_.assign(prompt.begin(), prompt.end());
  chunk_.reserve(kChunkMax);
  answer_.ids.reserve(count_max_);
  answer_.logprobs.reserve(count_max_);
  answer_.usage.prompt_tokens = static_cast<int32_t>(prompt.size());
}

Result<std::optional<FinishReason>> Decoder::take(std::span<float> logits,
                                                  std::span<const LogitBlock> blocks) {
  const auto drawable = static_cast<std::size_t>(tokenizer_->vocab_size());
  const std::size_t row = logits.size() / chunk_.size();
  const std::size_t row_blocks = blocks.size() / chunk_.size();
  for (std::size_t i = 0;; ++i) {
    wrong_ = chunk_.size() - i - 1;
    HEARTH_ASSIGN(
        const std::optional<FinishReason> ended,
        draw(logits.subspan(i * row, drawable), blocks.subspan(i * row_blocks, row_blocks)));
    if (ended) return ended;
    if (wrong_ == 0) break;
    const bool was_guessed = chunk_[i + 1] == history_.back();
    if (was_guessed) ++answer_.usage.accepted_tokens;
    if (!was_guessed || wrong_ == 1) drafter_->learn(was_guessed ? i + 1 : i);
    if (!was_guessed) break;
  }
  guess();
  return std::optional<FinishReason>();
}

// Adds a token to the answer.
Result<std::optional<FinishReason>> Decoder::draw(std::span<float> logits,
                                                  std::span<const LogitBlock> blocks) {
  if (const auto reason = options_->interruption.reason())
    return std::optional(finish_reason(*reason));
  HEARTH_ASSIGN(const SampledToken token, sampler_.sample(logits, history_, history_.size(), blocks,
                                                          constraint_ ? &*constraint_ : nullptr));
  if (answer_.ids.empty()) answer_.timings.first_token_ms = since_call_.elapsed_ms();
  if (std::ranges::find(stop_ids_, token.id) != stop_ids_.end() || tokenizer_->is_end(token.id))
    return std::optional(FinishReason::kStop);
  if (options_->on_token) tell(token, logits);
  answer_.ids.push_back(token.id);
  answer_.logprobs.push_back(token.logprob);
  history_.push_back(token.id);
  if (text_.push(token.id)) return std::optional(FinishReason::kStop);
  if (constraint_) {
    constraint_->accept(token.id);
    if (constraint_->must_end()) return std::optional(FinishReason::kStop);
  }
  answer_.looped = guard_.push(answer_.ids);
  if (answer_.looped || answer_.ids.size() == count_max_)
    return std::optional(FinishReason::kLength);
  if (drafter_) drafter_->push(token.id);
  return std::optional<FinishReason>();
}

void Decoder::tell(const SampledToken& token, std::span<const float> logits) {
  const float log_sum = logits[static_cast<std::size_t>(token.id)] - token.logprob;
  find_likeliest(logits, static_cast<std::size_t>(options_->alternatives), alternatives_);
  for (SampledToken& alternative : alternatives_) alternative.logprob -= log_sum;
  options_->on_token({token, alternatives_});
}

void Decoder::guess() {
  chunk_.assign(1, history_.back());
  if (!drafter_) return;
  const auto draft = drafter_->propose(std::min(guesses_max_, count_max_ - answer_.ids.size() - 1));
  chunk_.insert(chunk_.end(), draft.begin(), draft.end());
  answer_.usage.drafted_tokens += static_cast<int32_t>(draft.size());
}

Answer Decoder::finish(FinishReason reason) {
  answer_.text = text_.finish();
  answer_.finish_reason = reason;
  answer_.usage.completion_tokens = static_cast<int32_t>(answer_.ids.size());
  return std::move(answer_);
}

}  // namespace hearth

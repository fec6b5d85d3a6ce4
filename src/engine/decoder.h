// SPDX-License-Identifier: Apache-2.0
// One answer as it is written, all but the model's passes: draws tokens from logits, guesses what
// comes next, and knows when the answer ends. Session::generate() drives one; a scheduler many.
//
// Ownership: borrows tokenizer, options and sink for its life. Threading: one user at a time.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/answer.h"
#include "engine/answer_text.h"
#include "engine/loop_guard.h"
#include "engine/ngram_drafter.h"
#include "engine/sampling.h"
#include "engine/token_constraint.h"

namespace hearth {

class Decoder {
 public:
  static constexpr std::size_t kChunkMax = NgramDrafter::kDraftMax + 1;

  // Of an answer behind `prompt`, which is not empty, with room for `room` tokens in the context.
  // `since_call`: what the first token's time is counted from.
  Decoder(ConstrainedVocabulary& vocabulary, std::span<const TokenId> prompt,
          const GenerateOptions& options, std::size_t room, const Stopwatch& since_call,
          AnswerText::Sink sink);

  // What goes through the model next: the token that was drawn last and guesses of those behind it;
  // before take(), the prompt's last token.
  std::span<const TokenId> chunk() const { return chunk_; }
  // Prompt and answer so far.
  std::span<const TokenId> history() const { return history_; }
  // How many tokens are guessed from the next take() on, at most.
  void limit_guesses(std::size_t count) { guesses_max_ = count; }
  // How many of the chunk before, at its end, were guessed wrongly: they are to be forgotten.
  std::size_t wrong() const { return wrong_; }

  // Draws from the logits [chunk()][row] behind each token of the chunk, and goes on while guesses
  // come true. What of a row is beyond the tokenizer's vocabulary pads the weights: those are no
  // tokens. `blocks`: what forward() says of them, [chunk()][row / kLogitBlock]. Returns why the
  // answer ends, once it does. Errors: those of Sampler::sample().
  Result<std::optional<FinishReason>> take(std::span<float> logits,
                                           std::span<const LogitBlock> blocks);
  // The answer, which has ended for `reason`; its text is complete with this. Timings other than
  // that of the first token, and what of the prompt was cached, are the caller's to add.
  Answer finish(FinishReason reason);

 private:
  Result<std::optional<FinishReason>> draw(std::span<float> logits,
                                           std::span<const LogitBlock> blocks);
  void tell(const SampledToken& token, std::span<const float> logits);
  void guess();

  const Tokenizer* tokenizer_;
  const GenerateOptions* options_;
  Stopwatch since_call_;
  std::size_t count_max_;  // tokens of the answer
  std::size_t guesses_max_ = NgramDrafter::kDraftMax;
  std::vector<TokenId> stop_ids_;
  Sampler sampler_;
  LoopGuard guard_;
  AnswerText text_;
  std::optional<TokenConstraint> constraint_;
  std::optional<NgramDrafter> drafter_;
  std::vector<TokenId> history_;  // prompt and answer
  std::vector<TokenId> chunk_;
  std::size_t wrong_ = 0;
  std::vector<SampledToken> alternatives_;  // scratch
  Answer answer_;
};

}  // namespace hearth

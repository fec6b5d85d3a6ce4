// SPDX-License-Identifier: Apache-2.0
// What is asked of an answer, and what is said of it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/interruption.h"
#include "engine/sampling.h"
#include "grammar/automaton.h"
#include "model/adapter.h"
#include "text/tokenizer.h"

namespace hearth {

enum class FinishReason { kStop, kLength, kDeadline, kCancelled };
// "stop", "length", "deadline", "cancelled".
std::string_view finish_reason_name(FinishReason reason);
// What an answer says of work that was interrupted, with an error of that code.
FinishReason finish_reason(ErrorCode interruption);

// Of an answer whose length is the model's choice: about a second that says nothing new.
inline constexpr int32_t kLoopLimitDefault = 200;  // tokens
inline constexpr std::size_t kStopsMax = 32;
inline constexpr std::size_t kStopBytesMax = 512;

inline constexpr int32_t kAlternativesMax = 20;

// A token of an answer, and what else was likely there.
struct DrawnToken {
  SampledToken token;
  std::span<const SampledToken> alternatives;  // the likeliest first, which the token may be among
};

struct GenerateOptions {
  SamplingOptions sampling;
  int32_t tokens_max = 0;  // 0: to the end of the answer or of the context
  // An answer ends with kLength when so many tokens in a row repeat what stood up to 64 before
  // them. 0: never.
  int32_t loop_limit = 0;
  // Guess tokens from what stands in the text already, and draw several in one pass through the
  // model where the guesses are right. The answer is the same.
  bool speculate = true;
  // What the answer must be, if anything: it ends when it is complete, and is completed in the
  // tokens that it may have where that can be done.
  std::shared_ptr<const Automaton> grammar = {};
  // What the model is changed by for this text, prompt and answer; at most kAdapterUsesMax.
  std::vector<AdapterUse> adapters = {};
  // The answer ends before the first of these to be complete; of two that end together, before the
  // longer one. Each is valid UTF-8, not empty, at most kStopBytesMax long. One that is the text of
  // a special token stands for that token.
  std::vector<std::string> stop;
  // Told of each token, before its text is handed out; of how many alternatives, at most
  // kAlternativesMax.
  std::function<void(const DrawnToken&)> on_token = {};
  int32_t alternatives = 0;
  // Looked at before each token and each layer of the model; `stopped` is for the sink.
  Interruption interruption;
};

struct Usage {
  int32_t prompt_tokens = 0;
  int32_t completion_tokens = 0;  // without the token that ended the answer
  int32_t cached_tokens = 0;      // of the prompt, reused from the session
  int32_t drafted_tokens = 0;     // guessed by speculation
  int32_t accepted_tokens = 0;    // of those, the right ones
};

struct Timings {
  double prefill_ms = 0;
  double first_token_ms = 0;  // from the call of generate() to the first token
  double decode_ms = 0;       // all tokens after the first
};

struct Answer {
  std::string text;
  std::vector<TokenId> ids;     // with those of a stop string, without an end token
  std::vector<float> logprobs;  // of `ids`, natural, under the plain softmax
  FinishReason finish_reason = FinishReason::kStop;
  bool looped = false;  // kLength because of loop_limit
  Usage usage;
  Timings timings;
};

}  // namespace hearth

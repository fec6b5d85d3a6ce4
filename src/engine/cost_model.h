// SPDX-License-Identifier: Apache-2.0
// How long this machine takes for what one model is asked: measured once, then predicted from the
// number of tokens and from how many stand before them.
//
// A pass of many tokens takes a part of its own (reading all weights), a part for each token
// (multiplying) and a part for each pair of a token and a position before it (attention); a pass of
// one token is bound by memory and has its own two numbers. Threading: values.
#pragma once

#include <cstdint>
#include <vector>

#include "base/interruption.h"
#include "base/result.h"
#include "text/tokenizer.h"

namespace hearth {

class Engine;

// All in milliseconds, none negative.
struct CostModel {
  double load_ms = 0;            // of the model, from a warm page cache
  double pass_ms = 0;            // of a pass of several tokens
  double token_ms = 0;           // more for each token of it
  double token_position_ms = 0;  // more for each position before such a token
  double answer_ms = 0;          // of a pass of one token
  double answer_position_ms = 0;

  // Of the tokens at positions [begin, end) of a prompt, in passes of kForwardTokensMax, to the
  // logits behind them.
  double prompt_ms(int32_t begin, int32_t end) const;
  // Of `count` more tokens, drawn one by one, the first of which is at `position`.
  double answers_ms(int32_t position, int32_t count) const;
};

// Tokens to measure with, as what is read does not matter to speed: the same ids every time.
std::vector<TokenId> some_tokens(const Engine& engine, int32_t count);

// Measures a few passes of pseudo-random tokens at both ends of a context of some hundred: a third
// of a second for a model of 135 million parameters. Errors: those of Session::feed; kUnsupported
// (a context too short to measure in).
Result<CostModel> measure_costs(Engine& engine, const Interruption& interruption);

}  // namespace hearth

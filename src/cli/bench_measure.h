// SPDX-License-Identifier: Apache-2.0
// What `hearth bench` measures: prompts and answers of pseudo-random tokens, as text does not
// matter to speed.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"
#include "model/operations.h"

namespace hearth {

struct BenchShape {
  int32_t prompt;     // tokens, at least 1 where prompts are measured
  int32_t answer;     // the same for answers
  int32_t depth;      // tokens that are in the context before
  int32_t sequences;  // that answer together, 1 to kForwardTokensMax
  int32_t repeat;     // repetitions, at least 1
};

// Percentiles, in milliseconds.
struct Latencies {
  double p50_ms;
  double p95_ms;
  double p99_ms;
};

struct Measured {
  std::string test;
  int32_t tokens;                    // of one repetition, of all sequences
  std::vector<double> tokens_per_s;  // by repetition, ascending
  Latencies latencies = {};          // to the token behind a prompt, or of an answer's tokens
  PassWork work = {};                // of one repetition
  OperationTimes operation_ms = {};  // of one repetition, all threads' together
};

// Both leave the session's first `depth` tokens, and the adapters that it has. Errors: kCancelled
// (Ctrl-C), those of Session::feed.
Result<Measured> measure_prompt(const Engine& engine, Session& session, const BenchShape& shape);
Result<Measured> measure_answer(const Engine& engine, Session& session, const BenchShape& shape);
// The same of `shape.sequences` answers, a token of each in one pass; they take the adapters in
// turn, one each. Errors: also kUnavailable (memory).
Result<Measured> measure_answers(Engine& engine, const BenchShape& shape,
                                 std::span<const AdapterUse> adapters);

}  // namespace hearth

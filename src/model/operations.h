// SPDX-License-Identifier: Apache-2.0
// The operations of a forward pass, as forward.cc goes through them: what each has to do, and how
// long it took.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "model/model.h"

namespace hearth {

enum class Operation {
  kEmbed,         // rows out of the table, cosines and sines
  kInputs,        // norms and rounding, before each product
  kQkv,           // with rotation and storing of keys and values
  kAttention,     // scores, softmax, weighted values
  kAttentionOut,  // with the residual's addition, as kDown
  kGateUp,        // with the activation
  kDown,
  kHead,
  kBarrier,  // waiting for other threads
};
inline constexpr std::size_t kOperations = static_cast<std::size_t>(Operation::kBarrier) + 1;

// "embed", "inputs", "qkv", ...
std::string_view operation_name(Operation operation);

// Milliseconds by operation, each thread's added up.
using OperationTimes = std::array<double, kOperations>;

struct Work {
  double macs = 0;   // multiply-adds
  double bytes = 0;  // of weights, keys and values, each read once
};
Work& operator+=(Work& sum, const Work& more);
using PassWork = std::array<Work, kOperations>;
Work total(const PassWork& work);

// What a pass of `tokens` tokens behind `positions` earlier ones has to do, with logits of its last
// `logit_rows`.
PassWork work_of_pass(const Model& model, int32_t tokens, int32_t positions, int32_t logit_rows);

}  // namespace hearth

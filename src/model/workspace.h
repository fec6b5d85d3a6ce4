// SPDX-License-Identifier: Apache-2.0
// The scratch memory of forward.cc: what all threads share, and what each has for itself.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "model/forward.h"

namespace hearth {

// Memory for the rounded form of up to `tokens` rows of up to `columns` values.
class ActivationMemory {
 public:
  ActivationMemory(int32_t tokens, int32_t columns);

  // A view for rows of `columns` (<= those reserved), over `values` [tokens][columns], to be filled
  // by quantize().
  Activations view(Precision precision, const float* values, int32_t columns);

 private:
  std::vector<int8_t> codes_;
  std::vector<int8_t> fine_codes_;
  std::vector<float> scales_;
  std::vector<int32_t> sums_;
  std::vector<int32_t> half_sums_;
  std::vector<float> scaled_sums_;
};

// What one thread has for itself.
struct ThreadMemory {
  ThreadMemory(const ModelConfig& config, int32_t widest);

  std::vector<float> values;     // [kSelfPreparedTokens][widest]: normalised inputs
  ActivationMemory activations;  // of those
  std::vector<float> head;  // [kForwardTokensMax][head_size]: keys or values before they are stored
  std::vector<uint16_t> halves;       // [head_size]
  std::vector<float> gate;            // [kForwardTokensMax][kGateRows]
  std::vector<float> scores;          // [attention rows][kAttentionSplit]
  std::vector<float> partials;        // [attention rows][partial_stride]: of one split
  std::vector<float> folded;          // [attention rows][partial_stride]: of all splits so far
  std::vector<const float*> queries;  // [attention rows]
  std::vector<int32_t> visible;       // [attention rows]
};

inline constexpr int32_t kSelfPreparedTokens =
    2;  // up to here each thread rounds all inputs itself: no barrier
inline constexpr int32_t kAttentionTokens = 8;  // tokens whose attention is computed together
inline constexpr int32_t kGateRows = 64;        // rows of gate and up between two activations

struct Workspace::Memory {
  Memory(const ModelConfig& config, int32_t thread_count, int32_t context);

  int32_t partial_stride;         // floats of one partial attention result
  std::vector<float> residual;    // [kForwardTokensMax][embedding]
  std::vector<float> normalised;  // [kForwardTokensMax][embedding]
  std::vector<float> queries;     // [kForwardTokensMax][heads * head_size]
  std::vector<float> attention;   // [kForwardTokensMax][heads * head_size]
  std::vector<float> hidden;      // [kForwardTokensMax][feed_forward]
  std::vector<float> rope_cos;    // [kForwardTokensMax][rope_values / 2]
  std::vector<float> rope_sin;    // [kForwardTokensMax][rope_values / 2]
  std::vector<float> partials;    // [splits][heads][partial_stride]: attention of a single token
  ActivationMemory activations;   // of kForwardTokensMax rows
  std::vector<ThreadMemory> threads;
};

}  // namespace hearth

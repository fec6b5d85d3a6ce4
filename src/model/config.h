// SPDX-License-Identifier: Apache-2.0
// What a model is made of, read from GGUF metadata and validated. A new llama-like architecture is
// a row of the table in architecture.cc. Keys: the GGUF specification in ggml's docs/gguf.md, and
// the constants of its Python package `gguf`.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "format/gguf.h"
#include "model/architecture.h"

namespace hearth {

// How a model's rotary embedding reaches beyond the context it was trained on.
enum class RopeScaling {
  kNone,
  kLinear,   // positions are divided by `factor` (Chen et al. 2023)
  kYarn,     // slow pairs are, fast ones are not (Peng et al. 2023)
  kFactors,  // each pair by a factor of its own, out of a tensor: Llama 3, LongRoPE (Ding et al.
             // 2024)
};

struct RopeConfig {
  int32_t values = 0;  // the first so many of a head are rotated; even, <= head_size; 0: none
  RopePairs pairs = RopePairs::kHalves;
  float base = 10000.0f;
  float window_base = 0.0f;  // of layers with a window, which scaling leaves alone; 0: as the rest
  RopeScaling scaling = RopeScaling::kNone;
  float factor = 1.0f;           // >= 1
  float magnitude = 1.0f;        // factor of cosines and sines
  int32_t original_context = 0;  // tokens before the scaling; beyond, LongRoPE takes its long
                                 // factors
  float yarn_fast = 32.0f;       // pairs that turn more often in that context are left alone
  float yarn_slow = 1.0f;        // pairs that turn less often are divided in full
};

// What the output head is.
enum class Head {
  kTied,  // the embedding table
  kOwn,
  kNone,  // the model gives hidden states only
};

struct ModelConfig {
  Architecture architecture;
  std::string name;  // general.name, or the architecture where absent
  int32_t layers = 0;
  int32_t context_max = 0;   // tokens the model was made for
  int32_t embedding = 0;     // width of the residual stream
  int32_t feed_forward = 0;  // width inside the MLP
  int32_t heads = 0;         // query heads
  int32_t kv_heads = 0;      // key/value heads; divides `heads`
  int32_t head_size = 0;     // values of one head
  RopeConfig rope;
  int32_t window = 0;  // positions that a layer with a window sees, its own included; 0: none
  int32_t window_period = 0;  // all layers but every so many-th have one
  float norm_epsilon = 1e-5f;
  float attention_scale = 1.0f;  // factor of the scores before softmax
  float embedding_scale = 1.0f;
  float residual_scale = 1.0f;  // factor of what attention and MLP add to the residual stream
  float logit_scale = 1.0f;
  float logit_cap = 0.0f;   // logits become cap * tanh(logit / cap); 0: they stay
  int32_t vocabulary = 0;   // rows of the embedding table and of the output head
  int32_t token_types = 0;  // rows of BERT's table of token types
  Head head = Head::kTied;

  bool has_window(int32_t layer) const { return window > 0 && (layer + 1) % window_period != 0; }
  bool rotates(int32_t layer) const {
    return rope.values > 0 &&
           (architecture.rope_gap == 0 || (layer + 1) % architecture.rope_gap != 0);
  }

  // A sublayer's result is not added to the residual stream as it is: a norm or a factor comes
  // between.
  bool joins_by_norm_or_scale() const {
    return architecture.norm_place != NormPlace::kBefore || residual_scale != 1.0f;
  }

  // Errors: kUnsupported (architecture: named, with the list; a feature such as a kind of RoPE
  // scaling: named), kCorrupt (a key absent or out of range: named).
  static Result<ModelConfig> read(const GgufFile& gguf);
};

}  // namespace hearth

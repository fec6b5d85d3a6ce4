// SPDX-License-Identifier: Apache-2.0
// What a model is made of, read from GGUF metadata and validated. A new llama-like architecture is
// a row of the table in config.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "format/gguf.h"

namespace hearth {

// How rotary embedding pairs the values of a head (Su et al. 2021).
enum class RopePairs {
  kAdjacent,  // (0,1) (2,3) ...: GGUF's llama
  kHalves,    // (0,d/2) (1,d/2+1) ...: GPT-NeoX
};

struct ModelConfig {
  std::string architecture;  // general.architecture
  std::string name;          // general.name, or the architecture where absent
  int32_t layers = 0;
  int32_t context_max = 0;   // tokens the model was made for
  int32_t embedding = 0;     // width of the residual stream
  int32_t feed_forward = 0;  // width inside the MLP
  int32_t heads = 0;         // query heads
  int32_t kv_heads = 0;      // key/value heads; divides `heads`
  int32_t head_size = 0;     // values of one head
  int32_t rope_values = 0;   // the first so many values of a head are rotated; even, <= head_size
  RopePairs rope_pairs = RopePairs::kAdjacent;
  float rope_base = 10000.0f;
  float norm_epsilon = 1e-5f;
  int32_t vocabulary = 0;  // rows of the output head
  bool tied_head = false;  // the output head is the embedding table

  // Errors: kUnsupported (architecture: named, with the list; a feature such as RoPE scaling),
  // kCorrupt (a key absent or out of range: named).
  static Result<ModelConfig> read(const GgufFile& gguf);
};

}  // namespace hearth

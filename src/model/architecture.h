// SPDX-License-Identifier: Apache-2.0
// What sets one architecture apart from another: a table with a row for each. All of them are the
// one transformer of forward.cc; a row says which of its variations a model takes.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace hearth {

// Where a token's position enters.
enum class Positions {
  kRotary,   // the heads of queries and keys are rotated (Su et al. 2021)
  kLearned,  // a learned vector is added to the embedding
};

// How rotary embedding pairs the values of a head.
enum class RopePairs {
  kAdjacent,  // (0,1) (2,3) ...: what GGUF converters make of Llama and its kin
  kHalves,    // (0,d/2) (1,d/2+1) ...: GPT-NeoX
};

enum class Norm {
  kRms,    // Zhang and Sennrich 2019; GGUF weights already contain the +1 of Gemma
  kLayer,  // Ba et al. 2016, with a bias
};

// Where a layer normalises, x being the residual stream and f attention or MLP.
enum class NormPlace {
  kBefore,          // x + f(norm(x))
  kBeforeAndAfter,  // x + norm(f(norm(x)))
  kAfter,           // norm(x + f(x))
};

enum class Mlp {
  kSwiGlu,  // down(silu(gate x) * up x)   (Shazeer 2020)
  kGeGlu,   // down(gelu(gate x) * up x), gelu approximated by tanh
  kGelu,    // down(gelu(up x)), gelu by the error function
};

enum class Visibility {
  kCausal,         // a token sees itself and what came before
  kBidirectional,  // a token sees the whole text, which is computed in one pass; no output head
};

// Whether a file has the tensors of a kind.
enum class InFile { kNever, kSometimes, kAlways };

// Sliding windows: all layers but every `window_period`-th have one.
inline constexpr int32_t kEveryLayer = std::numeric_limits<int32_t>::max();

struct Architecture {
  std::string_view name;  // general.architecture
  RopePairs rope_pairs = RopePairs::kHalves;
  Positions positions = Positions::kRotary;
  Norm norm = Norm::kRms;
  NormPlace norm_place = NormPlace::kBefore;
  Mlp mlp = Mlp::kSwiGlu;
  Visibility visibility = Visibility::kCausal;
  InFile input_biases = InFile::kNever;    // of queries, keys, values
  InFile output_biases = InFile::kNever;   // of the attention's output and the MLP
  InFile stacked = InFile::kNever;         // query, key, value in one tensor; gate and up in one
  InFile head_norms = InFile::kNever;      // of each head of queries and keys
  InFile granite_scales = InFile::kNever;  // factors of embedding, sublayers and logits
  bool embedding_scaled = false;           // by sqrt(width)
  int32_t window_period = 0;               // 0: no sliding windows
  float window_rope_base = 0.0f;           // of layers with a window; 0: as the others'
  int32_t rope_gap = 0;                    // every so many-th layer rotates nothing; 0: none
};

// The row of that name, or nullptr. Threading: constant data.
const Architecture* find_architecture(std::string_view name);

// All names: "llama, qwen2, ...".
std::string architecture_names();

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// A model's tensors: matrices packed into panels, norms as floats, all in one piece of memory on
// huge pages.
#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "format/mapped_gguf.h"
#include "kernels/panel.h"
#include "model/config.h"
#include "model/packed_file.h"
#include "tensor/buffer.h"

namespace hearth {

// Spans and matrices are empty where the architecture or the file has no such tensor.
struct NormWeights {
  std::span<const float> weight;  // [embedding], or [head_size]
  std::span<const float> bias;    // the same; LayerNorm only
};

struct LayerWeights {
  NormWeights attention_norm;                 // before attention
  PanelMatrix query;                          // [heads * head_size][embedding]
  PanelMatrix key;                            // [kv_heads * head_size][embedding]
  PanelMatrix value;                          // [kv_heads * head_size][embedding]
  std::span<const float> query_bias;          // [heads * head_size]
  std::span<const float> key_bias;            // [kv_heads * head_size]
  std::span<const float> value_bias;          // [kv_heads * head_size]
  NormWeights query_norm;                     // of each head, [head_size]
  NormWeights key_norm;                       // of each head, [head_size]
  PanelMatrix attention_out;                  // [embedding][heads * head_size]
  std::span<const float> attention_out_bias;  // [embedding]
  NormWeights attention_post_norm;            // after attention
  NormWeights mlp_norm;                       // before the MLP
  PanelMatrix gate;                           // [feed_forward][embedding]
  PanelMatrix up;                             // [feed_forward][embedding]
  PanelMatrix down;                           // [embedding][feed_forward]
  std::span<const float> gate_bias;           // [feed_forward]
  std::span<const float> up_bias;             // [feed_forward]
  std::span<const float> down_bias;           // [embedding]
  NormWeights mlp_post_norm;                  // after the MLP
};

// Everything borrows from `memory` or `mapped`, which move with the struct.
struct Weights {
  std::vector<LayerWeights> layers;
  PanelMatrix embedding;    // [vocabulary][embedding]
  PanelMatrix positions;    // [context_max][embedding], learned
  PanelMatrix token_types;  // [at least 1][embedding]; row 0 is added to each token
  NormWeights embedding_norm;
  std::span<const float> rope_factors;       // [rope.values / 2]: of RopeScaling::kFactors
  std::span<const float> rope_long_factors;  // the same, beyond rope.original_context; or empty
  NormWeights output_norm;
  PanelMatrix head;                    // [vocabulary][embedding]; the embedding's panels where tied
  std::size_t bytes = 0;               // read for each decoded token: all but an untied embedding
  std::span<const std::byte> content;  // all of the above
  PackedIdentity identity;             // of the content
  Buffer memory;                       // that it lies in, or
  std::optional<PackedFile> mapped;    // the file

  // Maps the weights that PackedFile::write() kept in `folder`, where they are sound and lie on
  // huge pages; sound ones elsewhere are copied. Else, and where `folder` is empty, packs on all
  // threads of `pool`, giving the file's pages back behind it. Errors: kCorrupt (a tensor is
  // missing or has another shape: both shapes; RoPE factors that are not positive), kUnsupported (a
  // tensor that this architecture has no place for: named), kUnavailable (memory).
  static Result<Weights> load(const ModelConfig& config, const MappedGguf& file, ThreadPool& pool,
                              const std::filesystem::path& folder);
};

}  // namespace hearth

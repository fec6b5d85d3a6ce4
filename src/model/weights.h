// SPDX-License-Identifier: Apache-2.0
// A model's tensors: matrices packed into panels, norms as floats, all in one buffer on huge pages.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "base/result.h"
#include "base/thread_pool.h"
#include "format/mapped_gguf.h"
#include "kernels/panel.h"
#include "model/config.h"
#include "tensor/buffer.h"

namespace hearth {

struct LayerWeights {
  std::span<const float> attention_norm;  // [embedding]
  PanelMatrix query;                      // [heads * head_size][embedding]
  PanelMatrix key;                        // [kv_heads * head_size][embedding]
  PanelMatrix value;                      // [kv_heads * head_size][embedding]
  PanelMatrix attention_out;              // [embedding][heads * head_size]
  std::span<const float> mlp_norm;        // [embedding]
  PanelMatrix gate;                       // [feed_forward][embedding]
  PanelMatrix up;                         // [feed_forward][embedding]
  PanelMatrix down;                       // [embedding][feed_forward]
};

// Everything borrows from `memory`, which moves with the struct.
struct Weights {
  std::vector<LayerWeights> layers;
  PanelMatrix embedding;               // [vocabulary][embedding]
  std::span<const float> output_norm;  // [embedding]
  PanelMatrix head;                    // [vocabulary][embedding]; the embedding's panels where tied
  std::size_t bytes = 0;               // read for each decoded token: all but an untied embedding
  Buffer memory;

  // Packs on all threads of `pool`, giving the file's pages back behind it. Errors: kCorrupt (a
  // tensor is missing or has another shape: both shapes), kUnsupported (a tensor's type: named,
  // with what is supported), kUnavailable (memory).
  static Result<Weights> pack(const ModelConfig& config, const MappedGguf& file, ThreadPool& pool);
};

}  // namespace hearth

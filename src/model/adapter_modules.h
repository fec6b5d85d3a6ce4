// SPDX-License-Identifier: Apache-2.0
// Which of a model's matrices an adapter's module is, by its name. Internal to the folder.
//
// Threading: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "format/lora_file.h"
#include "model/adapter.h"
#include "model/model.h"

namespace hearth {

// How the rows of a matrix stand in a checkpoint, compared to GGUF.
enum class PairedRows { kNo, kOfHeads };

// One of the model's matrices, and what an adapter has for it.
struct AdaptedMatrix {
  AdapterTarget AdapterLayer::*target;
  PanelMatrix LayerWeights::*weights;
  PairedRows paired = PairedRows::kNo;
};

// A module of one matrix, or of several that a checkpoint stacks, in that order.
struct AdaptedModule {
  int32_t layer;
  ShrinkMatrix AdapterLayer::*shrink;
  std::vector<AdaptedMatrix> matrices;
};

// Errors: kUnsupported (a module that hearth does not adapt), kUsage (one that this model does not
// have, or of another shape: both). All name the module; `file` is what they call the file.
Result<AdaptedModule> find_module(const LoraFile& file, const LoraPair& pair, const Model& model);

}  // namespace hearth

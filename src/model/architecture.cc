// SPDX-License-Identifier: Apache-2.0
#include "model/architecture.h"

#include <array>

namespace hearth {
namespace {

constexpr std::array kArchitectures = {
    // Llama 1 to 3, Mistral, TinyLlama, SmolLM 1 and 2
    Architecture{.name = "llama",
                 .rope_pairs = RopePairs::kAdjacent,
                 .input_biases = InFile::kSometimes,
                 .output_biases = InFile::kSometimes},
    Architecture{.name = "qwen2", .input_biases = InFile::kAlways},
    Architecture{.name = "qwen3", .head_norms = InFile::kAlways},
    Architecture{.name = "gemma3",
                 .norm_place = NormPlace::kBeforeAndAfter,
                 .mlp = Mlp::kGeGlu,
                 .head_norms = InFile::kAlways,
                 .embedding_scaled = true,
                 .window_period = 6,
                 .window_rope_base = 10000.0f},
    Architecture{.name = "phi3", .stacked = InFile::kSometimes, .window_period = kEveryLayer},
    Architecture{.name = "smollm3", .rope_pairs = RopePairs::kAdjacent, .rope_gap = 4},
    Architecture{
        .name = "granite", .rope_pairs = RopePairs::kAdjacent, .granite_scales = InFile::kAlways},
    Architecture{.name = "bert",
                 .positions = Positions::kLearned,
                 .norm = Norm::kLayer,
                 .norm_place = NormPlace::kAfter,
                 .mlp = Mlp::kGelu,
                 .visibility = Visibility::kBidirectional,
                 .input_biases = InFile::kAlways,
                 .output_biases = InFile::kAlways},
};

}  // namespace

const Architecture* find_architecture(std::string_view name) {
  for (const Architecture& architecture : kArchitectures) {
    if (architecture.name == name) return &architecture;
  }
  return nullptr;
}

std::string architecture_names() {
  std::string names;
  for (const Architecture& architecture : kArchitectures) {
    if (!names.empty()) names += ", ";
    names += architecture.name;
  }
  return names;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "model/workspace.h"

#include <algorithm>
#include <new>

namespace hearth {
namespace {

std::size_t product(int32_t a, int32_t b) {
  return static_cast<std::size_t>(a) * static_cast<std::size_t>(b);
}

int32_t widest_input(const ModelConfig& config) {
  return std::max({config.embedding, config.feed_forward, config.heads * config.head_size});
}

// Weighted values, max, sum of weights; rounded up so that rows stay aligned.
int32_t partial_floats(const ModelConfig& config) { return config.head_size + 16; }

}  // namespace

ActivationMemory::ActivationMemory(int32_t tokens, int32_t columns)
    : codes_(product(tokens, columns)),
      fine_codes_(product(tokens, columns)),
      scales_(product(tokens, columns / kGroupColumns)),
      sums_(product(tokens, columns / kGroupColumns)),
      half_sums_(product(tokens, columns / kGroupColumns * 2)),
      scaled_sums_(product(tokens, columns / kGroupColumns)) {}

Activations ActivationMemory::view(Precision precision, const float* values, int32_t columns) {
  return {.precision = precision,
          .columns = columns,
          .values = values,
          .codes = codes_.data(),
          .fine_codes = fine_codes_.data(),
          .scales = scales_.data(),
          .sums = sums_.data(),
          .half_sums = half_sums_.data(),
          .scaled_sums = scaled_sums_.data()};
}

ThreadMemory::ThreadMemory(const ModelConfig& config, int32_t widest)
    : values(product(kSelfPreparedTokens, widest)),
      activations(kSelfPreparedTokens, widest),
      head(product(kForwardTokensMax, config.head_size)),
      halves(static_cast<std::size_t>(config.head_size)),
      gate(product(kForwardTokensMax, kGateRows)) {
  const int32_t rows = config.heads / config.kv_heads * kAttentionTokens;
  scores.resize(product(rows, kAttentionSplit));
  partials.resize(product(rows, partial_floats(config)));
  folded.resize(product(rows, partial_floats(config)));
  queries.resize(static_cast<std::size_t>(rows));
  visible.resize(static_cast<std::size_t>(rows));
}

Workspace::Memory::Memory(const ModelConfig& config, int32_t thread_count, int32_t context)
    : partial_stride(partial_floats(config)),
      residual(product(kForwardTokensMax, config.embedding)),
      normalised(product(kForwardTokensMax, config.embedding)),
      queries(product(kForwardTokensMax, config.heads * config.head_size)),
      attention(product(kForwardTokensMax, config.heads * config.head_size)),
      hidden(product(kForwardTokensMax, config.feed_forward)),
      rope_cos(product(kForwardTokensMax, config.rope_values / 2)),
      rope_sin(product(kForwardTokensMax, config.rope_values / 2)),
      partials(product((context + kAttentionSplit - 1) / kAttentionSplit,
                       config.heads * partial_floats(config))),
      activations(kForwardTokensMax, widest_input(config)) {
  threads.reserve(static_cast<std::size_t>(thread_count));
  for (int32_t i = 0; i < thread_count; ++i) threads.emplace_back(config, widest_input(config));
}

Result<Workspace> Workspace::create(const Model& model, int32_t thread_count, int32_t context) {
  try {
    return Workspace(std::make_unique<Memory>(model.config(), thread_count, context));
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kUnavailable,
                 "memory: no room for the forward pass; use a smaller model or context");
  }
}

Workspace::Workspace(std::unique_ptr<Memory> memory) : memory_(std::move(memory)) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

}  // namespace hearth

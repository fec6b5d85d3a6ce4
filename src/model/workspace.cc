// SPDX-License-Identifier: Apache-2.0
#include "model/workspace.h"

#include <algorithm>
#include <new>

#include "base/strings.h"

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

// Splits of attention whose partial results there is room for: all of one context.
int32_t shared_splits_max(int32_t context) {
  return (context + kAttentionSplit - 1) / kAttentionSplit;
}

}  // namespace

ActivationMemory::ActivationMemory(int32_t tokens, int32_t columns)
    : codes_(product(tokens, columns)),
      fine_codes_(product(tokens, columns)),
      fine_groups_(std::make_unique<bool[]>(product(tokens, columns / kGroupColumns))),
      scales_(product(tokens, columns / kGroupColumns)),
      sums_(product(tokens, columns / kGroupColumns)),
      half_sums_(product(tokens, columns / kGroupColumns * 2)),
      scaled_sums_(product(tokens, columns / kGroupColumns)) {}

Activations ActivationMemory::view(Rounding rounding, const float* values, int32_t columns) {
  return {.precision = rounding.precision,
          .fine_from = rounding.fine_from,
          .columns = columns,
          .values = values,
          .codes = codes_.data(),
          .fine_codes = fine_codes_.data(),
          .fine_groups = fine_groups_.get(),
          .scales = scales_.data(),
          .sums = sums_.data(),
          .half_sums = half_sums_.data(),
          .scaled_sums = scaled_sums_.data()};
}

Activations from_row(Activations x, int32_t first) {
  const std::size_t values = product(first, x.columns);
  const std::size_t groups = values / kGroupColumns;
  x.values += values;
  x.codes += values;
  x.fine_codes += values;
  x.fine_groups += groups;
  x.scales += groups;
  x.sums += groups;
  x.half_sums += 2 * groups;
  x.scaled_sums += groups;
  return x;
}

ThreadMemory::ThreadMemory(const ModelConfig& config, int32_t tokens_max, int32_t widest)
    : values(product(kSelfPreparedTokens, widest)),
      activations(kSelfPreparedTokens, widest),
      residual(product(kSelfPreparedTokens, config.embedding)),
      sum(static_cast<std::size_t>(config.embedding)),
      head(product(tokens_max, config.head_size)),
      halves(static_cast<std::size_t>(config.head_size)),
      gate(product(tokens_max, kGateRows)) {
  const int32_t rows = config.heads / config.kv_heads * kAttentionTokens;
  scores.resize(product(rows, kAttentionSplit));
  partials.resize(product(rows, partial_floats(config)));
  folded.resize(product(rows, partial_floats(config)));
  queries.resize(static_cast<std::size_t>(rows));
  first.resize(static_cast<std::size_t>(rows));
  visible.resize(static_cast<std::size_t>(rows));
}

RopeMemory::RopeMemory(RopeAngles the_angles, int32_t tokens_max)
    : angles(std::move(the_angles)),
      cosines(static_cast<std::size_t>(tokens_max) * angles.radians.size()),
      sines(cosines.size()) {}

Workspace::Memory::Memory(const Model& model, int32_t thread_count, int32_t context, int32_t tokens)
    : tokens_max(tokens),
      partial_stride(partial_floats(model.config())),
      batch(model.config(), tokens, shared_splits_max(context)),
      residual(product(tokens, model.config().embedding)),
      branch(model.config().joins_by_norm_or_scale() ? residual.size() : 0),
      normalised(residual.size()),
      queries(product(tokens, model.config().heads * model.config().head_size)),
      attention(queries.size()),
      hidden(product(tokens, model.config().feed_forward)),
      partials(product(shared_splits_max(context),
                       model.config().heads * partial_floats(model.config()))),
      activations(tokens, widest_input(model.config())) {
  const ModelConfig& config = model.config();
  const Weights& weights = model.weights();
  const bool is_long = !weights.rope_long_factors.empty() && context > config.rope.original_context;
  if (config.rope.values > 0) {
    rope.emplace_back(
        rope_angles(config.rope, is_long ? weights.rope_long_factors : weights.rope_factors),
        tokens);
    if (config.rope.window_base > 0.0f) rope.emplace_back(window_rope_angles(config.rope), tokens);
  }
  threads.reserve(static_cast<std::size_t>(thread_count));
  for (int32_t i = 0; i < thread_count; ++i)
    threads.emplace_back(config, tokens, widest_input(config));
}

Result<Workspace> Workspace::create(const Model& model, int32_t thread_count, int32_t context) {
  const ModelConfig& config = model.config();
  const bool whole_text = config.architecture.visibility == Visibility::kBidirectional;
  if (context < 1 || (whole_text && context > config.context_max)) {
    return Error(ErrorCode::kUsage, concat("context: ", context, " tokens is outside 1 to ",
                                           config.context_max, "; choose another"));
  }
  try {
    return Workspace(std::make_unique<Memory>(model, thread_count, context,
                                              whole_text ? context : kForwardTokensMax));
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kUnavailable,
                 "memory: no room for the forward pass; use a smaller model or context");
  }
}

int32_t Workspace::tokens_max() const { return memory_->tokens_max; }

void Workspace::measure_operations(bool on) {
  memory_->measured = on;
  if (!on) return;
  for (ThreadMemory& thread : memory_->threads) thread.operation_ms = {};
}

OperationTimes Workspace::operation_times() const {
  OperationTimes sum = {};
  for (const ThreadMemory& thread : memory_->threads) {
    for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += thread.operation_ms[i];
  }
  return sum;
}

Workspace::Workspace(std::unique_ptr<Memory> memory) : memory_(std::move(memory)) {}
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;
Workspace::~Workspace() = default;

}  // namespace hearth

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

// Of the inputs that are rounded before their product: the MLP's last are rounded as they come.
int32_t widest_input(const ModelConfig& config) {
  return std::max(config.embedding, config.heads * config.head_size);
}

// Tokens for which there is to be memory for the inputs of down projections that take floats, and
// of those that do not.
int32_t float_hidden_tokens(const Model& model, int32_t tokens) {
  const auto& layers = model.weights().layers;
  const bool any = model.numerics() == Numerics::kFloat ||
                   std::any_of(layers.begin(), layers.end(), [](const LayerWeights& layer) {
                     return !layer.down.is_block_type();
                   });
  return any ? tokens : 0;
}
int32_t rounded_hidden_tokens(const Model& model, int32_t tokens) {
  return model.numerics() == Numerics::kFloat ? 0 : tokens;
}

int32_t whole_tiles(int32_t tokens) {
  return (tokens + kTileTokens - 1) / kTileTokens * kTileTokens;
}

// Weighted values, max, sum of weights; rounded up so that rows stay aligned.
int32_t partial_floats(const ModelConfig& config) { return config.head_size + 16; }

// Splits of attention whose partial results there is room for: all of one context.
int32_t shared_splits_max(int32_t context) {
  return (context + kAttentionSplit - 1) / kAttentionSplit;
}

}  // namespace

ActivationMemory::ActivationMemory(int32_t tokens, int32_t columns, Kinds kinds)
    : codes_(product(tokens, columns)),
      fine_codes_(kinds.fine ? codes_.size() : 0),
      groups_(codes_.size() / kGroupColumns),
      bfloats_(kinds.bfloats ? product(whole_tiles(tokens), columns) : 0) {}

Activations ActivationMemory::view(Rounding rounding, const float* values, int32_t columns) {
  return {.precision = rounding.precision,
          .fine_from = rounding.fine_from,
          .columns = columns,
          .values = values,
          .codes = codes_.data(),
          .fine_codes = fine_codes_.empty() ? nullptr : fine_codes_.data(),
          .groups = groups_.data(),
          .bfloats = bfloats_.data()};
}

Activations from_row(Activations x, int32_t first) {
  const std::size_t values = product(first, x.columns);
  x.values += values;
  x.codes += values;
  x.fine_codes += values;
  x.groups += values / kGroupColumns;
  x.first_row += first;
  return x;
}

ThreadMemory::ThreadMemory(const ModelConfig& config, int32_t tokens_max, int32_t widest,
                           int32_t gate_rows)
    : values(product(kSelfPreparedTokens, widest)),
      activations(kSelfPreparedTokens, widest, {}),
      residual(product(kSelfPreparedTokens, config.embedding)),
      sum(static_cast<std::size_t>(config.embedding)),
      head(product(tokens_max, config.head_size)),
      gate(product(tokens_max, gate_rows)),
      up(gate.size()) {
  const int32_t rows = config.heads / config.kv_heads * kAttentionTokens;
  scores.resize(product(rows, kAttentionSplit));
  query_words.resize(product(rows, config.head_size));
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
      queries(product(tokens, model.config().heads * model.config().head_size)),
      inputs(product(tokens, widest_input(model.config()))),
      hidden(product(float_hidden_tokens(model, tokens), model.config().feed_forward)),
      rounded_hidden(rounded_hidden_tokens(model, tokens), model.config().feed_forward,
                     {.fine = false, .bfloats = model.has_tiles()}),
      partials(product(shared_splits_max(context),
                       model.config().heads * partial_floats(model.config()))),
      activations(tokens, widest_input(model.config()), {.bfloats = model.has_tiles()}) {
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
    threads.emplace_back(config, tokens, widest_input(config),
                         model.has_tiles() ? kGateRowsOfTiles : kGateRows);
}

Result<void> Workspace::Memory::make_room_for_adapters(const ModelConfig& config) {
  adapters.stride = 0;
  adapters.keeps_hidden = false;
  int32_t places = 0;
  for (const AdapterRows& rows : batch.adapters()) {
    adapters.stride = std::max(adapters.stride, rows.adapter->shrink_rows_max());
    adapters.keeps_hidden |= rows.adapter->adapts_down();
    places = std::max(places, rows.place + 1);
  }
  const std::size_t shrunk =
      static_cast<std::size_t>(places) * product(tokens_max, adapters.stride);
  try {
    if (adapters.shrunk.size() < shrunk) adapters.shrunk.resize(shrunk);
    if (adapters.keeps_hidden && hidden.empty())
      hidden.resize(product(tokens_max, config.feed_forward));
  } catch (const std::bad_alloc&) {
    return Error(ErrorCode::kUnavailable,
                 "memory: no room for the adapters' products; use fewer or smaller ones");
  }
  return {};
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

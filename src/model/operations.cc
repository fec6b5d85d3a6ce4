// SPDX-License-Identifier: Apache-2.0
#include "model/operations.h"

#include <algorithm>

#include "model/kv_cache.h"

namespace hearth {
namespace {

Work product(const PanelMatrix& weights, int32_t tokens) {
  if (tokens == 0) return {};
  return {static_cast<double>(weights.rows) * weights.columns * tokens,
          static_cast<double>(weights.panels()) * static_cast<double>(weights.layout.bytes)};
}

// Of the queries of the `rows` last of `seen` positions.
Work attention(const Model& model, int32_t layer, int32_t rows, int32_t seen) {
  if (rows == 0) return {};
  const ModelConfig& config = model.config();
  const int32_t window = config.has_window(layer) ? config.window : seen;
  const bool whole_text = config.architecture.visibility == Visibility::kBidirectional;
  double pairs = 0;  // of a query's and a key's position
  for (int32_t position = seen - rows; position < seen; ++position) {
    pairs += whole_text ? seen : std::min(window, position + 1);
  }
  const KvPage page = {
      .type = model.kv_type(), .positions = kKvPageTokens, .head_size = config.head_size};
  const double position_bytes = 2.0 * config.kv_heads * static_cast<double>(page.bytes()) /
                                static_cast<double>(kKvPageTokens);
  return {2.0 * config.heads * config.head_size * pairs,
          position_bytes * std::min(seen, window + rows - 1)};
}

}  // namespace

Work& operator+=(Work& sum, const Work& more) {
  sum.macs += more.macs;
  sum.bytes += more.bytes;
  return sum;
}

Work total(const PassWork& work) {
  Work sum;
  for (const Work& part : work) sum += part;
  return sum;
}

std::string_view operation_name(Operation operation) {
  switch (operation) {
    case Operation::kEmbed:
      return "embed";
    case Operation::kInputs:
      return "inputs";
    case Operation::kQkv:
      return "qkv";
    case Operation::kAttention:
      return "attention";
    case Operation::kAttentionOut:
      return "attention_out";
    case Operation::kGateUp:
      return "gate_up";
    case Operation::kDown:
      return "down";
    case Operation::kHead:
      return "head";
    case Operation::kBarrier:
      return "barrier";
  }
  return "";
}

PassWork work_of_pass(const Model& model, int32_t tokens, int32_t positions, int32_t logit_rows) {
  PassWork work;
  const auto of = [&](Operation operation) -> Work& {
    return work[static_cast<std::size_t>(operation)];
  };
  const int32_t layers = model.config().layers;
  for (int32_t index = 0; index < layers; ++index) {
    const LayerWeights& layer = model.weights().layers[static_cast<std::size_t>(index)];
    const int32_t rows = index + 1 < layers ? tokens : logit_rows;
    of(Operation::kQkv) += product(layer.query, rows);
    of(Operation::kQkv) += product(layer.key, tokens);
    of(Operation::kQkv) += product(layer.value, tokens);
    of(Operation::kAttention) += attention(model, index, rows, positions + tokens);
    of(Operation::kAttentionOut) += product(layer.attention_out, rows);
    of(Operation::kGateUp) += product(layer.gate, rows);
    of(Operation::kGateUp) += product(layer.up, rows);
    of(Operation::kDown) += product(layer.down, rows);
  }
  of(Operation::kHead) += product(model.weights().head, logit_rows);
  return work;
}

}  // namespace hearth

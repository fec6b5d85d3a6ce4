// SPDX-License-Identifier: Apache-2.0
#include "engine/embed.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/strings.h"
#include "engine/engine.h"

namespace hearth {
namespace {

// By GGUF's pooling_type. Source: ggml's Python package `gguf`.
struct PoolingType {
  uint64_t id;
  Pooling pooling;
  std::string_view name;
};
constexpr PoolingType kPoolingTypes[] = {
    {1, Pooling::kMean, "mean"}, {2, Pooling::kCls, "cls"}, {3, Pooling::kLast, "last"}};
constexpr uint64_t kPoolingNone = 0;  // vectors of tokens: what to make of them is left open

// One vector [columns] of `hidden` [tokens][columns]. Sums in double: long texts lose nothing.
std::vector<float> pooled(std::span<const float> hidden, std::size_t columns, Pooling pooling) {
  const std::size_t tokens = hidden.size() / columns;
  if (pooling != Pooling::kMean) {
    const auto row = hidden.subspan(pooling == Pooling::kCls ? 0 : (tokens - 1) * columns, columns);
    return {row.begin(), row.end()};
  }
  std::vector<double> sums(columns, 0.0);
  for (std::size_t i = 0; i < hidden.size(); ++i) sums[i % columns] += double{hidden[i]};
  std::vector<float> mean(columns);
  for (std::size_t i = 0; i < columns; ++i) {
    mean[i] = static_cast<float>(sums[i] / static_cast<double>(tokens));
  }
  return mean;
}

// Errors: kCorrupt (not finite).
Result<void> scale_to_one(std::vector<float>& values) {
  double sum = 0.0;
  for (const float value : values) sum += double{value} * double{value};
  if (!std::isfinite(sum)) {
    return Error(ErrorCode::kCorrupt,
                 "embedding: the weights give no finite numbers; fetch the model again");
  }
  if (sum == 0.0) return {};
  const double factor = 1.0 / std::sqrt(sum);
  for (float& value : values) value = static_cast<float>(double{value} * factor);
  return {};
}

}  // namespace

std::string_view pooling_name(Pooling pooling) {
  const auto* type = std::find_if(std::begin(kPoolingTypes), std::end(kPoolingTypes),
                                  [&](const PoolingType& row) { return row.pooling == pooling; });
  return type->name;
}

std::optional<Pooling> parse_pooling(std::string_view name) {
  for (const PoolingType& type : kPoolingTypes) {
    if (type.name == name) return type.pooling;
  }
  return std::nullopt;
}

Result<std::optional<Pooling>> read_pooling(const GgufFile& gguf) {
  HEARTH_ASSIGN(const auto architecture, gguf.get_string("general.architecture"));
  const std::string key = concat(architecture.value_or(""), ".pooling_type");
  HEARTH_ASSIGN(const auto id, gguf.get_uint(key));
  if (!id || *id == kPoolingNone) return std::optional<Pooling>();
  for (const PoolingType& type : kPoolingTypes) {
    if (type.id == *id) return std::optional(type.pooling);
  }
  return Error(ErrorCode::kUnsupported, concat(printable(key), ": ", *id, " is no way of pooling ",
                                               "that hearth knows; choose one"));
}

Result<Engine::EmbedState*> Engine::embed_state() {
  if (embed_state_ == nullptr) {
    const int32_t context = std::min(kContextDefaultMax, model_->config().context_max);
    HEARTH_ASSIGN(std::shared_ptr<KvPool> kv_pool,
                  KvPool::create(model_->config(), model_->kv_type(), context));
    HEARTH_ASSIGN(Workspace workspace, Workspace::create(*model_, pool_->size(), context));
    embed_state_ = std::make_unique<EmbedState>(
        EmbedState{context, KvSequence(std::move(kv_pool)), std::move(workspace), {}});
  }
  return embed_state_.get();
}

std::vector<TokenId> Engine::encode_whole(std::string_view text) const {
  std::vector<TokenId> ids = encode_raw(text);
  if (const auto eos = tokenizer_.eos(); eos && tokenizer_.add_eos()) ids.push_back(*eos);
  return ids;
}

Result<Embedding> Engine::embed(std::string_view text, const EmbedOptions& options) {
  HEARTH_TRY(check_adapters(*model_, options.adapters));
  HEARTH_ASSIGN(EmbedState* const state, embed_state());
  if (!options.pooling && !pooling_.ok()) return pooling_.error();
  const Pooling pooling =
      options.pooling ? *options.pooling : pooling_.value().value_or(Pooling::kMean);
  const std::vector<TokenId> ids = encode_whole(text);
  if (ids.empty()) {
    return Error(ErrorCode::kUsage, "text: has no tokens for this model; give it some text");
  }
  if (ids.size() > static_cast<std::size_t>(state->context)) {
    return Error(ErrorCode::kUsage,
                 concat("text: its ", ids.size(), " tokens do not fit the ", state->context,
                        " that are embedded at once; give it in ", "parts"));
  }
  const auto columns = static_cast<std::size_t>(model_->config().embedding);
  if (state->hidden.size() < ids.size() * columns) state->hidden.resize(ids.size() * columns);
  const auto hidden = std::span(state->hidden).first(ids.size() * columns);
  state->sequence.truncate(0);
  HEARTH_TRY(
      encode(*model_, *pool_, state->workspace, state->sequence, ids, hidden, options.adapters));
  Embedding embedding{pooled(hidden, columns, pooling), static_cast<int32_t>(ids.size())};
  if (options.length == VectorLength::kOne) HEARTH_TRY(scale_to_one(embedding.values));
  return embedding;
}

}  // namespace hearth

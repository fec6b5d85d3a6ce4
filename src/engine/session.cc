// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "engine/engine.h"

namespace hearth {
namespace {

constexpr std::size_t kLogitBytesMax = std::size_t{32} << 20;  // held at once by feed_all()

}  // namespace

Result<int32_t> Engine::context_tokens(int32_t context) const {
  const int32_t context_max = model_->config().context_max;
  if (context < 0 || context > context_max) {
    return Error(ErrorCode::kUsage,
                 concat("context: ", context, " tokens is outside 1 to ", context_max,
                        ", what the model was made for; choose another context"));
  }
  return context == 0 ? std::min(kContextDefaultMax, context_max) : context;
}

Result<Session> Engine::create_session(int32_t context) {
  HEARTH_ASSIGN(context, context_tokens(context));
  HEARTH_ASSIGN(std::shared_ptr<KvPool> kv_pool,
                KvPool::create(model_->config(), model_->kv_type(), context));
  HEARTH_ASSIGN(Workspace workspace, Workspace::create(*model_, pool_->size(), context));
  return Session(*this, KvSequence(std::move(kv_pool)), std::move(workspace), context);
}

Session::Session(Engine& engine, KvSequence sequence, Workspace workspace, int32_t context)
    : engine_(&engine),
      sequence_(std::move(sequence)),
      workspace_(std::move(workspace)),
      context_(context) {}

std::size_t Session::vocabulary() const {
  return static_cast<std::size_t>(engine_->model().config().vocabulary);
}

Result<void> Engine::check_ids(std::span<const TokenId> tokens) const {
  const int32_t vocabulary = model_->config().vocabulary;
  for (const TokenId id : tokens) {
    if (id >= 0 && id < vocabulary) continue;
    return Error(ErrorCode::kUsage,
                 concat("token ", id, ": is outside the vocabulary of ", vocabulary,
                        "; encode the text with this model's tokenizer"));
  }
  return {};
}

Result<void> Session::check_feed(std::span<const TokenId> tokens) const {
  const std::size_t count = tokens_.size() + tokens.size();
  if (count > static_cast<std::size_t>(context_)) {
    return Error(ErrorCode::kUsage, concat("tokens: ", count, " do not fit the context of ",
                                           context_, "; shorten the text or use a larger context"));
  }
  return engine_->check_ids(tokens);
}

// Appends a chunk whose tokens were checked; its logits, if any, are in logits_ then.
Result<void> Session::evaluate(std::span<const TokenId> chunk, LogitRows rows,
                               const Interruption& interruption) {
  const BatchPart part = {sequence_, chunk, rows, part_adapters_};
  const std::size_t values = static_cast<std::size_t>(part.logit_rows()) * vocabulary();
  if (logits_.size() < values) logits_.resize(values);
  blocks_.resize(part.logit_rows() <= kSummarisedRows ? values / vocabulary() * row_blocks() : 0);
  HEARTH_TRY(forward(engine_->model(), engine_->pool(), workspace_, {&part, 1},
                     {std::span(logits_).first(values), blocks_}, interruption));
  tokens_.insert(tokens_.end(), chunk.begin(), chunk.end());
  return {};
}

// Tokens that were checked, in chunks; the logits after the last one are in logits_ then.
Result<void> Session::prefill(std::span<const TokenId> rest, const Interruption& interruption) {
  while (!rest.empty()) {
    const auto chunk =
        rest.first(std::min(rest.size(), static_cast<std::size_t>(workspace_.tokens_max())));
    rest = rest.subspan(chunk.size());
    HEARTH_TRY(evaluate(chunk, rest.empty() ? LogitRows::kLast : LogitRows::kNone, interruption));
  }
  return {};
}

Result<std::span<float>> Session::feed(std::span<const TokenId> tokens,
                                       const Interruption& interruption) {
  if (tokens.empty()) return Error(ErrorCode::kUsage, "tokens: there are none; give at least one");
  HEARTH_TRY(check_feed(tokens));
  HEARTH_TRY(prefill(tokens, interruption));
  return std::span(logits_).first(vocabulary());
}

Result<void> Session::feed_all(std::span<const TokenId> tokens,
                               FunctionRef<void(int32_t, std::span<float>)> row,
                               const Interruption& interruption) {
  HEARTH_TRY(check_feed(tokens));
  const std::size_t rows_max =
      std::max<std::size_t>(1, kLogitBytesMax / (vocabulary() * sizeof(float)));
  for (std::size_t begin = 0; begin < tokens.size();) {
    const std::size_t count =
        std::min({tokens.size() - begin, std::size_t{kForwardTokensMax}, rows_max});
    HEARTH_TRY(evaluate(tokens.subspan(begin, count), LogitRows::kAll, interruption));
    for (std::size_t i = 0; i < count; ++i) {
      row(static_cast<int32_t>(begin + i),
          std::span(logits_).subspan(i * vocabulary(), vocabulary()));
    }
    begin += count;
  }
  return {};
}

int32_t Session::reuse_prefix(std::span<const TokenId> tokens) {
  if (!tokens.empty()) tokens = tokens.first(tokens.size() - 1);
  const auto ends = std::mismatch(tokens.begin(), tokens.end(), tokens_.begin(), tokens_.end());
  const auto length = static_cast<int32_t>(ends.first - tokens.begin());
  truncate(length);
  return length;
}

Result<void> Session::use_adapters(std::span<const AdapterUse> adapters) {
  HEARTH_TRY(check_adapters(engine_->model(), adapters));
  if (AdapterKey::of(adapters) == AdapterKey::of(adapters_)) return {};
  truncate(0);
  adapters_.assign(adapters.begin(), adapters.end());
  part_adapters_ = adapters_;
  return {};
}

void Session::truncate(int32_t length) {
  HEARTH_CHECK(length >= 0 && static_cast<std::size_t>(length) <= tokens_.size());
  sequence_.truncate(length);
  tokens_.resize(static_cast<std::size_t>(length));
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "model/batch.h"

#include <algorithm>
#include <tuple>

#include "kernels/kernels.h"

namespace hearth {

Batch::Batch(const ModelConfig& config, int32_t tokens_max, int32_t shared_splits_max)
    : sees_whole_text_(config.architecture.visibility == Visibility::kBidirectional),
      shared_splits_max_(shared_splits_max),
      tokens_max_(tokens_max) {
  tokens_.reserve(static_cast<std::size_t>(tokens_max));
  blocks_.reserve(static_cast<std::size_t>(tokens_max));
}

void Batch::lay_out(std::span<const BatchPart> parts) {
  tokens_.clear();
  blocks_.clear();
  adapter_entries_.clear();
  adapters_.clear();
  shared_splits_ = 0;
  for (const BatchPart& part : parts) add(part, 0, part.count() - part.logit_rows());
  unread_ = count();
  for (const BatchPart& part : parts) add(part, part.count() - part.logit_rows(), part.count());
  if (!adapter_entries_.empty()) group_adapters();
}

// Tokens [begin, end) of `part`.
void Batch::add(const BatchPart& part, int32_t begin, int32_t end) {
  const int32_t length = part.sequence.length();
  if (!part.adapters.empty()) note_adapters(part, {count(), end - begin});
  for (int32_t first = begin; first < end; first += kAttentionTokens) {
    const Rows block = {count(), std::min(kAttentionTokens, end - first)};
    blocks_.push_back(block);
    for (int32_t i = first; i < first + block.count; ++i) {
      tokens_.push_back({.id = part.tokens[static_cast<std::size_t>(i)],
                         .sequence = &part.sequence,
                         .position = length + i,
                         .sees_to = length + (sees_whole_text_ ? part.count() : i + 1),
                         .shared_splits = BatchToken::kNotShared});
    }
    if (block.count == 1) share_splits(tokens_.back());
  }
}

void Batch::note_adapters(const BatchPart& part, Rows rows) {
  if (adapter_entries_.capacity() == 0) {  // all memory at once: later passes need none
    const auto entries_max = static_cast<std::size_t>(tokens_max_) * kAdapterUsesMax;
    adapter_entries_.reserve(entries_max);
    adapter_tokens_.reserve(entries_max);
    adapter_scales_.reserve(entries_max);
    adapters_.reserve(entries_max);
  }
  int32_t place = 0;
  for (const AdapterUse& use : part.adapters) {
    for (int32_t i = 0; i < rows.count; ++i)
      adapter_entries_.push_back({place, rows.first + i, use.adapter.get(), use.scale});
    ++place;
  }
}

void Batch::group_adapters() {
  std::ranges::sort(adapter_entries_, {}, [](const AdapterEntry& entry) {
    return std::tuple(entry.place, entry.adapter->version(), entry.token);
  });
  adapter_tokens_.clear();
  adapter_scales_.clear();
  for (const AdapterEntry& entry : adapter_entries_) {
    adapter_tokens_.push_back(entry.token);
    adapter_scales_.push_back(entry.scale);
  }
  for (std::size_t begin = 0; begin < adapter_entries_.size();) {
    const AdapterEntry& of = adapter_entries_[begin];
    std::size_t end = begin + 1;
    while (end < adapter_entries_.size() && adapter_entries_[end].place == of.place &&
           adapter_entries_[end].adapter == of.adapter) {
      ++end;
    }
    adapters_.push_back({of.adapter, of.place,
                         std::span<const int32_t>(adapter_tokens_).subspan(begin, end - begin),
                         std::span<const float>(adapter_scales_).subspan(begin, end - begin)});
    begin = end;
  }
}

void Batch::share_splits(BatchToken& token) {
  const int32_t splits = (token.sees_to + kAttentionSplit - 1) / kAttentionSplit;
  if (splits == 1 || shared_splits_ + splits > shared_splits_max_) return;
  token.shared_splits = shared_splits_;
  shared_splits_ += splits;
}

}  // namespace hearth

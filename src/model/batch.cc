// SPDX-License-Identifier: Apache-2.0
#include "model/batch.h"

#include <algorithm>

#include "kernels/kernels.h"

namespace hearth {

Batch::Batch(const ModelConfig& config, int32_t tokens_max, int32_t shared_splits_max)
    : sees_whole_text_(config.architecture.visibility == Visibility::kBidirectional),
      shared_splits_max_(shared_splits_max) {
  tokens_.reserve(static_cast<std::size_t>(tokens_max));
  blocks_.reserve(static_cast<std::size_t>(tokens_max));
}

void Batch::lay_out(std::span<const BatchPart> parts) {
  tokens_.clear();
  blocks_.clear();
  shared_splits_ = 0;
  for (const BatchPart& part : parts) add(part, 0, part.count() - part.logit_rows());
  unread_ = count();
  for (const BatchPart& part : parts) add(part, part.count() - part.logit_rows(), part.count());
}

// Tokens [begin, end) of `part`.
void Batch::add(const BatchPart& part, int32_t begin, int32_t end) {
  const int32_t length = part.sequence.length();
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

void Batch::share_splits(BatchToken& token) {
  const int32_t splits = (token.sees_to + kAttentionSplit - 1) / kAttentionSplit;
  if (splits == 1 || shared_splits_ + splits > shared_splits_max_) return;
  token.shared_splits = shared_splits_;
  shared_splits_ += splits;
}

}  // namespace hearth

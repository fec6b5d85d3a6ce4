// SPDX-License-Identifier: Apache-2.0
#include "engine/logit_blocks.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "base/check.h"
#include "engine/softmax.h"

namespace hearth {
namespace {

constexpr float kForbidden = -std::numeric_limits<float>::infinity();

std::span<const float> part(std::span<const float> logits, std::size_t block) {
  const std::size_t begin = block * kLogitBlock;
  return logits.subspan(begin, std::min<std::size_t>(kLogitBlock, logits.size() - begin));
}

// Unlike the kernels', for which -infinity is damage, as no weights give it.
LogitBlock summarise(std::span<const float> logits) {
  const float max = max_logit(logits);
  if (max > kForbidden) return {max, static_cast<float>(sum_exp(logits, max))};
  const bool forbidden =
      std::ranges::all_of(logits, [](float logit) { return logit == kForbidden; });
  return {max, forbidden ? 0.0f : std::numeric_limits<float>::quiet_NaN()};
}

}  // namespace

void LogitBlocks::take(std::span<const float> logits, std::span<const LogitBlock> known) {
  const std::size_t count = (logits.size() + kLogitBlock - 1) / kLogitBlock;
  const std::size_t whole = std::min(known.size(), logits.size() / kLogitBlock);
  blocks_.reserve(count);
  maxima_.reserve(count);
  blocks_.assign(known.begin(), known.begin() + static_cast<std::ptrdiff_t>(whole));
  for (std::size_t block = whole; block < count; ++block)
    blocks_.push_back(summarise(part(logits, block)));
  changed_.assign(count, false);
}

double LogitBlocks::log_sum() const {
  float max = kForbidden;
  for (const LogitBlock& block : blocks_) max = std::max(max, block.max);
  if (max == kForbidden) return std::numeric_limits<double>::quiet_NaN();
  double sum = 0.0;
  for (const LogitBlock& block : blocks_) {
    if (block.max == kForbidden && block.sum == 0.0f) continue;
    sum += block.sum * std::exp(static_cast<double>(block.max) - max);
  }
  return max + std::log(sum);
}

void LogitBlocks::changed(TokenId id) {
  changed_[static_cast<std::size_t>(id) / kLogitBlock] = true;
}

void LogitBlocks::look_again(std::span<const float> logits) {
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    if (!changed_[block]) continue;
    blocks_[block].max = max_logit(part(logits, block));
    changed_[block] = false;
  }
}

TokenId LogitBlocks::best(std::span<const float> logits) const {
  const auto better = [](const LogitBlock& a, const LogitBlock& b) { return a.max < b.max; };
  const auto largest = std::max_element(blocks_.begin(), blocks_.end(), better);
  if (largest == blocks_.end() || largest->max == kForbidden) return -1;
  const auto block = static_cast<std::size_t>(largest - blocks_.begin());
  return static_cast<TokenId>(block * kLogitBlock + argmax_logit(part(logits, block)));
}

float LogitBlocks::reached_by(std::size_t count) {
  if (count > blocks_.size()) return kForbidden;
  maxima_.clear();
  for (const LogitBlock& block : blocks_) maxima_.push_back(block.max);
  const auto at = maxima_.begin() + static_cast<std::ptrdiff_t>(count) - 1;
  std::nth_element(maxima_.begin(), at, maxima_.end(), std::greater<>());
  return *at;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "model/kv_cache.h"

#include <utility>

#include "base/strings.h"

namespace hearth {

Result<std::shared_ptr<KvPool>> KvPool::create(const ModelConfig& config, KvType type,
                                               int64_t tokens_max) {
  constexpr int64_t kTokensMax = int64_t{1} << 32;
  if (tokens_max < 1 || tokens_max > kTokensMax) {
    return Error(ErrorCode::kUsage, concat("context: ", tokens_max, " tokens is outside 1 to ",
                                           kTokensMax, "; choose another context"));
  }
  const int64_t pages = (tokens_max + kKvPageTokens - 1) / kKvPageTokens;
  auto pool = std::make_shared<KvPool>();
  pool->layout_ = {.type = type, .positions = kKvPageTokens, .head_size = config.head_size};
  pool->kv_heads_ = config.kv_heads;
  pool->page_bytes_ = pool->layout_.bytes() * 2 * config.kv_heads * config.layers;
  HEARTH_ASSIGN(pool->memory_, Buffer::create(static_cast<std::size_t>(pages) * pool->page_bytes_,
                                              PageHint::kHuge));
  pool->references_.assign(static_cast<std::size_t>(pages), 0);
  pool->free_pages_.reserve(static_cast<std::size_t>(pages));
  for (int64_t page = pages - 1; page >= 0; --page)
    pool->free_pages_.push_back(static_cast<int32_t>(page));
  return pool;
}

std::byte* KvPool::keys(int32_t page, int32_t layer, int32_t kv_head) const {
  const std::size_t head = (static_cast<std::size_t>(layer) * kv_heads_ + kv_head) * 2;
  return memory_.data() + static_cast<std::size_t>(page) * page_bytes_ + head * layout_.bytes();
}

std::byte* KvPool::values(int32_t page, int32_t layer, int32_t kv_head) const {
  return keys(page, layer, kv_head) + layout_.bytes();
}

Result<int32_t> KvPool::acquire() {
  if (free_pages_.empty()) {
    return Error(ErrorCode::kUnavailable,
                 concat("KV cache: all ", tokens_max(),
                        " tokens are in use; end a session or use a larger context"));
  }
  const int32_t page = free_pages_.back();
  free_pages_.pop_back();
  references_[static_cast<std::size_t>(page)] = 1;
  return page;
}

void KvPool::release(int32_t page) {
  if (--references_[static_cast<std::size_t>(page)] == 0) free_pages_.push_back(page);
}

KvSequence::KvSequence(KvSequence&& other) noexcept
    : pool_(std::move(other.pool_)),
      pages_(std::exchange(other.pages_, {})),
      length_(std::exchange(other.length_, 0)) {}

KvSequence& KvSequence::operator=(KvSequence&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(pages_, other.pages_);
  std::swap(length_, other.length_);
  return *this;
}

KvSequence::~KvSequence() {
  for (const int32_t page : pages_) pool_->release(page);
}

void KvSequence::share(std::span<const int32_t> pages) {
  HEARTH_CHECK(pages_.empty());
  for (const int32_t page : pages) pool_->retain(page);
  pages_.assign(pages.begin(), pages.end());
  length_ = static_cast<int32_t>(pages.size()) * kKvPageTokens;
}

void KvSequence::share_at(std::size_t index, int32_t page) {
  pool_->retain(page);
  pool_->release(std::exchange(pages_[index], page));
}

Result<void> KvSequence::reserve(int32_t tokens) {
  while (static_cast<int64_t>(pages_.size()) * kKvPageTokens < int64_t{length_} + tokens) {
    HEARTH_ASSIGN(const int32_t page, pool_->acquire());
    pages_.push_back(page);
  }
  return {};
}

void KvSequence::truncate(int32_t length) {
  HEARTH_CHECK(length >= 0 && length <= length_);
  length_ = length;
  const auto needed = static_cast<std::size_t>((length + kKvPageTokens - 1) / kKvPageTokens);
  while (pages_.size() > needed) {
    pool_->release(pages_.back());
    pages_.pop_back();
  }
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Keys and values of past tokens, in pages of 64 tokens. A KvPool owns the memory and bounds it; a
// KvSequence is one context's list of pages and its length. Pages are reference-counted so that
// sequences can share a prefix.
//
// Threading: a pool and its sequences belong to one engine thread; the forward pass's workers read
// and write the positions that it hands them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "kernels/kv_page.h"
#include "model/config.h"
#include "tensor/buffer.h"

namespace hearth {

inline constexpr int32_t kKvPageTokens = 64;

class KvSequence;

class KvPool {
 public:
  // Room for `tokens_max` tokens, rounded up to pages. Memory is touched page by page, when used.
  // Errors: kUnavailable (memory), kUsage (not positive).
  static Result<std::shared_ptr<KvPool>> create(const ModelConfig& config, KvType type,
                                                int64_t tokens_max);

  int64_t tokens_max() const { return static_cast<int64_t>(references_.size()) * kKvPageTokens; }
  int32_t pages_free() const { return static_cast<int32_t>(free_pages_.size()); }
  const KvPage& layout() const { return layout_; }
  std::size_t page_bytes() const { return page_bytes_; }

  // Start of keys or values of one layer and one KV head in a page, laid out as layout() says.
  std::byte* keys(int32_t page, int32_t layer, int32_t kv_head) const;
  std::byte* values(int32_t page, int32_t layer, int32_t kv_head) const;
  // All of a page: by layer and KV head, keys, then values.
  std::span<std::byte> page(int32_t page) const { return {keys(page, 0, 0), page_bytes_}; }

  // One more holder of a page that has one; each holder releases it once.
  void retain(int32_t page) { ++references_[static_cast<std::size_t>(page)]; }
  void release(int32_t page);
  // Whether one more release() would free the page.
  bool is_held_once(int32_t page) const { return references_[static_cast<std::size_t>(page)] == 1; }

 private:
  friend class KvSequence;
  Result<int32_t> acquire();

  KvPage layout_ = {};
  int32_t kv_heads_ = 0;
  std::size_t page_bytes_ = 0;
  Buffer memory_;
  std::vector<int32_t> references_;  // by page
  std::vector<int32_t> free_pages_;
};

class KvSequence {
 public:
  explicit KvSequence(std::shared_ptr<KvPool> pool) : pool_(std::move(pool)) {}
  KvSequence(KvSequence&& other) noexcept;
  KvSequence& operator=(KvSequence&& other) noexcept;
  ~KvSequence();

  int32_t length() const { return length_; }
  const KvPool& pool() const { return *pool_; }
  const std::vector<int32_t>& pages() const { return pages_; }

  // Begins with whole pages of other tokens' keys and values, which others hold too. It is empty
  // before (checked).
  void share(std::span<const int32_t> pages);
  // Holds `page`, of the same keys and values, in the place of its own at `index`.
  void share_at(std::size_t index, int32_t page);
  // Makes room for `tokens` more; they count once commit() was called. Errors: kUnavailable (the
  // pool is full; truncate(length()) gives back what there was).
  Result<void> reserve(int32_t tokens);
  void commit(int32_t tokens) { length_ += tokens; }
  // Forgets all tokens from `length` on.
  void truncate(int32_t length);

 private:
  std::shared_ptr<KvPool> pool_;
  std::vector<int32_t> pages_;
  int32_t length_ = 0;
};

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Keys and values of what was computed before, for texts that begin alike: a tree of whole pages,
// in which each page is found by its tokens behind those of its parent (a radix tree over pages;
// Zheng et al. 2024, "SGLang", section 3; Kwon et al. 2023, "PagedAttention").
//
// Ownership: holds its pages beside the sequences that share them. Threading: as the pool's.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "model/adapter.h"
#include "model/kv_cache.h"
#include "text/tokenizer_vocabulary.h"

namespace hearth {

class PrefixCache {
 public:
  explicit PrefixCache(std::shared_ptr<KvPool> pool) : pool_(std::move(pool)) {}
  ~PrefixCache();
  PrefixCache(const PrefixCache&) = delete;
  PrefixCache& operator=(const PrefixCache&) = delete;

  // The pages of the longest known prefix of `tokens`, of whole pages, that leaves one token at
  // least, so that there are logits; computed with these adapters. They stay while nothing is
  // dropped.
  std::vector<int32_t> find(std::span<const TokenId> tokens, const AdapterKey& adapters = {});
  // Keeps the whole pages of `sequence`, which holds the first of `tokens`, computed with these
  // adapters; it gives up its own for those that are known already.
  void keep(std::span<const TokenId> tokens, KvSequence& sequence, const AdapterKey& adapters = {});
  // Drops the page that was used longest ago, of those that no sequence shares and no page stands
  // behind. False: there is none.
  bool drop_one();
  // Pages that drop_one() can free, one after the other.
  int32_t pages_droppable() const;

  int32_t pages() const { return static_cast<int32_t>(nodes_.size()); }
  std::size_t page_bytes() const { return pool_->page_bytes(); }

  // A page as it can be kept elsewhere.
  using Block = std::array<TokenId, kKvPageTokens>;
  struct KeptPage {
    int32_t parent;  // of those that were computed before it, by its place in their list; -1: none
    uint64_t last_used;  // the higher, the later
    const Block* tokens;
    std::span<const std::byte> bytes;
  };
  // What was computed without adapters, each behind its parent. Valid until anything is changed.
  std::vector<KeptPage> kept() const;
  // Takes in a page behind `parent`, a page of this cache, or -1; what is known already stays.
  // Returns the page. Errors: kUnavailable (the pool is full).
  Result<int32_t> add(int32_t parent, const KeptPage& page);

 private:
  struct Key {
    int32_t parent;       // page; -1: none
    AdapterKey adapters;  // where there is no parent: those behind it have its adapters
    Block tokens;
    bool operator==(const Key&) const = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const;
  };
  struct Node {
    int32_t page;
    int32_t children = 0;
    uint64_t last_used = 0;
  };
  using Nodes = std::unordered_map<Key, Node, KeyHash>;

  Node& insert(const Key& key, int32_t page);
  static Key key_of(int32_t parent, const AdapterKey& adapters, std::span<const TokenId> tokens,
                    std::size_t page_index);

  std::shared_ptr<KvPool> pool_;
  Nodes nodes_;
  std::unordered_map<int32_t, Node*> by_page_;  // nodes stay where they are
  uint64_t clock_ = 0;
};

}  // namespace hearth

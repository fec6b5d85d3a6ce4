// SPDX-License-Identifier: Apache-2.0
#include "scheduler/prefix_cache.h"

#include <algorithm>

#include "base/check.h"

namespace hearth {

PrefixCache::~PrefixCache() {
  for (const auto& [key, node] : nodes_) pool_->release(node.page);
}

// FNV-1a over the numbers: no secret is needed, since an equal hash is only slow, never wrong.
std::size_t PrefixCache::KeyHash::operator()(const Key& key) const {
  uint64_t hash = 0xcbf29ce484222325;
  const auto add = [&hash](uint64_t number) { hash = (hash ^ number) * 0x100000001b3; };
  add(static_cast<uint32_t>(key.parent));
  for (const AdapterKey::Entry& entry : key.adapters.entries) {
    add(entry.version);
    add(entry.scale_bits);
  }
  for (const TokenId token : key.tokens) add(static_cast<uint32_t>(token));
  return hash;
}

PrefixCache::Key PrefixCache::key_of(int32_t parent, const AdapterKey& adapters,
                                     std::span<const TokenId> tokens, std::size_t page_index) {
  Key key = {parent, parent < 0 ? adapters : AdapterKey(), {}};
  std::ranges::copy(tokens.subspan(page_index * kKvPageTokens, kKvPageTokens), key.tokens.begin());
  return key;
}

std::vector<int32_t> PrefixCache::find(std::span<const TokenId> tokens,
                                       const AdapterKey& adapters) {
  std::vector<int32_t> pages;
  if (tokens.empty()) return pages;
  const std::size_t whole = (tokens.size() - 1) / kKvPageTokens;
  int32_t parent = -1;
  while (pages.size() < whole) {
    const auto node = nodes_.find(key_of(parent, adapters, tokens, pages.size()));
    if (node == nodes_.end()) break;
    node->second.last_used = ++clock_;
    parent = node->second.page;
    pages.push_back(parent);
  }
  return pages;
}

// Holds `page` under its key.
PrefixCache::Node& PrefixCache::insert(const Key& key, int32_t page) {
  pool_->retain(page);
  Node& node = nodes_.emplace(key, Node{page}).first->second;
  by_page_[page] = &node;
  if (key.parent >= 0) ++by_page_.at(key.parent)->children;
  return node;
}

void PrefixCache::keep(std::span<const TokenId> tokens, KvSequence& sequence,
                       const AdapterKey& adapters) {
  HEARTH_CHECK(static_cast<std::size_t>(sequence.length()) <= tokens.size());
  const auto whole = static_cast<std::size_t>(sequence.length() / kKvPageTokens);
  int32_t parent = -1;
  for (std::size_t i = 0; i < whole; ++i) {
    const Key key = key_of(parent, adapters, tokens, i);
    const auto known = nodes_.find(key);
    Node& node = known == nodes_.end() ? insert(key, sequence.pages()[i]) : known->second;
    if (node.page != sequence.pages()[i]) sequence.share_at(i, node.page);
    node.last_used = ++clock_;
    parent = node.page;
  }
}

bool PrefixCache::drop_one() {
  auto oldest = nodes_.end();
  for (auto node = nodes_.begin(); node != nodes_.end(); ++node) {
    const bool is_free = node->second.children == 0 && pool_->is_held_once(node->second.page);
    if (is_free && (oldest == nodes_.end() || node->second.last_used < oldest->second.last_used))
      oldest = node;
  }
  if (oldest == nodes_.end()) return false;
  if (oldest->first.parent >= 0) --by_page_.at(oldest->first.parent)->children;
  by_page_.erase(oldest->second.page);
  pool_->release(oldest->second.page);
  nodes_.erase(oldest);
  return true;
}

int32_t PrefixCache::pages_droppable() const {
  // A page that no sequence shares has none behind it that one shares: sequences share all pages
  // from their beginning.
  return static_cast<int32_t>(std::ranges::count_if(
      nodes_, [&](const auto& node) { return pool_->is_held_once(node.second.page); }));
}

std::vector<PrefixCache::KeptPage> PrefixCache::kept() const {
  std::unordered_map<int32_t, std::vector<Nodes::const_pointer>> behind;  // by page
  for (const auto& entry : nodes_) {
    const bool is_plain = entry.first.adapters == AdapterKey();
    if (is_plain) behind[entry.first.parent].push_back(&entry);
  }
  std::vector<KeptPage> kept;
  // Pages whose children are next, with their places in the list. What stands behind a page that
  // was computed with adapters is never reached.
  std::vector<std::pair<int32_t, int32_t>> open = {{-1, -1}};
  while (!open.empty()) {
    const auto [page, place] = open.back();
    open.pop_back();
    const auto found = behind.find(page);
    if (found == behind.end()) continue;
    for (const auto* entry : found->second) {
      const auto& [key, node] = *entry;
      open.emplace_back(node.page, static_cast<int32_t>(kept.size()));
      kept.push_back({place, node.last_used, &key.tokens, pool_->page(node.page)});
    }
  }
  return kept;
}

Result<int32_t> PrefixCache::add(int32_t parent, const KeptPage& page) {
  HEARTH_CHECK(page.bytes.size() == pool_->page_bytes());
  const Key key = {parent, {}, *page.tokens};
  if (const auto known = nodes_.find(key); known != nodes_.end()) return known->second.page;
  KvSequence fresh(pool_);
  HEARTH_TRY(fresh.reserve(kKvPageTokens));
  const int32_t taken = fresh.pages().front();
  std::ranges::copy(page.bytes, pool_->page(taken).begin());
  insert(key, taken).last_used = page.last_used;
  clock_ = std::max(clock_, page.last_used);
  return taken;
}

}  // namespace hearth

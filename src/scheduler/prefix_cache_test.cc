// SPDX-License-Identifier: Apache-2.0
#include "scheduler/prefix_cache.h"

#include <gtest/gtest.h>

#include <numeric>

namespace hearth {
namespace {

ModelConfig small_config() {
  ModelConfig config;
  config.layers = 1;
  config.kv_heads = 1;
  config.head_size = 32;
  return config;
}

std::vector<TokenId> counting(int32_t count, TokenId from) {
  std::vector<TokenId> tokens(static_cast<std::size_t>(count));
  std::iota(tokens.begin(), tokens.end(), from);
  return tokens;
}

class PrefixCacheTest : public testing::Test {
 protected:
  static constexpr int32_t kPages = 8;

  KvSequence sequence(int32_t tokens) {
    KvSequence made(pool_);
    EXPECT_TRUE(made.reserve(tokens).ok());
    made.commit(tokens);
    return made;
  }

  std::shared_ptr<KvPool> pool_ =
      KvPool::create(small_config(), KvType::kInt16, kPages* kKvPageTokens).value();
  PrefixCache cache_{pool_};
};

TEST_F(PrefixCacheTest, FindsWholePagesAndLeavesOneToken) {
  const std::vector<TokenId> tokens = counting(3 * kKvPageTokens, 0);
  std::vector<int32_t> pages;
  {
    KvSequence held = sequence(2 * kKvPageTokens + 10);
    pages = held.pages();
    cache_.keep(tokens, held);
  }
  EXPECT_EQ(cache_.pages(), 2);
  EXPECT_EQ(pool_->pages_free(), kPages - 2);
  pages.resize(2);
  EXPECT_EQ(cache_.find(tokens), pages);
  const auto whole = std::span(tokens).first(2 * kKvPageTokens);
  EXPECT_EQ(cache_.find(whole).size(),
            1u);  // of two pages exactly the last token is to be computed
  EXPECT_TRUE(cache_.find(counting(200, 1)).empty());
  EXPECT_TRUE(cache_.find({}).empty());
}

TEST_F(PrefixCacheTest, TextsShareWhatTheyBeginWith) {
  std::vector<TokenId> one = counting(2 * kKvPageTokens, 0);
  std::vector<TokenId> other = one;
  other.back() = 7777;
  KvSequence first = sequence(2 * kKvPageTokens);
  KvSequence second = sequence(2 * kKvPageTokens);
  EXPECT_EQ(pool_->pages_free(), kPages - 4);
  cache_.keep(one, first);
  cache_.keep(other, second);  // gives up its own first page
  EXPECT_EQ(second.pages().front(), first.pages().front());
  EXPECT_EQ(pool_->pages_free(), kPages - 3);
  EXPECT_EQ(cache_.pages(), 3);
  other.push_back(1);
  EXPECT_EQ(cache_.find(other), second.pages());
}

TEST_F(PrefixCacheTest, ATextBelongsToItsAdapters) {
  const std::vector<TokenId> tokens = counting(2 * kKvPageTokens + 1, 0);
  AdapterKey one, half, two;
  one.entries[0] = half.entries[0] = two.entries[0] = {1, 0x3f800000};
  half.entries[0].scale_bits = 0x3f000000;
  two.entries[1] = {2, 0x3f800000};
  KvSequence plain = sequence(2 * kKvPageTokens);
  KvSequence adapted = sequence(2 * kKvPageTokens);
  cache_.keep(tokens, plain);
  EXPECT_TRUE(cache_.find(tokens, one).empty());
  cache_.keep(tokens, adapted, one);
  EXPECT_EQ(cache_.find(tokens), plain.pages());
  EXPECT_EQ(cache_.find(tokens, one), adapted.pages());
  EXPECT_TRUE(cache_.find(tokens, half).empty());
  EXPECT_TRUE(cache_.find(tokens, two).empty());
}

TEST_F(PrefixCacheTest, DropsWhatWasUsedLongestAgoAndNobodyHolds) {
  const std::vector<TokenId> old_text = counting(2 * kKvPageTokens + 1, 0);
  const std::vector<TokenId> new_text = counting(kKvPageTokens + 1, 5000);
  {
    KvSequence first = sequence(2 * kKvPageTokens);
    cache_.keep(old_text, first);
  }
  KvSequence held = sequence(kKvPageTokens);
  cache_.keep(new_text, held);
  EXPECT_EQ(cache_.pages_droppable(), 2);
  EXPECT_TRUE(cache_.drop_one());  // the second page, as the first one is before it
  EXPECT_EQ(cache_.find(old_text).size(), 1u);
  EXPECT_TRUE(cache_.drop_one());
  EXPECT_FALSE(cache_.drop_one());
  EXPECT_EQ(cache_.find(new_text).size(), 1u);
  held.truncate(0);
  EXPECT_TRUE(cache_.drop_one());
  EXPECT_EQ(pool_->pages_free(), kPages);
}

// Keys and values that tell pages apart.
void fill(const KvPool& pool, int32_t page, int number) {
  std::ranges::fill(pool.page(page), static_cast<std::byte>(number));
}

TEST_F(PrefixCacheTest, WhatItHoldsGoesIntoAnotherOne) {
  const std::vector<TokenId> tokens = counting(3 * kKvPageTokens, 0);
  std::vector<TokenId> branch = tokens;
  branch.back() += 1000;  // the third page is another one
  AdapterKey adapters;
  adapters.entries[0].version = 7;
  const auto keep = [&](std::span<const TokenId> text, int number, const AdapterKey& key) {
    KvSequence held = sequence(3 * kKvPageTokens);
    for (const int32_t page : held.pages()) fill(*pool_, page, number);
    cache_.keep(text, held, key);
  };
  keep(tokens, 1, {});
  keep(branch, 2, {});
  keep(tokens, 3, adapters);

  const std::vector<PrefixCache::KeptPage> kept = cache_.kept();
  ASSERT_EQ(kept.size(), 4u);  // two that both begin with, two ends; none of the adapter's
  const auto other_pool =
      KvPool::create(small_config(), KvType::kInt16, kPages * kKvPageTokens).value();
  PrefixCache other(other_pool);
  std::vector<int32_t> taken;
  for (const PrefixCache::KeptPage& page : kept) {
    ASSERT_LT(page.parent, static_cast<int32_t>(taken.size()));
    const int32_t parent = page.parent < 0 ? -1 : taken[static_cast<std::size_t>(page.parent)];
    taken.push_back(other.add(parent, page).value());
    EXPECT_EQ(other.add(parent, page).value(), taken.back());  // once
  }
  EXPECT_EQ(other.pages(), 4);
  EXPECT_EQ(other.pages_droppable(), 4);
  for (auto text : {tokens, branch}) {
    const bool is_branch = text == branch;
    text.push_back(0);
    const std::vector<int32_t> found = other.find(text);
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(other_pool->page(found[0]).front(), std::byte{1});
    EXPECT_EQ(other_pool->page(found[2]).back(), static_cast<std::byte>(is_branch ? 2 : 1));
  }
  EXPECT_TRUE(other.find(tokens, adapters).empty());
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(other.drop_one());
  EXPECT_EQ(other_pool->pages_free(), kPages);
}

TEST_F(PrefixCacheTest, TakesInNoMoreThanThereIsRoomFor) {
  PrefixCache::Block tokens = {};
  const std::vector<std::byte> bytes(pool_->page_bytes());
  int32_t parent = -1;
  for (int32_t i = 0; i < kPages; ++i)
    parent = cache_.add(parent, {-1, static_cast<uint64_t>(i), &tokens, bytes}).value();
  EXPECT_EQ(cache_.add(parent, {-1, 9, &tokens, bytes}).error().code(), ErrorCode::kUnavailable);
  EXPECT_EQ(cache_.pages(), kPages);
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "model/batch.h"

#include <gtest/gtest.h>

#include <numeric>

#include "kernels/kernels.h"

namespace hearth {

bool operator==(const Rows& a, const Rows& b) { return a.first == b.first && a.count == b.count; }

namespace {

ModelConfig config_of(Visibility visibility) {
  ModelConfig config;
  config.architecture.visibility = visibility;
  config.layers = config.kv_heads = 1;
  config.head_size = 16;
  return config;
}

class BatchTest : public testing::Test {
 protected:
  BatchTest() : ids_(100) { std::iota(ids_.begin(), ids_.end(), 0); }

  KvSequence sequence_of(int32_t length) const {
    KvSequence sequence(KvPool::create(config_, KvType::kInt16, length + 100).value());
    EXPECT_TRUE(sequence.reserve(length + 100).ok());
    sequence.commit(length);
    return sequence;
  }

  std::span<const int32_t> ids(std::size_t first, std::size_t count) const {
    return std::span(ids_).subspan(first, count);
  }

  const ModelConfig config_ = config_of(Visibility::kCausal);
  std::vector<int32_t> ids_;
};

TEST_F(BatchTest, WhatIsReadStandsBehindTheRest) {
  KvSequence a = sequence_of(5), b = sequence_of(70), c = sequence_of(0);
  Batch batch(config_, 128, 4);
  const std::vector<BatchPart> parts = {{a, ids(0, 11), LogitRows::kLast},
                                        {b, ids(20, 1), LogitRows::kAll},
                                        {c, ids(30, 3), LogitRows::kNone}};
  batch.lay_out(parts);
  const std::vector<int32_t> expected_ids = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 30, 31, 32, 10, 20};
  const std::vector<int32_t> expected_positions = {5,  6,  7, 8, 9, 10, 11, 12,
                                                   13, 14, 0, 1, 2, 15, 70};
  ASSERT_EQ(batch.count(), 15);
  for (std::size_t i = 0; i < expected_ids.size(); ++i) {
    const BatchToken& token = batch.tokens()[i];
    EXPECT_EQ(token.id, expected_ids[i]);
    EXPECT_EQ(token.position, expected_positions[i]);
    EXPECT_EQ(token.sees_to, expected_positions[i] + 1);
    EXPECT_EQ(token.sequence, token.id >= 30 ? &c : token.id >= 20 ? &b : &a);
    EXPECT_EQ(token.shared_splits, BatchToken::kNotShared);
  }
  EXPECT_EQ(batch.tokens().back().page(), b.pages()[1]);
  EXPECT_EQ(batch.read(), (Rows{13, 2}));
  const std::vector<Rows> blocks(batch.blocks().begin(), batch.blocks().end());
  EXPECT_EQ(blocks, (std::vector<Rows>{{0, 8}, {8, 2}, {10, 3}, {13, 1}, {14, 1}}));
}

TEST_F(BatchTest, SplitsOfSingleTokensAreSharedWhileThereIsRoom) {
  KvSequence small = sequence_of(kAttentionSplit - 1);  // one split
  KvSequence large = sequence_of(kAttentionSplit);      // two
  KvSequence other = sequence_of(3 * kAttentionSplit - 1);
  KvSequence last = sequence_of(kAttentionSplit);
  Batch batch(config_, 128, 5);
  const std::vector<BatchPart> parts = {{small, ids(0, 1), LogitRows::kLast},
                                        {large, ids(1, 1), LogitRows::kLast},
                                        {other, ids(2, 1), LogitRows::kLast},
                                        {last, ids(3, 1), LogitRows::kLast}};
  for (int time = 0; time < 2; ++time) {  // a batch that was laid out before
    batch.lay_out(parts);
    EXPECT_EQ(batch.tokens()[0].shared_splits, BatchToken::kNotShared);
    EXPECT_EQ(batch.tokens()[1].shared_splits, 0);
    EXPECT_EQ(batch.tokens()[2].shared_splits, 2);
    EXPECT_EQ(batch.tokens()[3].shared_splits, BatchToken::kNotShared);
  }
}

TEST_F(BatchTest, ATokenOfAWholeTextSeesItsEnd) {
  KvSequence sequence = sequence_of(0);
  Batch batch(config_of(Visibility::kBidirectional), 128, 4);
  const BatchPart part = {sequence, ids(0, 9), LogitRows::kAll};
  batch.lay_out({&part, 1});
  for (const BatchToken& token : batch.tokens()) EXPECT_EQ(token.sees_to, 9);
  EXPECT_EQ(batch.read(), (Rows{0, 9}));
}

}  // namespace
}  // namespace hearth

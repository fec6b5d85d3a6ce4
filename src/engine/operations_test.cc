// SPDX-License-Identifier: Apache-2.0
// What passes of a session have to do, and how long their operations take.
#include "model/operations.h"

#include <gtest/gtest.h>

#include "engine/test_model.h"

namespace hearth {
namespace {

Work of(const PassWork& work, Operation operation) {
  return work[static_cast<std::size_t>(operation)];
}

class OperationsTest : public testing::Test {
 protected:
  const std::unique_ptr<Engine> engine_ = load_test_model({}, {.threads = 2});
  const ModelConfig& config_ = engine_->model().config();
};

TEST_F(OperationsTest, AProductTakesEachWeightOnceForEachToken) {
  const PassWork one = work_of_pass(engine_->model(), 1, 0, 1);
  const double mlp = static_cast<double>(config_.embedding) * config_.feed_forward * config_.layers;
  EXPECT_EQ(of(one, Operation::kGateUp).macs, 2 * mlp);
  EXPECT_EQ(of(one, Operation::kDown).macs, mlp);
  EXPECT_EQ(of(one, Operation::kHead).macs,
            static_cast<double>(config_.embedding) * config_.vocabulary);
  EXPECT_EQ(of(one, Operation::kDown).bytes, mlp * sizeof(float));

  const PassWork five = work_of_pass(engine_->model(), 5, 0, 5);
  EXPECT_EQ(of(five, Operation::kDown).macs, 5 * mlp);
  EXPECT_EQ(of(five, Operation::kDown).bytes, mlp * sizeof(float));
}

TEST_F(OperationsTest, AttentionIsOfThePositionsBefore) {
  const double pair =
      2.0 * config_.heads * config_.head_size * config_.layers;  // a query's and a key's position
  EXPECT_EQ(of(work_of_pass(engine_->model(), 1, 0, 1), Operation::kAttention).macs, pair);
  EXPECT_EQ(of(work_of_pass(engine_->model(), 1, 9, 1), Operation::kAttention).macs, 10 * pair);
  EXPECT_EQ(of(work_of_pass(engine_->model(), 3, 9, 3), Operation::kAttention).macs,
            (10 + 11 + 12) * pair);
}

TEST_F(OperationsTest, TheLastLayerDoesWhatIsReadOfIt) {
  const double down = static_cast<double>(config_.embedding) * config_.feed_forward;
  const double layers_before = config_.layers - 1;
  EXPECT_EQ(of(work_of_pass(engine_->model(), 8, 0, 1), Operation::kDown).macs,
            down * (8 * layers_before + 1));
  const PassWork unread = work_of_pass(engine_->model(), 8, 0, 0);
  EXPECT_EQ(of(unread, Operation::kDown).macs, down * 8 * layers_before);
  EXPECT_EQ(of(unread, Operation::kHead).macs, 0);
}

TEST_F(OperationsTest, TimesAreTakenWhileSomebodyMeasures) {
  Session session = engine_->create_session(0).value();
  const std::vector<TokenId> tokens(20, kTestModelByte + 'a');
  ASSERT_TRUE(session.feed(tokens).ok());
  for (const double ms : session.workspace().operation_times()) EXPECT_EQ(ms, 0);

  session.workspace().measure_operations(true);
  ASSERT_TRUE(session.feed(tokens).ok());
  const OperationTimes times = session.workspace().operation_times();
  for (std::size_t i = 0; i < kOperations; ++i) {
    EXPECT_GT(times[i], 0) << operation_name(static_cast<Operation>(i));
  }
  session.workspace().measure_operations(false);
  ASSERT_TRUE(session.feed(tokens).ok());
  EXPECT_EQ(session.workspace().operation_times(), times);

  session.workspace().measure_operations(true);
  EXPECT_EQ(session.workspace().operation_times(), OperationTimes{});
}

}  // namespace
}  // namespace hearth

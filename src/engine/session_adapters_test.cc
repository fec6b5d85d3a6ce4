// SPDX-License-Identifier: Apache-2.0
// Sessions with adapters: what was computed with some is never taken for what others would make.
#include <gtest/gtest.h>

#include "engine/test_model.h"
#include "model/test_adapter.h"

namespace hearth {
namespace {

class SessionAdapters : public testing::Test {
 protected:
  Answer answer(Session& session, std::vector<AdapterUse> adapters) {
    GenerateOptions options;
    options.sampling.temperature = 0.0;
    options.tokens_max = 24;
    options.adapters = std::move(adapters);
    return session.generate(prompt_, options, [](std::string_view) {}).value();
  }
  Session session() { return engine_->create_session(512).value(); }

  std::unique_ptr<Engine> engine_ = load_test_model();
  std::vector<TokenId> prompt_ = random_tokens(150, 3);
  std::shared_ptr<const Adapter> one_ =
      random_adapter(engine_->model(), 8, 1).load(engine_->model()).value();
  std::shared_ptr<const Adapter> other_ =
      random_adapter(engine_->model(), 8, 2).load(engine_->model()).value();
};

TEST_F(SessionAdapters, APrefixBelongsToItsAdapters) {
  const std::vector<std::vector<AdapterUse>> all = {
      {}, {{one_}}, {{one_, 0.5f}}, {{other_}}, {{other_}, {one_}}, {{one_}, {other_}}, {}};
  Session session = this->session();
  std::vector<std::vector<float>> seen;
  for (const auto& uses : all) {
    Session fresh = this->session();
    const Answer expected = answer(fresh, uses);
    const Answer changed = answer(session, uses);
    EXPECT_EQ(changed.usage.cached_tokens, 0);
    EXPECT_EQ(changed.ids, expected.ids);
    EXPECT_EQ(changed.logprobs, expected.logprobs);
    const Answer again = answer(session, uses);
    EXPECT_EQ(again.usage.cached_tokens, 149);
    EXPECT_EQ(again.logprobs, expected.logprobs);
    seen.push_back(expected.logprobs);
  }
  EXPECT_EQ(seen.front(), seen.back());
  for (std::size_t i = 1; i + 1 < seen.size(); ++i) EXPECT_NE(seen[i], seen[0]) << i;
  EXPECT_NE(seen[1], seen[2]);
  EXPECT_NE(seen[1], seen[3]);
}

TEST_F(SessionAdapters, TheSameFileLoadedTwiceIsTwoAdapters) {
  Session session = this->session();
  const TestAdapter file = random_adapter(engine_->model(), 8, 1);
  const Answer first = answer(session, {{one_}});
  const Answer second = answer(session, {{file.load(engine_->model()).value()}});
  EXPECT_EQ(second.usage.cached_tokens, 0);
  EXPECT_EQ(second.logprobs, first.logprobs);
}

TEST_F(SessionAdapters, CountForFedTokensToo) {
  Session session = this->session();
  const auto fed = [&](std::span<const AdapterUse> uses) {
    EXPECT_TRUE(session.use_adapters(uses).ok());
    session.truncate(0);
    const auto logits = session.feed(prompt_).value();
    return std::vector<float>(logits.begin(), logits.end());
  };
  const std::vector<AdapterUse> uses = {{one_}};
  const auto without = fed({});
  const auto with = fed(uses);
  EXPECT_NE(with, without);
  EXPECT_EQ(session.tokens().size(), prompt_.size());
  EXPECT_TRUE(session.use_adapters(std::vector(uses)).ok());  // the same: nothing is forgotten
  EXPECT_EQ(session.tokens().size(), prompt_.size());
  EXPECT_TRUE(session.use_adapters({}).ok());
  EXPECT_TRUE(session.tokens().empty());
  EXPECT_EQ(fed({}), without);
}

TEST_F(SessionAdapters, AreNotSaved) {
  Session session = this->session();
  answer(session, {{one_}});
  const auto sink = [](std::span<const std::byte>) { return Result<void>(); };
  const auto saved = session.save(sink);
  ASSERT_FALSE(saved.ok());
  EXPECT_EQ(saved.error().code(), ErrorCode::kUnsupported);
  answer(session, {});
  EXPECT_TRUE(session.save(sink).ok());
}

TEST_F(SessionAdapters, OfAnotherModelAreRefused) {
  const auto other_engine = load_test_model();
  Session session = other_engine->create_session(512).value();
  GenerateOptions options;
  options.adapters = {{one_}};
  const auto refused = session.generate(prompt_, options, [](std::string_view) {});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kUsage);
  EmbedOptions embed;
  embed.adapters = {{one_}};
  EXPECT_FALSE(other_engine->embed("text", embed).ok());
  const Embedding with = engine_->embed("text", embed).value();
  EXPECT_NE(with.values, engine_->embed("text", {}).value().values);
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Many answers at once are those that each would get alone.
#include "scheduler/scheduler.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <limits>
#include <optional>

#include "engine/test_model.h"
#include "grammar/gbnf.h"
#include "model/test_adapter.h"

namespace hearth {
namespace {

// A request's outcome, once it has ended.
struct Asked {
  std::string shown;
  std::promise<Result<Answer>> promise;
  std::future<Result<Answer>> future = promise.get_future();

  Result<Answer> wait() {
    HEARTH_CHECK(future.wait_for(std::chrono::seconds(60)) == std::future_status::ready);
    return future.get();
  }
};

Request request_of(std::vector<TokenId> prompt, GenerateOptions options, Asked& asked) {
  Request request;
  request.prompt = std::move(prompt);
  request.options = std::move(options);
  request.on_text = [&asked](std::string_view piece) { asked.shown += piece; };
  request.on_end = [&asked](Result<Answer> answer) { asked.promise.set_value(std::move(answer)); };
  return request;
}

// Of several kinds, by number: greedy and drawn, with guesses and without, repeating and not, short
// and long.
GenerateOptions options_of(uint64_t number) {
  GenerateOptions options;
  options.sampling.seed = number;
  options.sampling.temperature = number % 3 == 0 ? 0.0 : 1.0;
  options.sampling.repetition_penalty = number % 4 == 1 ? 1.2 : 1.0;
  if (number % 5 != 0)
    options.sampling.logit_bias = {{kTestModelEnd, -std::numeric_limits<float>::infinity()}};
  options.speculate = number % 2 == 0;
  options.tokens_max = static_cast<int32_t>(5 + number * 7 % 60);
  if (number % 6 == 2) {
    options.grammar =
        std::make_shared<const Automaton>(compile_gbnf("root ::= [a-c]{3,20} \"!\"").value());
  }
  return options;
}

std::vector<TokenId> prompt_of(uint32_t number) {
  std::vector<TokenId> prompt = random_tokens(150, number % 3);  // some begin alike
  const std::vector<TokenId> own = random_tokens(1 + static_cast<int>(number * 13 % 150), number);
  prompt.insert(prompt.end(), own.begin(), own.end());
  return prompt;
}

Answer alone(Engine& engine, std::vector<TokenId> prompt, const GenerateOptions& options) {
  Session session = engine.create_session(512).value();
  return session.generate(prompt, options, [](std::string_view) {}).value();
}

SchedulerOptions small(int32_t answers_max, int64_t kv_tokens) {
  return {.answers_max = answers_max, .context = 512, .kv_tokens = kv_tokens};
}

void expect_same_answers(Engine& engine, const SchedulerOptions& options, uint32_t count) {
  std::vector<Answer> expected;
  for (uint32_t i = 0; i < count; ++i)
    expected.push_back(alone(engine, prompt_of(i), options_of(i)));
  const auto scheduler = Scheduler::create(engine, options).value();
  std::vector<Asked> asked(count);
  for (uint32_t i = 0; i < count; ++i)
    ASSERT_TRUE(scheduler->submit(request_of(prompt_of(i), options_of(i), asked[i])).ok());
  for (uint32_t i = 0; i < count; ++i) {
    const Result<Answer> answer = asked[i].wait();
    ASSERT_TRUE(answer.ok()) << answer.error().message();
    EXPECT_EQ(answer->ids, expected[i].ids) << i;
    EXPECT_EQ(answer->logprobs, expected[i].logprobs) << i;
    EXPECT_EQ(answer->text, expected[i].text) << i;
    EXPECT_EQ(answer->finish_reason, expected[i].finish_reason) << i;
    EXPECT_EQ(asked[i].shown, expected[i].text) << i;
  }
  scheduler->drain();
  EXPECT_EQ(scheduler->state().running, 0);
}

TEST(Scheduler, ManyAnswersAreThoseOfEachAlone) {
  const auto engine = load_test_model();
  expect_same_answers(*engine, small(8, 0), 40);
}

// Two contexts' memory for eight answers: some are paused, and go on as if they had not been.
TEST(Scheduler, AnswersWaitForMemoryAndAreTheSame) {
  const auto engine = load_test_model({}, {.threads = 2});
  expect_same_answers(*engine, small(8, 1024), 24);
}

TEST(Scheduler, WhatWasComputedBeforeIsFoundAgain) {
  const auto engine = load_test_model();
  const auto scheduler = Scheduler::create(*engine, small(4, 0)).value();
  std::vector<TokenId> prompt = random_tokens(200, 5);
  Asked first;
  ASSERT_TRUE(scheduler->submit(request_of(prompt, options_of(3), first)).ok());
  const Answer cold = first.wait().value();
  EXPECT_EQ(cold.usage.cached_tokens, 0);
  Asked second;
  ASSERT_TRUE(scheduler->submit(request_of(prompt, options_of(3), second)).ok());
  const Answer warm = second.wait().value();
  EXPECT_EQ(warm.usage.cached_tokens, 192);
  EXPECT_EQ(warm.ids, cold.ids);
  EXPECT_EQ(warm.logprobs, cold.logprobs);
  // A chat's next turn begins with this one's answer.
  prompt.insert(prompt.end(), cold.ids.begin(), cold.ids.end());
  prompt.push_back(kTestModelByte);
  Asked third;
  ASSERT_TRUE(scheduler->submit(request_of(prompt, options_of(3), third)).ok());
  const int32_t known = static_cast<int32_t>(prompt.size()) - 2;
  EXPECT_EQ(third.wait().value().usage.cached_tokens, known / kKvPageTokens * kKvPageTokens);
}

// Prompts that begin alike, with adapters in turn: none, one, the same by half, another, both.
TEST(Scheduler, AdaptersAreThoseOfEachRequest) {
  const auto engine = load_test_model({}, {.threads = 2});
  const auto adapter = [&](int32_t rank, uint32_t seed) {
    return random_adapter(engine->model(), rank, seed).load(engine->model()).value();
  };
  const AdapterUse one = {adapter(8, 1)}, half = {one.adapter, 0.5f}, other = {adapter(4, 2)};
  const std::vector<std::vector<AdapterUse>> all = {{}, {one}, {half}, {other}, {one, other}};
  const auto options = [&](uint32_t i) {
    GenerateOptions made = options_of(i);
    made.adapters = all[i % all.size()];
    return made;
  };
  constexpr uint32_t kCount = 20;
  std::vector<Answer> expected;
  for (uint32_t i = 0; i < kCount; ++i)
    expected.push_back(alone(*engine, prompt_of(i / 5), options(i)));
  const auto scheduler = Scheduler::create(*engine, small(8, 16384)).value();
  for (int time = 0; time < 2; ++time) {  // the second time much is known
    std::vector<Asked> asked(kCount);
    for (uint32_t i = 0; i < kCount; ++i)
      ASSERT_TRUE(scheduler->submit(request_of(prompt_of(i / 5), options(i), asked[i])).ok());
    for (uint32_t i = 0; i < kCount; ++i) {
      const Answer answer = asked[i].wait().value();
      EXPECT_EQ(answer.ids, expected[i].ids) << i;
      EXPECT_EQ(answer.logprobs, expected[i].logprobs) << i;
      EXPECT_GE(answer.usage.cached_tokens, time * 128) << i;
    }
  }
  Asked refused;
  GenerateOptions too_many;
  too_many.adapters.assign(5, one);
  EXPECT_EQ(scheduler->submit(request_of(prompt_of(0), too_many, refused)).error().code(),
            ErrorCode::kUsage);
}

TEST(Scheduler, RefusesAtOnceWhatItCannotDo) {
  const auto engine = load_test_model();
  const auto scheduler = Scheduler::create(*engine, small(1, 0)).value();
  Asked asked;
  EXPECT_EQ(scheduler->submit(request_of({}, {}, asked)).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(scheduler->submit(request_of(random_tokens(600, 1), {}, asked)).error().code(),
            ErrorCode::kUsage);
  GenerateOptions hot;
  hot.sampling.temperature = -1.0;
  EXPECT_EQ(scheduler->submit(request_of({2, 3}, hot, asked)).error().code(), ErrorCode::kUsage);
}

TEST(Scheduler, EndsWhatIsCancelledOrLate) {
  const auto engine = load_test_model();
  const auto scheduler = Scheduler::create(*engine, small(1, 0)).value();
  std::atomic<bool> cancelled = false;
  GenerateOptions endless = options_of(1);
  endless.tokens_max = 0;
  endless.interruption.cancelled = &cancelled;
  Asked running, waiting, late;
  ASSERT_TRUE(scheduler->submit(request_of({2, 3, 4}, endless, running)).ok());
  GenerateOptions waits = options_of(1);
  waits.interruption.cancelled = &cancelled;
  ASSERT_TRUE(scheduler->submit(request_of({2, 3}, waits, waiting)).ok());
  GenerateOptions hurried = options_of(1);
  hurried.interruption.deadline = Deadline::after_ms(0.0);
  ASSERT_TRUE(scheduler->submit(request_of({2, 3}, hurried, late)).ok());
  const Result<Answer> too_late = late.wait();
  ASSERT_FALSE(too_late.ok());
  EXPECT_EQ(too_late.error().code(), ErrorCode::kDeadline);
  cancelled = true;
  const Result<Answer> ended = running.wait();
  EXPECT_TRUE(ended.ok() ? ended->finish_reason == FinishReason::kCancelled ||
                               ended->finish_reason == FinishReason::kLength
                         : ended.error().code() == ErrorCode::kCancelled);
  const Result<Answer> waited = waiting.wait();
  EXPECT_TRUE(waited.ok() || waited.error().code() == ErrorCode::kCancelled);
}

TEST(Scheduler, ClientsGetAnswersInTurn) {
  const auto engine = load_test_model();
  const auto scheduler = Scheduler::create(*engine, small(2, 0)).value();
  std::mutex mutex;
  std::vector<std::string> order;
  std::vector<Asked> asked(7);
  for (std::size_t i = 0; i < asked.size(); ++i) {
    GenerateOptions options = options_of(1);
    options.tokens_max = 40;
    Request request = request_of({2, 3, static_cast<TokenId>(4 + i)}, options, asked[i]);
    request.client = i == 6 ? "modest" : "greedy";
    request.on_end = [&, i, client = request.client](Result<Answer> answer) {
      {
        const std::lock_guard lock(mutex);
        order.push_back(client);
      }
      asked[i].promise.set_value(std::move(answer));
    };
    ASSERT_TRUE(scheduler->submit(std::move(request)).ok());
  }
  for (Asked& one : asked) EXPECT_TRUE(one.wait().ok());
  const auto modest = std::find(order.begin(), order.end(), "modest");
  EXPECT_LE(modest - order.begin(), 4);  // not behind the six of the other one
}

TEST(Scheduler, StopsWithAnswersRunningAndWaiting) {
  const auto engine = load_test_model();
  std::vector<Asked> asked(5);
  {
    const auto scheduler = Scheduler::create(*engine, small(2, 0)).value();
    for (std::size_t i = 0; i < asked.size(); ++i) {
      GenerateOptions options = options_of(1);
      options.tokens_max = 400;
      ASSERT_TRUE(scheduler->submit(request_of({2, 3}, options, asked[i])).ok());
    }
  }
  for (Asked& one : asked) {
    const Result<Answer> answer = one.wait();
    EXPECT_TRUE(answer.ok() || answer.error().code() == ErrorCode::kUnavailable);
  }
}

}  // namespace
}  // namespace hearth

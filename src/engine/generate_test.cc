// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <thread>

#include "engine/engine.h"
#include "engine/test_model.h"
#include "engine/token_certainty.h"

namespace hearth {
namespace {

const auto ignore_text = [](std::string_view) {};

GenerateOptions greedy(int32_t tokens_max) {
  GenerateOptions options;
  options.sampling.temperature = 0.0;
  options.sampling.logit_bias = {{kTestModelEnd, -std::numeric_limits<float>::infinity()}};
  options.tokens_max = tokens_max;
  return options;
}

// Answers consist of the letters a, b and c, so that their text is easily read.
GenerateOptions letters(int32_t tokens_max) {
  GenerateOptions options = greedy(tokens_max);
  options.sampling.temperature = 1.0;
  for (const TokenId id : byte_tokens("abc")) options.sampling.logit_bias.emplace_back(id, 1000.0f);
  return options;
}

Answer answer(Session& session, std::span<const TokenId> prompt, const GenerateOptions& options) {
  std::string shown;
  const auto sink = [&](std::string_view piece) { shown += piece; };
  Result<Answer> result = session.generate(prompt, options, sink);
  EXPECT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->text, shown);
  EXPECT_EQ(result->usage.prompt_tokens, static_cast<int32_t>(prompt.size()));
  EXPECT_EQ(result->usage.completion_tokens, static_cast<int32_t>(result->ids.size()));
  EXPECT_EQ(result->logprobs.size(), result->ids.size());
  return std::move(result).value();
}

Error failure(Session& session, std::span<const TokenId> prompt, const GenerateOptions& options) {
  const Result<Answer> result = session.generate(prompt, options, ignore_text);
  EXPECT_FALSE(result.ok());
  return result.ok() ? Error(ErrorCode::kInternal, "no error") : result.error();
}

std::vector<float> logits_after(Session& session, std::span<const TokenId> tokens,
                                std::size_t step) {
  std::vector<float> logits;
  for (std::size_t at = 0; at < tokens.size(); at += step) {
    const auto fed = session.feed(tokens.subspan(at, std::min(step, tokens.size() - at)));
    EXPECT_TRUE(fed.ok());
    logits.assign(fed->begin(), fed->end());
  }
  return logits;
}

TEST(SameAnswer, ForAnyNumberOfThreads) {
  const std::vector<TokenId> prompt = random_tokens(200, 1);
  for (const DType type : {DType::kF32, DType::kQ8_0}) {
    for (const Numerics numerics : {Numerics::kFast, Numerics::kFloat}) {
      std::vector<Answer> answers;
      for (const int threads : {1, 2, 3}) {
        const auto engine =
            load_test_model({.matrix_type = type}, {.threads = threads, .numerics = numerics});
        Session session = engine->create_session(300).value();
        answers.push_back(answer(session, prompt, greedy(30)));
      }
      EXPECT_EQ(answers[0].ids, answers[1].ids);
      EXPECT_EQ(answers[0].ids, answers[2].ids);
      EXPECT_EQ(answers[0].logprobs, answers[1].logprobs);
      EXPECT_EQ(answers[0].logprobs, answers[2].logprobs);
    }
  }
}

TEST(SameAnswer, ForAnyChunks) {
  const auto engine = load_test_model({.matrix_type = DType::kQ8_0}, {.threads = 2});
  Session session = engine->create_session(400).value();
  const std::vector<TokenId> prompt = random_tokens(300, 2);
  const std::vector<float> whole = logits_after(session, prompt, prompt.size());
  for (const std::size_t step : {1, 7, 64, 129}) {
    session.truncate(0);
    EXPECT_EQ(logits_after(session, prompt, step), whole) << step;
  }
  session.truncate(0);
  std::vector<float> last;
  int32_t rows = 0;
  const auto row = [&](int32_t index, std::span<float> logits) {
    EXPECT_EQ(index, rows++);
    last.assign(logits.begin(), logits.end());
  };
  ASSERT_TRUE(session.feed_all(prompt, row).ok());
  EXPECT_EQ(rows, 300);
  EXPECT_EQ(last, whole);
}

TEST(SameAnswer, WithAndWithoutSpeculation) {
  const auto engine = load_test_model({.matrix_type = DType::kQ8_0}, {.threads = 2});
  Session session = engine->create_session(300).value();
  int32_t accepted = 0;
  int32_t rejected = 0;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::vector<TokenId> prompt = random_tokens(1 + static_cast<int>(seed % 50), seed);
    const auto half = prompt;
    prompt.insert(prompt.end(), half.begin(), half.end());  // something to guess from
    GenerateOptions options = seed % 2 == 0 ? greedy(40) : letters(40);
    options.sampling.seed = seed;
    options.sampling.repetition_penalty = seed % 3 == 0 ? 1.1 : 1.0;
    options.speculate = false;
    const Answer plain = answer(session, prompt, options);
    EXPECT_EQ(plain.usage.drafted_tokens, 0);
    const std::vector<TokenId> held(session.tokens().begin(), session.tokens().end());
    session.truncate(0);
    options.speculate = true;
    const Answer guessed = answer(session, prompt, options);
    EXPECT_EQ(plain.ids, guessed.ids) << seed;
    EXPECT_EQ(plain.logprobs, guessed.logprobs) << seed;
    EXPECT_TRUE(std::ranges::equal(session.tokens(), held)) << "guesses are left in the session";
    accepted += guessed.usage.accepted_tokens;
    rejected += guessed.usage.drafted_tokens - guessed.usage.accepted_tokens;
  }
  EXPECT_GT(accepted, 100);
  EXPECT_GT(rejected, 100);
}

TEST(SameAnswer, WithAReusedPrefix) {
  const auto engine = load_test_model();
  const std::vector<TokenId> first = random_tokens(150, 3);
  std::vector<TokenId> second(first.begin(), first.begin() + 100);
  for (const TokenId id : random_tokens(80, 4)) second.push_back(id);
  Session fresh = engine->create_session(400).value();
  const Answer expected = answer(fresh, second, letters(20));
  EXPECT_EQ(expected.usage.cached_tokens, 0);

  Session session = engine->create_session(400).value();
  answer(session, first, letters(20));
  const Answer reused = answer(session, second, letters(20));
  const auto common =
      std::mismatch(first.begin(), first.end(), second.begin(), second.end()).first - first.begin();
  EXPECT_EQ(reused.usage.cached_tokens, common);
  EXPECT_EQ(reused.ids, expected.ids);
  EXPECT_EQ(reused.logprobs, expected.logprobs);
  // The same again: all but the last token is there.
  const Answer again = answer(session, second, letters(20));
  EXPECT_EQ(again.usage.cached_tokens, 179);
  EXPECT_EQ(again.logprobs, expected.logprobs);
}

TEST(SameAnswer, WithTheSameSeedOnly) {
  const auto engine = load_test_model();
  Session session = engine->create_session(300).value();
  const std::vector<TokenId> prompt = random_tokens(20, 5);
  GenerateOptions options = letters(40);
  options.sampling.seed = 1;
  const Answer first = answer(session, prompt, options);
  EXPECT_EQ(answer(session, prompt, options).ids, first.ids);
  options.sampling.seed = 2;
  EXPECT_NE(answer(session, prompt, options).ids, first.ids);
  // Cut in two, it goes on as it would have.
  options.sampling.seed = 1;
  options.tokens_max = 15;
  std::vector<TokenId> longer = prompt;
  const Answer head = answer(session, prompt, options);
  longer.insert(longer.end(), head.ids.begin(), head.ids.end());
  options.tokens_max = 25;
  const Answer tail = answer(session, longer, options);
  EXPECT_EQ(tail.usage.cached_tokens, 34);  // the last of the head's tokens was not evaluated yet
  EXPECT_TRUE(
      std::equal(tail.ids.begin(), tail.ids.end(), first.ids.begin() + 15, first.ids.end()));
}

TEST(Generate, EndsAtTokensMax) {
  const auto engine = load_test_model();
  Session session = engine->create_session(100).value();
  for (const int32_t count : {1, 2, 17}) {
    const Answer result = answer(session, byte_tokens("abc"), greedy(count));
    EXPECT_EQ(result.ids.size(), static_cast<std::size_t>(count));
    EXPECT_EQ(result.finish_reason, FinishReason::kLength);
    EXPECT_EQ(session.tokens().size(), static_cast<std::size_t>(3 + count - 1));
    EXPECT_GT(result.timings.prefill_ms, 0.0);
    EXPECT_GE(result.timings.first_token_ms, result.timings.prefill_ms);
  }
}

TEST(Generate, EndsAtAnEndToken) {
  const auto engine = load_test_model();
  Session session = engine->create_session(100).value();
  GenerateOptions options = letters(0);
  options.sampling.logit_bias[0] = {kTestModelEnd, 1000.0f};  // as likely as the letters
  const Answer result = answer(session, byte_tokens("abc"), options);
  EXPECT_EQ(result.finish_reason, FinishReason::kStop);
  EXPECT_EQ(std::count(result.ids.begin(), result.ids.end(), kTestModelEnd), 0);
  EXPECT_EQ(session.tokens().size(), 3 + result.ids.size());
  options.sampling.logit_bias = {{kTestModelEnd, 1000.0f}};
  const Answer empty = answer(session, byte_tokens("abc"), options);
  EXPECT_EQ(empty.finish_reason, FinishReason::kStop);
  EXPECT_EQ(empty.text, "");
  EXPECT_GT(empty.timings.first_token_ms, 0.0);
  EXPECT_EQ(empty.timings.decode_ms, 0.0);
}

TEST(Generate, EndsBeforeAStopString) {
  const auto engine = load_test_model();
  Session session = engine->create_session(200).value();
  const std::vector<TokenId> prompt = byte_tokens("stop");
  GenerateOptions options = letters(60);
  const std::string text = answer(session, prompt, options).text;
  ASSERT_EQ(text.size(), 60u);
  for (const std::size_t length : {1, 2, 5, 12}) {
    const std::string stop = text.substr(30, length);
    options.stop = {"not in it", stop};
    const Answer result = answer(session, prompt, options);
    EXPECT_EQ(result.finish_reason, FinishReason::kStop);
    EXPECT_EQ(result.text, text.substr(0, text.find(stop)));
    EXPECT_EQ(result.ids.size(), text.find(stop) + length);
  }
  options.stop = {"cccccccccccccccccccccccccccccccc"};
  EXPECT_EQ(answer(session, prompt, options).text, text);
}

TEST(Generate, ASpecialTokenCanBeAStopString) {
  const auto engine = load_test_model();
  Session session = engine->create_session(200).value();
  GenerateOptions options = greedy(5);
  options.sampling.logit_bias = {{kTestModelStart, 1000.0f}};
  EXPECT_EQ(answer(session, byte_tokens("x"), options).ids,
            std::vector<TokenId>(5, kTestModelStart));
  options.stop = {"<|im_start|>"};
  const Answer result = answer(session, byte_tokens("x"), options);
  EXPECT_EQ(result.finish_reason, FinishReason::kStop);
  EXPECT_TRUE(result.ids.empty());
}

TEST(Generate, TheContextBoundsPromptAndAnswer) {
  const auto engine = load_test_model({.context = 256});
  Session session = engine->create_session(100).value();
  for (const int size : {50, 98, 99}) {
    const Answer result = answer(session, random_tokens(size, 6), greedy(0));
    EXPECT_EQ(result.finish_reason, FinishReason::kLength);
    EXPECT_EQ(result.ids.size(), static_cast<std::size_t>(100 - size));
  }
  const Error full = failure(session, random_tokens(100, 6), greedy(0));
  EXPECT_EQ(full.code(), ErrorCode::kUsage);
  EXPECT_EQ(full.message(),
            "prompt: 100 tokens leave no room for an answer in the context of 100; shorten it or "
            "use a larger context");
  const Error beyond = failure(session, random_tokens(9001, 6), greedy(0));
  EXPECT_EQ(beyond.code(), ErrorCode::kUsage);
  EXPECT_EQ(
      beyond.message(),
      "prompt: 9001 tokens do not fit the context of 100; shorten it or use a larger context");
  Session largest = engine->create_session(0).value();
  EXPECT_EQ(failure(largest, random_tokens(300, 6), greedy(0)).message(),
            "prompt: 300 tokens do not fit the context of 256; shorten it");
}

TEST(Generate, RefusesWhatMakesNoSense) {
  const auto engine = load_test_model({.padding_rows = 8});
  Session session = engine->create_session(100).value();
  const std::vector<TokenId> prompt = byte_tokens("abc");
  answer(session, prompt, greedy(3));
  const auto code = [&](std::span<const TokenId> tokens, auto change) {
    GenerateOptions options = greedy(3);
    change(options);
    const Error error = failure(session, tokens, options);
    EXPECT_NE(error.message(), "");
    return error.code();
  };
  const auto as_is = [](GenerateOptions&) {};
  EXPECT_EQ(code({}, as_is), ErrorCode::kUsage);
  EXPECT_EQ(code(std::vector<TokenId>{2, -1}, as_is), ErrorCode::kUsage);
  EXPECT_EQ(code(std::vector<TokenId>{2, kTestModelVocabulary + 8}, as_is), ErrorCode::kUsage);
  EXPECT_EQ(code(prompt, [](GenerateOptions& o) { o.tokens_max = -1; }), ErrorCode::kUsage);
  EXPECT_EQ(code(prompt, [](GenerateOptions& o) { o.sampling.temperature = -1; }),
            ErrorCode::kUsage);
  EXPECT_EQ(
      code(prompt,
           [](GenerateOptions& o) { o.sampling.logit_bias = {{kTestModelVocabulary, 1.0f}}; }),
      ErrorCode::kUsage);
  EXPECT_EQ(code(prompt, [](GenerateOptions& o) { o.stop = {"a", ""}; }), ErrorCode::kUsage);
  EXPECT_EQ(code(prompt, [](GenerateOptions& o) { o.stop = {"\xff"}; }), ErrorCode::kUsage);
  EXPECT_EQ(
      code(prompt, [](GenerateOptions& o) { o.stop = {std::string(kStopBytesMax + 1, 'x')}; }),
      ErrorCode::kUsage);
  EXPECT_EQ(code(prompt, [](GenerateOptions& o) { o.stop.assign(kStopsMax + 1, "x"); }),
            ErrorCode::kUsage);
  // None of that has cost the session what it holds.
  EXPECT_EQ(answer(session, prompt, greedy(3)).usage.cached_tokens, 2);
}

TEST(Generate, NeverDrawsPaddingRows) {
  const auto engine = load_test_model({.padding_rows = 500});
  Session session = engine->create_session(300).value();
  GenerateOptions options = greedy(200);
  options.sampling.temperature = 100.0;
  options.sampling.top_p = 1.0;
  for (const TokenId id : answer(session, byte_tokens("abc"), options).ids)
    EXPECT_LT(id, kTestModelVocabulary);
}

TEST(Generate, TheSinkCanStop) {
  const auto engine = load_test_model();
  Session session = engine->create_session(300).value();
  bool stopped = false;
  int pieces = 0;
  GenerateOptions options = letters(50);
  options.interruption.stopped = &stopped;
  const auto stop_at_third = [&](std::string_view) { stopped = ++pieces == 3; };
  const Answer some = session.generate(random_tokens(20, 7), options, stop_at_third).value();
  EXPECT_EQ(some.finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(some.text.size(), 3u);
}

TEST(Generate, CancellationStopsWithinOneToken) {
  const auto engine = load_test_model();
  Session session = engine->create_session(300).value();
  const std::vector<TokenId> prompt = random_tokens(150, 7);
  std::atomic<bool> cancelled = true;
  GenerateOptions options = letters(0);
  options.interruption.cancelled = &cancelled;
  const Answer none = answer(session, prompt, options);
  EXPECT_EQ(none.finish_reason, FinishReason::kCancelled);
  EXPECT_TRUE(none.ids.empty());
  EXPECT_TRUE(session.tokens().empty());

  cancelled = false;
  int pieces = 0;
  const auto cancel_at_third = [&](std::string_view) { cancelled = ++pieces == 3; };
  const Answer some = session.generate(prompt, options, cancel_at_third).value();
  EXPECT_EQ(some.finish_reason, FinishReason::kCancelled);
  EXPECT_EQ(some.text.size(), 3u);
  // The session goes on from there.
  cancelled = false;
  options.tokens_max = 10;
  const Answer rest = answer(session, prompt, options);
  EXPECT_EQ(rest.usage.cached_tokens, 149);
  EXPECT_EQ(rest.text.substr(0, 3), some.text);
}

TEST(Generate, DeadlineWithoutTextIsAnError) {
  const auto engine = load_test_model();
  Session session = engine->create_session(300).value();
  GenerateOptions options = letters(5);
  options.interruption.deadline = Deadline::after_ms(0.0);
  EXPECT_EQ(failure(session, byte_tokens("abc"), options).code(), ErrorCode::kDeadline);
  options.interruption.deadline = Deadline();
  EXPECT_EQ(answer(session, byte_tokens("abc"), options).text.size(), 5u);
}

TEST(Generate, DeadlineWithTextEndsTheAnswer) {
  const auto engine = load_test_model();
  Session session = engine->create_session(300).value();
  GenerateOptions options = letters(0);
  options.interruption.deadline = Deadline::after_ms(500.0);
  const auto wait = [&](std::string_view) {
    while (!options.interruption.deadline.passed())
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
  };
  const Result<Answer> result = session.generate(byte_tokens("abc"), options, wait);
  ASSERT_TRUE(result.ok()) << result.error().message();
  EXPECT_EQ(result->finish_reason, FinishReason::kDeadline);
  EXPECT_EQ(result->text.size(), 1u);
}

TEST(Generate, FinishReasonsHaveTheirNames) {
  EXPECT_EQ(finish_reason_name(FinishReason::kStop), "stop");
  EXPECT_EQ(finish_reason_name(FinishReason::kLength), "length");
  EXPECT_EQ(finish_reason_name(FinishReason::kDeadline), "deadline");
  EXPECT_EQ(finish_reason_name(FinishReason::kCancelled), "cancelled");
}

TEST(Session, FeedIsBoundedByTheContext) {
  const auto engine = load_test_model();
  Session session = engine->create_session(100).value();
  EXPECT_EQ(session.feed({}).error().code(), ErrorCode::kUsage);
  EXPECT_EQ(session.feed(random_tokens(101, 8)).error().code(), ErrorCode::kUsage);
  EXPECT_TRUE(session.feed(random_tokens(100, 8)).ok());
  EXPECT_EQ(session.feed(random_tokens(1, 8)).error().code(), ErrorCode::kUsage);
  session.truncate(99);
  EXPECT_TRUE(session.feed(random_tokens(1, 8)).ok());
  EXPECT_EQ(session.tokens().size(), 100u);
  EXPECT_EQ(session.feed(std::vector<TokenId>{-1}).error().code(), ErrorCode::kUsage);
}

TEST(Session, ReusePrefixLeavesTheLastTokenToFeed) {
  const auto engine = load_test_model();
  Session session = engine->create_session(100).value();
  const std::vector<TokenId> tokens = byte_tokens("abcdef");
  ASSERT_TRUE(session.feed(tokens).ok());
  EXPECT_EQ(session.reuse_prefix(tokens), 5);
  EXPECT_EQ(session.tokens().size(), 5u);
  EXPECT_EQ(session.reuse_prefix(byte_tokens("abXdef")), 2);
  EXPECT_EQ(session.reuse_prefix(byte_tokens("a")), 0);
  EXPECT_EQ(session.reuse_prefix({}), 0);
}

TEST(Session, MovesWithWhatItHolds) {
  const auto engine = load_test_model();
  Session session = engine->create_session(100).value();
  ASSERT_TRUE(session.feed(byte_tokens("abc")).ok());
  Session moved = std::move(session);
  const std::vector<TokenId> prompt = byte_tokens("abcd");
  EXPECT_EQ(answer(moved, prompt, greedy(2)).usage.cached_tokens, 3);
  Session other = engine->create_session(50).value();
  other = std::move(moved);
  EXPECT_EQ(other.context(), 100);
  EXPECT_EQ(answer(other, prompt, greedy(2)).usage.cached_tokens, 3);
}

TEST(TokenCertainty, IsOfTheAnswersTokens) {
  const auto engine = load_test_model();
  Session session = engine->create_session(512).value();
  const auto prompt = byte_tokens("abc");
  GenerateOptions options = letters(12);
  TokenCertainty certainty;
  int32_t told = 0;
  options.on_token = [&](const DrawnToken& drawn) {
    ++told;
    EXPECT_TRUE(drawn.alternatives.empty());  // as many as were asked for before
  };
  certainty.watch(options);
  const Answer written = answer(session, prompt, options);
  EXPECT_EQ(told, 12);
  ASSERT_EQ(certainty.margins().size(), written.ids.size());
  EXPECT_EQ(certainty.take_logprobs(), written.logprobs);
  EXPECT_TRUE(certainty.logprobs().empty());
  for (const float margin : certainty.margins()) {
    EXPECT_GE(margin, 0.0F);
    EXPECT_LE(margin, 1.0F);
  }
  const SampledToken best[] = {{1, std::log(0.5F)}, {2, std::log(0.125F)}};
  TokenCertainty one;
  one.add({best[1], best});
  one.add({best[0], {}});
  EXPECT_NEAR(one.margins()[0], 0.375F, 1e-6F);
  EXPECT_EQ(one.margins().size(), 1u);
  EXPECT_EQ(one.logprobs()[0], best[1].logprob);
}

}  // namespace
}  // namespace hearth

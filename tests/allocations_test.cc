// SPDX-License-Identifier: Apache-2.0
// A token costs no memory: in a warm session an answer of 80 tokens allocates as often as one of
// 40, and a long prompt as often as a short one.
//
// Counted are all calls of operator new, on every thread, from the call of generate() to its end;
// what is measured takes memory in no other way. The one thing that may grow with an answer is its
// text, whose length nobody knows ahead; its string doubles, which is taken off. Warm is a session
// that has held as many tokens before: the lists of its KV pages and tokens and its logits got
// their room then and keep it. (The pages themselves and the workspace are taken when the session
// is made.)
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/answer_text.h"
#include "engine/test_model.h"
#include "model/test_adapter.h"
#include "text/tokenizer_test_vocabulary.h"

namespace {

std::atomic<int64_t> allocations = 0;

void* counted(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  allocations.fetch_add(1, std::memory_order_relaxed);
  return memory;
}

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) { return counted(std::malloc(bytes)); }
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto step = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(step, (bytes + step - 1) / step * step));
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace hearth {
namespace {

// Gathers an answer as AnswerText does, and so learns how often its string grew.
class Gathered {
 public:
  void add(std::string_view piece) {
    const std::size_t room = text_.capacity();
    text_ += piece;
    if (text_.capacity() != room) ++growths_;
  }
  // Of two strings: this one and the answer's.
  int64_t growths() const { return 2 * growths_; }

 private:
  std::string text_;
  int64_t growths_ = 0;
};

// Allocations of one answer but for the growth of its text.
int64_t allocations_of_answer(Session& session, std::span<const TokenId> prompt,
                              GenerateOptions options, int32_t tokens) {
  options.tokens_max = tokens;
  Gathered gathered;
  const auto sink = [&](std::string_view piece) { gathered.add(piece); };
  const int64_t before = allocations;
  const Result<Answer> answer = session.generate(prompt, options, sink);
  const int64_t after = allocations;
  EXPECT_TRUE(answer.ok() && answer->usage.completion_tokens == tokens);
  EXPECT_TRUE(!answer.ok() || !options.speculate || answer->usage.drafted_tokens > 0);
  return after - before - gathered.growths();
}

struct Case {
  std::string_view name;
  GenerateOptions options;
};

std::vector<Case> cases() {
  const auto options = [](SamplingOptions sampling, bool speculate) {
    // An answer that ends early would count nothing.
    sampling.logit_bias = {{kTestModelEnd, -std::numeric_limits<float>::infinity()}};
    GenerateOptions out;
    out.sampling = sampling;
    out.speculate = speculate;
    out.loop_limit = 1000;
    out.stop = {"never said", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd never said", "<|im_end|>"};
    return out;
  };
  SamplingOptions greedy;
  greedy.temperature = 0.0;
  SamplingOptions sampled;
  sampled.temperature = 1.0;
  sampled.top_k = 40;
  SamplingOptions repetitive = sampled;  // so that there is something to guess
  repetitive.temperature = 0.1;
  SamplingOptions penalised = sampled;
  penalised.repetition_penalty = 1.1;
  penalised.frequency_penalty = 0.1;
  penalised.presence_penalty = 0.1;
  penalised.penalty_tokens = -1;
  return {{"greedy", options(greedy, false)},
          {"greedy, speculating", options(greedy, true)},
          {"sampled", options(sampled, false)},
          {"sampled, speculating", options(repetitive, true)},
          {"penalised", options(penalised, false)}};
}

TEST(Allocations, NoneForATokenOfAnAnswer) {
  for (const Numerics numerics : {Numerics::kFast, Numerics::kFloat}) {
    for (const int threads : {1, 2}) {
      const auto engine = load_test_model({}, {.threads = threads, .numerics = numerics});
      for (const Case& c : cases()) {
        Session session = engine->create_session(0).value();
        const std::vector<TokenId> prompt = byte_tokens("What do you say? What do you say?");
        allocations_of_answer(session, prompt, c.options, 80);  // warms it up
        const int64_t of_40 = allocations_of_answer(session, prompt, c.options, 40);
        EXPECT_EQ(allocations_of_answer(session, prompt, c.options, 80), of_40) << c.name;
      }
    }
  }
}

TEST(Allocations, NoneForATokenWithAdapters) {
  const auto engine = load_test_model({}, {.threads = 2});
  const auto adapter = [&](uint32_t seed) {
    return random_adapter(engine->model(), 8, seed).load(engine->model()).value();
  };
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> prompt = byte_tokens("What do you say? What do you say?");
  for (Case c : cases()) {
    c.options.adapters = {{adapter(1)}, {adapter(2), 0.5f}};
    c.options.speculate = false;
    allocations_of_answer(session, prompt, c.options, 80);  // warms it up
    const int64_t of_40 = allocations_of_answer(session, prompt, c.options, 40);
    EXPECT_EQ(allocations_of_answer(session, prompt, c.options, 80), of_40) << c.name;
  }
}

TEST(Allocations, NoneForATokenOfAPrompt) {
  const auto engine = load_test_model();
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> long_prompt = byte_tokens(std::string(1500, 'a'));
  const std::vector<TokenId> short_prompt = byte_tokens("b");
  const GenerateOptions options = cases().front().options;
  allocations_of_answer(session, long_prompt, options, 1);  // warms it up
  const int64_t of_short = allocations_of_answer(session, short_prompt, options, 1);
  EXPECT_EQ(allocations_of_answer(session, long_prompt, options, 1), of_short);
}

// What a small model seldom says: long tokens, half characters, text held back for long.
TEST(Allocations, NoneForTheTextOfAToken) {
  TestVocabulary vocabulary = test_vocabulary();
  vocabulary.add_token(std::string(40, 'x'), 1);
  const auto long_token = static_cast<TokenId>(vocabulary.tokens.size() - 1);
  const Tokenizer tokenizer = Tokenizer::create(vocabulary.source()).value();
  const std::vector<TokenId> round = {long_token,       long_token,       kTestByte + 0xe2,
                                      kTestByte + 0x82, kTestByte + 0xac, kTestByte + 0xff};
  const std::vector<std::string> stops = {std::string(80, 'x') + "!", "\xe2\x82\xac!"};

  const auto allocations_of_rounds = [&](int count) {
    Gathered gathered;
    const auto sink = [&](std::string_view piece) { gathered.add(piece); };
    const int64_t before = allocations;
    AnswerText text(tokenizer, kTestStart, stops, sink);
    for (int i = 0; i < count; ++i) {
      for (const TokenId id : round) EXPECT_FALSE(text.push(id));
    }
    const int64_t after = allocations;
    return after - before - gathered.growths();
  };
  EXPECT_EQ(allocations_of_rounds(40), allocations_of_rounds(5));
}

}  // namespace
}  // namespace hearth

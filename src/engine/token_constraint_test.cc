// SPDX-License-Identifier: Apache-2.0
// Answers that must fit a grammar, of a model that says nothing sensible by itself.
#include "engine/token_constraint.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "engine/test_model.h"
#include "grammar/gbnf.h"

namespace hearth {
namespace {

std::shared_ptr<const Automaton> grammar(std::string_view text) {
  auto automaton = compile_gbnf(text);
  EXPECT_TRUE(automaton.ok()) << automaton.error().message();
  return std::make_shared<const Automaton>(std::move(automaton).value());
}

class Constrained : public testing::Test {
 protected:
  Answer answer(const GenerateOptions& options) {
    auto session = engine_->create_session(512).value();
    const auto prompt = engine_->tokenizer().encode("Say it: ", SpecialTokens::kAsText);
    auto result = session.generate(prompt, options, [](std::string_view) {});
    EXPECT_TRUE(result.ok()) << result.error().message();
    return result.ok() ? std::move(result).value() : Answer{};
  }

  std::unique_ptr<Engine> engine_ = load_test_model();
};

constexpr std::string_view kRecord = R"gbnf(
root  ::= "{\"name\": " text ", \"values\": [" (value (", " value)*)? "]}"
value ::= "true" | "null" | [1-9] [0-9]* | text
text  ::= "\"" [^"\x00-\x1f]* "\""
)gbnf";

TEST_F(Constrained, EveryAnswerFitsAndIsCompleted) {
  const auto record = grammar(kRecord);
  std::set<std::string> texts;
  for (uint64_t seed = 0; seed < 30; ++seed) {
    GenerateOptions options;
    options.grammar = record;
    options.tokens_max = 60;
    options.sampling.seed = seed;
    options.sampling.temperature = seed % 5 == 0 ? 0.0 : 1.0;
    options.sampling.min_p = 0.0;
    options.sampling.top_k = seed % 3 == 0 ? 3 : 0;
    const Answer said = answer(options);
    EXPECT_TRUE(fits(*record, said.text)) << said.text;
    EXPECT_EQ(said.finish_reason, FinishReason::kStop);
    texts.insert(said.text);
  }
  EXPECT_GT(texts.size(), 10u);
}

TEST_F(Constrained, GuessingAheadChangesNoAnswer) {
  for (uint64_t seed = 0; seed < 10; ++seed) {
    GenerateOptions options;
    options.grammar = grammar(kRecord);
    options.tokens_max = 60;
    options.sampling.seed = seed;
    options.speculate = false;
    const Answer plain = answer(options);
    options.speculate = true;
    EXPECT_EQ(answer(options).text, plain.text);
  }
}

// As there is one way only, each token is found by going through all of them.
TEST_F(Constrained, WhatIsSaidWordForWordIsSaid) {
  GenerateOptions options;
  options.grammar = grammar("root ::= \"zq!~ Xy\"");
  EXPECT_EQ(answer(options).text, "zq!~ Xy");
  options.tokens_max = 4;  // too few: what fits so far
  const Answer cut = answer(options);
  EXPECT_TRUE(std::string_view("zq!~ Xy").starts_with(cut.text)) << cut.text;
  EXPECT_EQ(cut.finish_reason, FinishReason::kLength);
}

TEST_F(Constrained, DrawsFollowTheModelAmongWhatFits) {
  // The model's own probabilities of two letters, against how often each is drawn.
  auto session = engine_->create_session(64).value();
  const auto prompt = engine_->tokenizer().encode("Say it: ", SpecialTokens::kAsText);
  const auto logits = session.feed(prompt).value();
  const auto weight = [&](char c) {
    const TokenId id = engine_->tokenizer().encode({&c, 1}, SpecialTokens::kAsText).front();
    return std::exp(static_cast<double>(logits[static_cast<std::size_t>(id)]));
  };
  const double expected = weight('a') / (weight('a') + weight('b'));
  constexpr int kDraws = 2000;
  int drawn = 0;
  for (int i = 0; i < kDraws; ++i) {
    GenerateOptions options;
    options.grammar = grammar("root ::= [ab]");
    options.sampling = {};
    options.sampling.temperature = 1.0;
    options.sampling.top_p = 1.0;
    options.sampling.min_p = 0.0;
    options.sampling.seed = static_cast<uint64_t>(i);
    auto one = engine_->create_session(64).value();
    drawn += one.generate(prompt, options, [](std::string_view) {}).value().text == "a" ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(drawn) / kDraws, expected, 4.0 * std::sqrt(0.25 / kDraws));
}

TEST_F(Constrained, WhatTheBiasLeavesNothingOfIsSaid) {
  auto session = engine_->create_session(64).value();
  const auto prompt = engine_->tokenizer().encode("x", SpecialTokens::kAsText);
  GenerateOptions options;
  options.grammar = grammar("root ::= \"a\"");
  const TokenId a = engine_->tokenizer().encode("a", SpecialTokens::kAsText).front();
  options.sampling.logit_bias = {{a, -std::numeric_limits<float>::infinity()}};
  const auto said = session.generate(prompt, options, [](std::string_view) {});
  ASSERT_FALSE(said.ok());
  EXPECT_EQ(said.error().message(),
            "grammar: no token of the vocabulary can follow; allow other bytes");
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "engine/score.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

#include "engine/engine.h"
#include "engine/score_trie.h"
#include "engine/softmax.h"
#include "engine/test_model.h"

namespace hearth {
namespace {

using Candidates = std::vector<std::vector<TokenId>>;

// The log-probability of each token of a candidate, fed one by one to a session of its own.
std::vector<double> one_by_one(Engine& engine, std::span<const TokenId> context,
                               std::span<const TokenId> candidate) {
  Session session =
      engine.create_session(static_cast<int32_t>(context.size() + candidate.size())).value();
  std::vector<double> logprobs;
  std::vector<TokenId> all(context.begin(), context.end());
  all.insert(all.end(), candidate.begin(), candidate.end());
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    const std::span<float> logits =
        session.feed({&all[i], 1}).value().first(static_cast<std::size_t>(kTestModelVocabulary));
    if (i + 1 < context.size()) continue;
    logprobs.push_back(static_cast<double>(logits[static_cast<std::size_t>(all[i + 1])]) -
                       log_sum_exp(logits, max_logit(logits)));
  }
  return logprobs;
}

// Equal to the last bit, and summed up in order.
void expect_one_by_one(Engine& engine, std::span<const TokenId> context,
                       const Candidates& candidates, const CandidateScores& scores) {
  ASSERT_EQ(scores.candidates.size(), candidates.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    const std::vector<double> expected = one_by_one(engine, context, candidates[i]);
    EXPECT_EQ(scores.candidates[i].token_logprobs, expected) << i;
    double sum = 0.0;
    for (const double logprob : expected) sum += logprob;
    EXPECT_EQ(scores.candidates[i].logprob, sum) << i;
  }
}

TEST(Score, IsTheProductOfTokenProbabilities) {
  for (const DType type : {DType::kF32, DType::kQ8_0}) {
    const auto engine = load_test_model({.matrix_type = type, .padding_rows = 8});
    Session session = engine->create_session(0).value();
    const std::vector<TokenId> context = random_tokens(70, 1);
    // Branches at every depth, a prefix of another, a duplicate, single tokens, one long chain.
    Candidates candidates = {{5, 6, 7}, {5, 6, 8}, {5, 6},    {9},
                             {9, 9, 9}, {5},       {5, 6, 7}, {4, 4, 4, 1, 2},
                             {4, 4, 1}, {4, 5, 4}, {4, 5, 5}, random_tokens(140, 2)};
    const auto scores = session.score(context, candidates);
    ASSERT_TRUE(scores.ok()) << scores.error().message();
    expect_one_by_one(*engine, context, candidates, *scores);
    EXPECT_EQ(std::vector<TokenId>(session.tokens().begin(), session.tokens().end()), context);
  }
}

TEST(Score, RandomTries) {
  const auto engine = load_test_model({}, {.threads = 2});
  Session session = engine->create_session(0).value();
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    const auto context =
        random_tokens(1 + static_cast<int>(random() % 5), static_cast<uint32_t>(random()));
    Candidates candidates;
    for (int i = 0; i < 12; ++i) {
      std::vector<TokenId> tokens;
      const auto length = 1 + random() % 5;
      for (std::size_t t = 0; t < length; ++t) tokens.push_back(static_cast<TokenId>(random() % 2));
      candidates.push_back(tokens);
    }
    expect_one_by_one(*engine, context, candidates, session.score(context, candidates).value());
  }
}

TEST(Score, SharesContextAndPrefixes) {
  const auto engine = load_test_model();
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> context = random_tokens(40, 3);
  Candidates single;
  for (TokenId id = 10; id < 110; ++id) single.push_back({id});
  const auto first = session.score(context, single).value();
  EXPECT_EQ(first.evaluated_tokens, 40);
  EXPECT_EQ(first.cached_tokens, 0);
  Candidates shared;
  for (TokenId id = 10; id < 110; ++id) shared.push_back({1, 2, 3, id});
  const auto second = session.score(context, shared).value();
  EXPECT_EQ(second.cached_tokens, 39);
  EXPECT_EQ(second.evaluated_tokens, 1 + 3);
}

TEST(Score, OfAnswersIsThatOfGenerating) {
  const auto engine = load_test_model({.padding_rows = 8});
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> context = random_tokens(20, 4);
  GenerateOptions options;
  options.tokens_max = 12;
  options.sampling.seed = 3;
  const Answer answer = session.generate(context, options, [](std::string_view) {}).value();
  ASSERT_FALSE(answer.ids.empty());
  const auto scores = session.score(context, Candidates{answer.ids}).value();
  for (std::size_t i = 0; i < answer.ids.size(); ++i) {
    EXPECT_NEAR(scores.candidates[0].token_logprobs[i], answer.logprobs[i], 1e-5);
  }
}

Error failure(Session& session, std::span<const TokenId> context, const Candidates& candidates,
              const Interruption& options = {}) {
  const auto scores = session.score(context, candidates, options);
  EXPECT_FALSE(scores.ok());
  return scores.ok() ? Error(ErrorCode::kInternal, "no error") : scores.error();
}

TEST(Score, RefusesWhatMakesNoSense) {
  const auto engine = load_test_model({.context = 64, .padding_rows = 8});
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> context = {1, 2, 3};
  EXPECT_EQ(failure(session, {}, {{1}}).code(), ErrorCode::kUsage);
  EXPECT_EQ(failure(session, context, {}).code(), ErrorCode::kUsage);
  EXPECT_NE(failure(session, context, {{1}, {}}).message().find("candidate 1"), std::string::npos);
  // A row that pads the weights is no token.
  EXPECT_EQ(failure(session, context, {{kTestModelVocabulary}}).code(), ErrorCode::kUsage);
  EXPECT_EQ(failure(session, context, {{-1}}).code(), ErrorCode::kUsage);
  EXPECT_EQ(failure(session, std::vector<TokenId>{999}, {{1}}).code(), ErrorCode::kUsage);
  EXPECT_EQ(failure(session, random_tokens(60, 1), {random_tokens(6, 2)}).code(),
            ErrorCode::kUsage);
  EXPECT_TRUE(session.score(random_tokens(60, 1), Candidates{random_tokens(5, 2)}).ok());
  EXPECT_EQ(failure(session, context, Candidates(kCandidatesMax + 1, {1})).code(),
            ErrorCode::kUsage);
  EXPECT_EQ(failure(session, context, Candidates(200, std::vector<TokenId>(6000, 1))).code(),
            ErrorCode::kUsage);
}

TEST(Score, StopsWhenAskedAndCanBeUsedAgain) {
  const auto engine = load_test_model();
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> context = random_tokens(10, 5);
  const std::atomic<bool> cancelled = true;
  const Candidates candidates = {{1, 2, 3}};
  EXPECT_EQ(failure(session, context, candidates, {.cancelled = &cancelled}).code(),
            ErrorCode::kCancelled);
  EXPECT_EQ(failure(session, context, candidates, {.deadline = Deadline::after_ms(0)}).code(),
            ErrorCode::kDeadline);
  expect_one_by_one(*engine, context, candidates, session.score(context, candidates).value());
}

TEST(ScoreTrie, KeepsChildrenSortedAndSharesPaths) {
  const Candidates candidates = {{3, 1}, {2}, {3, 0, 5}, {3}};
  const ScoreTrie trie(candidates);
  const auto& root = trie.node(ScoreTrie::kRoot);
  ASSERT_EQ(root.children.size(), 2u);
  EXPECT_EQ(trie.node(root.children[0]).token, 2);
  const int32_t three = root.children[1];
  EXPECT_EQ(trie.end(3), three);
  EXPECT_EQ(trie.node(trie.end(0)).parent, three);
  EXPECT_EQ(trie.chain(three), (std::vector<int32_t>{three, trie.node(trie.end(2)).parent}));
}

TEST(Normalised, SumsUpToOne) {
  CandidateScores scores;
  scores.candidates = {{-2.0, {-1.0, -1.0}}, {-1.5, {-1.5}}, {-9000.0, {-9000.0}}};
  const auto plain = normalised_probabilities(scores, LengthNorm::kNone);
  EXPECT_DOUBLE_EQ(plain[0] + plain[1] + plain[2], 1.0);
  EXPECT_DOUBLE_EQ(plain[1] / plain[0], std::exp(0.5));
  EXPECT_EQ(plain[2], 0.0);
  const auto by_length = normalised_probabilities(scores, LengthNorm::kTokens);
  EXPECT_DOUBLE_EQ(by_length[1] / by_length[0], std::exp(-0.5));
  EXPECT_EQ(softmax_of(std::vector<double>{-INFINITY, -INFINITY}), (std::vector<double>{0.5, 0.5}));
  EXPECT_TRUE(softmax_of({}).empty());
}

TEST(EncodeCandidates, NamesTheTextThatCannotBeOne) {
  const auto engine = load_test_model();
  const Tokenizer& tokenizer = engine->tokenizer();
  const auto good = encode_candidates(tokenizer, std::vector<std::string>{"hello", "a", " a"});
  ASSERT_TRUE(good.ok());
  EXPECT_EQ((*good)[0], (std::vector<TokenId>{kTestModelVocabulary - 1}));
  EXPECT_EQ((*good)[2], byte_tokens(" a"));
  const auto empty = encode_candidates(tokenizer, std::vector<std::string>{"a", ""});
  ASSERT_FALSE(empty.ok());
  EXPECT_EQ(empty.error().code(), ErrorCode::kUsage);
  const auto twice = encode_candidates(tokenizer, std::vector<std::string>{"abc", "b", "abc"});
  ASSERT_FALSE(twice.ok());
  EXPECT_NE(twice.error().message().find("abc"), std::string::npos);
}

TEST(EncodeContinuation, MovesWhiteSpaceToTheContinuation) {
  const auto engine = load_test_model({.add_bos = true});
  const auto pair = encode_continuation(engine->tokenizer(), "ab \n", "cd").value();
  std::vector<TokenId> context = byte_tokens("ab");
  context.insert(context.begin(), kTestModelStart);
  EXPECT_EQ(pair.context, context);
  EXPECT_EQ(pair.tokens, byte_tokens(" \ncd"));
  // A token across the boundary, "the": the context keeps its count of tokens.
  const auto across = encode_continuation(engine->tokenizer(), "xt", "hea").value();
  EXPECT_EQ(across.context.size(), 1 + byte_tokens("xt").size());
  EXPECT_EQ(across.tokens, byte_tokens("a"));
  // Nothing left: "h" + "ello" is one token, as many as "h" has.
  EXPECT_FALSE(encode_continuation(engine->tokenizer(), "h", "ello").ok());
  EXPECT_FALSE(encode_continuation(engine->tokenizer(), "ab ", "").ok());
}

// The probability that the text begins with `bytes`, by following every sequence of tokens.
double by_brute_force(Session& session, const Tokenizer& tokenizer, std::vector<TokenId>& tokens,
                      std::string_view rest) {
  session.truncate(0);
  const std::span<float> logits = session.feed(tokens).value();
  double sum = 0.0;
  double max = -1e30;
  for (const float logit : logits) max = std::max<double>(max, logit);
  std::vector<double> probabilities;
  for (const float logit : logits) {
    probabilities.push_back(std::exp(logit - max));
    sum += probabilities.back();
  }
  double total = 0.0;
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    const std::string_view text = tokenizer.token_bytes(id, SpecialTokens::kAsText);
    const double probability = probabilities[static_cast<std::size_t>(id)] / sum;
    if (text.starts_with(rest)) {
      total += probability;
    } else if (!text.empty() && rest.starts_with(text)) {
      tokens.push_back(id);
      total += probability * by_brute_force(session, tokenizer, tokens, rest.substr(text.size()));
      tokens.pop_back();
    }
  }
  return total;
}

TEST(ScorePrefix, CountsEverySpelling) {
  const auto engine = load_test_model();
  const ByteSortedVocabulary vocabulary(engine->tokenizer());
  Session session = engine->create_session(0).value();
  Session other = engine->create_session(0).value();
  const std::vector<TokenId> context = random_tokens(8, 6);
  for (const std::string_view bytes : {"h", "he", "hell", "hello", "thell", "t\xff", "xyz"}) {
    std::vector<TokenId> tokens = context;
    const double expected = by_brute_force(other, engine->tokenizer(), tokens, bytes);
    const auto score = session.score_prefix(context, vocabulary, bytes).value();
    EXPECT_NEAR(score.probability, expected, 1e-5 * expected) << bytes;
    EXPECT_EQ(score.unexplored, 0.0);
    EXPECT_EQ(session.tokens().size(), context.size());
    // Not following the unlikely ones leaves the truth between two bounds.
    const auto bounds =
        session.score_prefix(context, vocabulary, bytes, {.probability_min = 1e-3}).value();
    EXPECT_LE(bounds.probability, score.probability * (1 + 1e-12)) << bytes;
    EXPECT_GE(bounds.probability + bounds.unexplored, score.probability * (1 - 1e-12)) << bytes;
  }
}

TEST(ScorePrefix, FirstBytesShareAllProbability) {
  const auto engine = load_test_model();
  const ByteSortedVocabulary vocabulary(engine->tokenizer());
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> context = random_tokens(8, 8);
  double sum = 0.0;
  for (int byte = 0; byte < 256; ++byte) {
    const char text = static_cast<char>(byte);
    sum += session.score_prefix(context, vocabulary, {&text, 1}).value().probability;
  }
  // What is left belongs to the control tokens.
  const auto control =
      session.score(context, Candidates{{kTestModelStart}, {kTestModelEnd}}).value();
  for (const auto& token : control.candidates) sum += std::exp(token.logprob);
  EXPECT_NEAR(sum, 1.0, 1e-6);
}

TEST(ScorePrefix, HasALimit) {
  const auto engine = load_test_model();
  const ByteSortedVocabulary vocabulary(engine->tokenizer());
  Session session = engine->create_session(0).value();
  const std::vector<TokenId> context = {1, 2};
  const auto many = session.score_prefix(context, vocabulary, "hellohello", {.evaluations_max = 5});
  ASSERT_FALSE(many.ok());
  EXPECT_EQ(many.error().code(), ErrorCode::kUsage);
  EXPECT_EQ(session.tokens().size(), context.size());
  EXPECT_FALSE(session.score_prefix(context, vocabulary, "").ok());
}

TEST(ByteSortedVocabulary, RangesAreThoseOfALinearSearch) {
  const auto engine = load_test_model();
  const Tokenizer& tokenizer = engine->tokenizer();
  const ByteSortedVocabulary vocabulary(tokenizer);
  for (const std::string_view bytes : {"", "h", "he", "hell", "t", "th", "zz", "\xff"}) {
    std::vector<TokenId> expected;
    for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
      const auto text = tokenizer.token_bytes(id, SpecialTokens::kAsText);
      if (!text.empty() && text.starts_with(bytes)) expected.push_back(id);
    }
    const auto range = vocabulary.extending(bytes);
    std::vector<TokenId> found(range.begin(), range.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(found, expected) << bytes;
  }
  EXPECT_EQ(vocabulary.proper_prefixes("hello").size(), 3u);  // h, he, hell
}

}  // namespace
}  // namespace hearth

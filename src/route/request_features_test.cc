// SPDX-License-Identifier: Apache-2.0
#include "route/request_features.h"

#include <gtest/gtest.h>

#include <string>

namespace hearth {
namespace {

TEST(ClassifyTask, KnowsTheKinds) {
  struct Case {
    std::string_view text;
    RequestTask task;
  };
  constexpr Case kCases[] = {
      {"Hello there!", RequestTask::kChat},
      {"Hi, how are you today?", RequestTask::kChat},
      {"", RequestTask::kChat},
      {"Wie spät ist es?", RequestTask::kChat},
      {"Extract all dates and amounts from the text as JSON: ...", RequestTask::kExtraction},
      {"Which people are mentioned in this letter?", RequestTask::kExtraction},
      {"Classify the review as positive or negative: Great food.", RequestTask::kClassification},
      {"Is this message spam? Answer yes or no.", RequestTask::kClassification},
      {"Summarize the following article in three sentences.", RequestTask::kSummarization},
      {"TL;DR please", RequestTask::kSummarization},
      {"Rewrite this sentence in the past tense: She walks.", RequestTask::kRewriting},
      {"Translate to French: good evening", RequestTask::kRewriting},
      {"Write a Python function that reverses a list.", RequestTask::kCode},
      {"What is wrong here?\n```\nint main() { return f(); }\n```", RequestTask::kCode},
      {"What is 17 * 23?", RequestTask::kArithmetic},
      {"12+30=", RequestTask::kArithmetic},
      {"Tom has 3 apples and buys 4 more. How many in total?", RequestTask::kArithmetic},
      {"What is the capital of Australia?", RequestTask::kFacts},
      {"Who wrote Faust?", RequestTask::kFacts},
      {"Why do people dream?", RequestTask::kOpenEnded},
      {"Give me ideas for a birthday party", RequestTask::kOpenEnded},
      {"Write a poem about the sea", RequestTask::kOpenEnded},
  };
  for (const Case& one : kCases) {
    EXPECT_EQ(request_task_name(classify_task(one.text)), request_task_name(one.task)) << one.text;
  }
}

TEST(ClassifyTask, LooksAtWholeWordsOnly) {
  EXPECT_EQ(classify_task("whyever decoded hijack planets"), RequestTask::kChat);
  EXPECT_EQ(classify_task("on 2024-05-01 and 2024-06-02"), RequestTask::kChat);
}

TEST(ClassifyTask, LooksAtTheEndsOfLongTexts) {
  const std::string filler(1 << 20, 'x');
  EXPECT_EQ(classify_task("Summarize this: " + filler), RequestTask::kSummarization);
  EXPECT_EQ(classify_task(filler + " Summarize the above."), RequestTask::kSummarization);
  EXPECT_EQ(classify_task(std::string(10 << 20, ' ')), RequestTask::kChat);
  EXPECT_EQ(classify_task(std::string(1 << 20, '\0')), RequestTask::kChat);
}

TEST(EstimateTokens, CountsBytes) {
  EXPECT_EQ(estimate_tokens(""), 0);
  EXPECT_EQ(estimate_tokens("a"), 1);
  EXPECT_EQ(estimate_tokens("12345678"), 2);
}

}  // namespace
}  // namespace hearth

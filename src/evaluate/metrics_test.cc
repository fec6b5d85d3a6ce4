// SPDX-License-Identifier: Apache-2.0
// The metrics where the definition is plain arithmetic; tests/text_metrics_golden_test.cc holds
// them against the packages that define them.
#include <gtest/gtest.h>

#include <cmath>

#include "base/resampling.h"
#include "evaluate/answer_match.h"
#include "evaluate/edit_distance.h"
#include "evaluate/pattern.h"
#include "evaluate/rouge.h"

namespace hearth {
namespace {

TEST(AnswerMatch, LooksAtWordsOnly) {
  EXPECT_EQ(normalised_answer("  The Eiffel-Tower, an icon! "), "eiffeltower icon");
  EXPECT_TRUE(exact_match("The cat.", "a  CAT"));
  EXPECT_FALSE(exact_match("cat", "cats"));
  EXPECT_TRUE(exact_match("ÉCLAIR", "éclair"));
  EXPECT_DOUBLE_EQ(word_f1("red green", "green blue"), 0.5);
  EXPECT_DOUBLE_EQ(word_f1("x x x", "x"), 0.5);
  EXPECT_EQ(word_f1("the", "!"), 1.0);
  EXPECT_EQ(word_f1("", "x"), 0.0);
}

TEST(AnswerMatch, FindsWholeWords) {
  EXPECT_TRUE(mentions("It is the Eiffel Tower, in Paris.", "eiffel tower"));
  EXPECT_TRUE(mentions("The total is $1,204.50!", "1204.50"));
  EXPECT_FALSE(mentions("Parisian", "Paris"));
  EXPECT_FALSE(mentions("tower Eiffel", "Eiffel Tower"));
  EXPECT_FALSE(mentions("anything", "the"));  // no words are left of it
  EXPECT_FALSE(mentions("", "x"));
}

TEST(AnswerMatch, FindsTheLastNumber) {
  EXPECT_EQ(last_number("3 + 4 = 7."), 7.0);
  EXPECT_EQ(last_number("about 1,234,567.25 dollars"), 1234567.25);
  EXPECT_EQ(last_number("1, 2,345"), 2345.0);
  EXPECT_EQ(last_number("12,34"), 34.0);
  EXPECT_EQ(last_number("2024,100"), 100.0);
  EXPECT_EQ(last_number("it is -3"), -3.0);
  EXPECT_EQ(last_number("-4"), -4.0);
  EXPECT_EQ(last_number("5 - 3"), 3.0);
  EXPECT_EQ(last_number("pages 4-9"), 9.0);
  EXPECT_EQ(last_number("1.2.3"), 3.0);
  EXPECT_EQ(last_number("1,"), 1.0);
  EXPECT_EQ(last_number("none"), std::nullopt);
  EXPECT_EQ(last_number(""), std::nullopt);
}

TEST(Rouge, CountsCommonNGrams) {
  const RougeScore one = rouge_n("the cat sat", "the cat sat down", 1);
  EXPECT_DOUBLE_EQ(one.precision, 1.0);
  EXPECT_DOUBLE_EQ(one.recall, 0.75);
  EXPECT_DOUBLE_EQ(rouge_n("the cat sat", "the cat sat down", 2).recall, 2.0 / 3.0);
  EXPECT_EQ(rouge_n("one", "one", 2).f, 0.0);  // no two words
  // Subsequence: "police the gunman" of "police killed the gunman" (Lin 2004, section 3).
  EXPECT_DOUBLE_EQ(rouge_l("police kill the gunman", "police killed the gunman").f, 0.75);
  EXPECT_DOUBLE_EQ(rouge_l("the gunman kill police", "police killed the gunman").f, 0.5);
}

TEST(EditDistance, CountsCodePoints) {
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3u);
  EXPECT_EQ(edit_distance("", "abc"), 3u);
  EXPECT_EQ(edit_distance("naïve", "naive"), 1u);
  EXPECT_EQ(edit_distance("\xff", "\xfe"), 1u);  // not UTF-8, and still two different things
  EXPECT_EQ(edit_similarity("", ""), 1.0);
  EXPECT_DOUBLE_EQ(edit_similarity("abcd", "abcx"), 0.75);
}

TEST(Pattern, FindsAnywhere) {
  EXPECT_TRUE(Pattern::compile("b+")->is_in("abbc"));
  EXPECT_FALSE(Pattern::compile("^b")->is_in("abbc"));
  EXPECT_TRUE(Pattern::compile("^[0-9]{3}-[0-9]{2}$")->is_in("123-45"));
  EXPECT_FALSE(Pattern::compile("x")->is_in(""));
}

TEST(Pattern, RefusesWhatItCannotKeepItsPromiseFor) {
  for (const std::string& bad : {std::string("("), std::string("[z-a]"), std::string("(a)\\1"),
                                 std::string("*"), std::string(1001, 'a')}) {
    const auto pattern = Pattern::compile(bad);
    ASSERT_FALSE(pattern.ok()) << bad;
    EXPECT_EQ(pattern.error().code(), ErrorCode::kUsage);
  }
}

TEST(Pattern, NoTextTakesLong) {
  // Exponential for an executor that goes back.
  const auto pattern = Pattern::compile("^(a+)+$").value();
  EXPECT_FALSE(pattern.is_in(std::string(2000, 'a') + "b"));
  // And long texts do not exhaust the stack.
  EXPECT_TRUE(Pattern::compile("(.|\n)*z").value().is_in(std::string(200000, 'a') + "z"));
}

TEST(Bootstrap, DependsOnSeedAlone) {
  const std::vector<double> values = {1, 0, 1, 1, 0, 1, 1, 1, 0, 1};
  const auto a = bootstrap_interval(values, IntervalMethod::kBca, 0.95, 1000, 5);
  const auto b = bootstrap_interval(values, IntervalMethod::kBca, 0.95, 1000, 5);
  EXPECT_EQ(a.low, b.low);
  EXPECT_EQ(a.high, b.high);
  EXPECT_LT(a.low, 0.7);
  EXPECT_GT(a.high, 0.7);
}

TEST(Bootstrap, HasNoWidthWhereNothingVaries) {
  for (const auto& values : {std::vector<double>{0.5}, std::vector<double>{1, 1, 1}}) {
    const auto interval = bootstrap_interval(values, IntervalMethod::kBca, 0.95);
    EXPECT_EQ(interval.low, values.front());
    EXPECT_EQ(interval.high, values.front());
  }
}

TEST(Bootstrap, CoversTheTruthAsOftenAsItSays) {
  // 300 samples of 50 exponential values, whose mean is 1.
  std::vector<double> values(50);
  uint64_t state = 1;
  const auto uniform = [&] {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (static_cast<double>(state >> 11) + 0.5) * 0x1p-53;
  };
  int covered = 0;
  for (int sample = 0; sample < 300; ++sample) {
    for (double& value : values) value = -std::log(uniform());
    const auto interval = bootstrap_interval(values, IntervalMethod::kBca, 0.95, 1000);
    covered += interval.low <= 1.0 && 1.0 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(covered, 270);
  EXPECT_LE(covered, 295);
}

TEST(Bootstrap, RatioOfEqualWholesIsTheMean) {
  const std::vector<double> parts = {1, 2, 3, 4, 5, 6};
  const std::vector<double> wholes(6, 2.0);
  const auto ratio = bootstrap_ratio_interval(parts, wholes, 0.9);
  const auto mean = bootstrap_interval(parts, IntervalMethod::kPercentile, 0.9);
  EXPECT_DOUBLE_EQ(ratio.low, mean.low / 2.0);
  EXPECT_DOUBLE_EQ(ratio.high, mean.high / 2.0);
}

TEST(ComparePaired, ChoosesTheTestByTheValues) {
  const std::vector<double> a = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1};
  const std::vector<double> b = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
  const PairedResult binary = compare_paired(a, b);
  EXPECT_EQ(binary.test, "mcnemar");
  EXPECT_DOUBLE_EQ(binary.difference, 0.8);
  EXPECT_NEAR(binary.p, 2.0 / 256.0, 1e-12);
  EXPECT_GT(binary.interval.low, 0.0);
  const PairedResult same = compare_paired(a, a);
  EXPECT_EQ(same.p, 1.0);
  EXPECT_EQ(same.interval.high, 0.0);
  std::vector<double> graded(40, 0.25);
  std::vector<double> better(40, 0.5);
  const PairedResult graded_result = compare_paired(graded, better);
  EXPECT_EQ(graded_result.test, "permutation");
  EXPECT_NEAR(graded_result.p, 1.0 / 10001.0, 1e-12);  // none of the random flips is as extreme
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "evaluate/answer_grade.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

Task task_of(const std::string& metric) {
  return parse_task("name = \"t\"\nkind = \"generate\"\nprompt = \"Q: {q}\"\nmetric = \"" + metric +
                        "\"\n",
                    "task.toml")
      .value();
}

Example example_of(const std::string& line) {
  return parse_examples(line, "data.jsonl").value().front();
}

TEST(GradeAnswer, OneOfSeveral) {
  const Example example = example_of("{\"q\": \"x\", \"answer\": [\"six\", \"6\"]}");
  const Task task = task_of("mentions");
  EXPECT_EQ(grade_answer(task, example, "It has 6 legs.").value(), 1.0);
  EXPECT_EQ(grade_answer(task, example, "Six!").value(), 1.0);
  EXPECT_EQ(grade_answer(task, example, "It has 16 legs.").value(), 0.0);
  EXPECT_EQ(question_of(task, example).value(), "Q: x");
}

TEST(GradeAnswer, WhoSaysEverythingHasNotAnswered) {
  const Example example =
      example_of("{\"q\": \"x\", \"answer\": \"3 May\", \"not\": [\"5 May\", \"6 May\"]}");
  const Task task = task_of("mentions");
  EXPECT_EQ(grade_answer(task, example, "on 3 May").value(), 1.0);
  EXPECT_EQ(grade_answer(task, example, "on 3 May or 6 May").value(), 0.0);
  const Example bad = example_of("{\"q\": \"x\", \"answer\": \"3 May\", \"not\": \"5 May\"}");
  const auto failed = grade_answer(task, bad, "3 May");
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message().find("data.jsonl:1: field \"not\""), std::string::npos);
}

TEST(GradeAnswer, Numbers) {
  const Example example = example_of("{\"q\": \"x\", \"answer\": 1204}");
  const Task task = task_of("number");
  EXPECT_EQ(grade_answer(task, example, "602 * 2 = 1,204").value(), 1.0);
  EXPECT_EQ(grade_answer(task, example, "1204.5").value(), 0.0);
  EXPECT_EQ(grade_answer(task, example, "many").value(), 0.0);
  const auto failed = grade_answer(task, example_of("{\"q\": 1, \"answer\": \"many\"}"), "1");
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message().find("has no number"), std::string::npos);
}

TEST(GradeAnswer, ChoicesByName) {
  const Task task =
      parse_task("name = \"t\"\nkind = \"choice\"\nprompt = \"{q}\"\nlabels = [\"a b\", \"c\"]\n",
                 "task.toml")
          .value();
  const Example example = example_of("{\"q\": \"x\", \"label\": \"a b\"}");
  EXPECT_EQ(grade_answer(task, example, "a b").value(), 1.0);
  EXPECT_EQ(grade_answer(task, example, "c").value(), 0.0);
  EXPECT_FALSE(grade_answer(task, example_of("{\"q\": \"x\", \"label\": \"d\"}"), "c").ok());
  EXPECT_EQ(question_of(task, example).value(), "x");
  const Task read = parse_task("name = \"t\"\nkind = \"perplexity\"\n", "task.toml").value();
  EXPECT_FALSE(grade_answer(read, example, "c").ok());
}

}  // namespace
}  // namespace hearth

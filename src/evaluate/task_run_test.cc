// SPDX-License-Identifier: Apache-2.0
#include "evaluate/task_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "engine/softmax.h"
#include "engine/test_model.h"
#include "evaluate/task_summary.h"

namespace hearth {
namespace {

const auto no_progress = [](double) { return true; };

Task task_of(const std::string& text) {
  auto task = parse_task(text, "task.toml");
  EXPECT_TRUE(task.ok()) << task.error().message();
  return std::move(task).value();
}

std::vector<Example> examples_of(std::string_view text) {
  return parse_examples(text, "data.jsonl").value();
}

// The log-probability of `tokens` behind `context`, fed one by one.
double plain_logprob(Engine& engine, std::span<const TokenId> context,
                     std::span<const TokenId> tokens) {
  Session session = engine.create_session(512).value();
  std::span<float> logits = session.feed(context).value();
  double sum = 0.0;
  for (const TokenId id : tokens) {
    sum += static_cast<double>(logits[static_cast<std::size_t>(id)]) -
           log_sum_exp(logits, max_logit(logits));
    logits = session.feed({&id, 1}).value();
  }
  return sum;
}

const std::string kChoice =
    "name = \"t\"\nkind = \"choice\"\nprompt = \"{text}:\"\nlabels = [\"aa\", \"b\", \"cde\"]\n";
constexpr std::string_view kChoiceLines =
    "{\"text\": \"one\", \"label\": \"aa\"}\n{\"text\": \"two\", \"label\": \"b\"}\n"
    "{\"text\": \"six\", \"label\": \"cde\"}\n{\"text\": \"ten\", \"label\": \"b\"}\n";

TEST(RunTask, ChoiceIsTheLikeliestLabel) {
  const auto engine = load_test_model({.add_bos = true});
  const Task task = task_of(kChoice + "metric = \"accuracy_tokens\"\n");
  const auto examples = examples_of(kChoiceLines);
  const TaskRun run = run_task(*engine, task, examples, no_progress).value();
  ASSERT_EQ(run.items.size(), 4u);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    std::vector<TokenId> context = byte_tokens(examples[i].fields["text"].get<std::string>() + ":");
    context.insert(context.begin(), kTestModelStart);
    std::vector<double> sums;
    std::vector<double> means;
    for (const std::string& label : task.labels) {
      const auto tokens = byte_tokens(" " + label);
      sums.push_back(plain_logprob(*engine, context, tokens));
      means.push_back(sums.back() / static_cast<double>(tokens.size()));
    }
    const auto best = [&](const std::vector<double>& logs) {
      return task.labels[static_cast<std::size_t>(std::max_element(logs.begin(), logs.end()) -
                                                  logs.begin())];
    };
    EXPECT_EQ(run.items[i].predicted, best(means));
    EXPECT_EQ(run.items[i].values[0], best(sums) == run.items[i].expected ? 1.0 : 0.0);
    EXPECT_EQ(run.items[i].values[1], best(means) == run.items[i].expected ? 1.0 : 0.0);
    const auto shares = softmax_of(means);
    EXPECT_NEAR(run.items[i].confidence, *std::max_element(shares.begin(), shares.end()), 1e-9);
    EXPECT_EQ(run.items[i].question, examples[i].fields["text"].get<std::string>() + ":");
    std::vector<double> sorted = shares;
    std::sort(sorted.begin(), sorted.end());
    ASSERT_EQ(run.items[i].margins.size(), 1u);
    EXPECT_NEAR(run.items[i].margins[0], sorted[2] - sorted[1], 1e-6);
    const auto chosen = std::max_element(means.begin(), means.end()) - means.begin();
    EXPECT_EQ(run.items[i].logprobs.size(),
              task.labels[static_cast<std::size_t>(chosen)].size() + 1);
  }
}

TEST(RunTask, ChatPromptsUseTheTemplate) {
  const auto engine = load_test_model();
  const Task task = task_of(kChoice + "format = \"chat\"\nsystem = \"s\"\n");
  const auto examples = examples_of(kChoiceLines);
  const TaskRun run = run_task(*engine, task, examples, no_progress).value();
  const std::vector<ChatMessage> messages = {{"system", "s"}, {"user", "one:"}};
  const auto context = engine->encode_chat(messages).value();
  std::vector<double> sums;
  for (const std::string& label : task.labels) {
    sums.push_back(plain_logprob(*engine, context, byte_tokens(label)));
  }
  const auto best = std::max_element(sums.begin(), sums.end()) - sums.begin();
  EXPECT_EQ(run.items[0].predicted, task.labels[static_cast<std::size_t>(best)]);
}

TEST(RunTask, MultipleChoiceInBothStyles) {
  const auto engine = load_test_model();
  const auto examples = examples_of(
      "{\"q\": \"x\", \"options\": [\"red\", \"green\", \"blue\"], \"answer\": 2}\n"
      "{\"q\": \"y\", \"options\": [\"up\", \"down\"], \"answer\": \"A\"}\n");
  const Task letters =
      task_of("name = \"m\"\nkind = \"multiple-choice\"\nprompt = \"{q}\\n{options}\\nAnswer:\"\n");
  const TaskRun run = run_task(*engine, letters, examples, no_progress).value();
  EXPECT_EQ(run.items[0].expected, "C");
  EXPECT_EQ(run.items[1].expected, "A");
  std::vector<double> sums;
  const auto context =
      engine->tokenizer().encode("x\nA. red\nB. green\nC. blue\nAnswer:", SpecialTokens::kAsText);
  for (const std::string_view letter : {" A", " B", " C"}) {
    sums.push_back(plain_logprob(*engine, context, byte_tokens(letter)));
  }
  const auto best = std::max_element(sums.begin(), sums.end()) - sums.begin();
  EXPECT_EQ(run.items[0].predicted, std::string(1, static_cast<char>('A' + best)));

  const Task texts = task_of(
      "name = \"m\"\nkind = \"multiple-choice\"\nprompt = \"{q}\"\nstyle = \"continuation\"\n"
      "metric = \"accuracy_characters\"\n");
  const TaskRun other = run_task(*engine, texts, examples, no_progress).value();
  std::vector<double> by_length;
  for (const std::string_view option : {"red", "green", "blue"}) {
    by_length.push_back(plain_logprob(*engine, byte_tokens("x"),
                                      engine->tokenizer().encode(" " + std::string(option),
                                                                 SpecialTokens::kAsText)) /
                        static_cast<double>(option.size()));
  }
  const auto longest = std::max_element(by_length.begin(), by_length.end()) - by_length.begin();
  EXPECT_EQ(other.items[0].predicted, std::string(1, static_cast<char>('A' + longest)));
}

TEST(RunTask, GeneratedAnswersAreMeasuredAgainstTheBestReference) {
  const auto engine = load_test_model();
  const std::string head = "name = \"g\"\nkind = \"generate\"\nprompt = \"{q}\"\ntokens = 6\n";
  const auto first = examples_of("{\"q\": \"abc\", \"answer\": \"?\"}");
  const TaskRun probe = run_task(*engine, task_of(head), first, no_progress).value();
  const std::string said = probe.items[0].predicted;
  EXPECT_EQ(probe.items[0].question, "abc");
  EXPECT_EQ(probe.items[0].logprobs.size(), 6u);
  EXPECT_EQ(probe.items[0].margins.size(), 6u);
  nlohmann::ordered_json line = {{"q", "abc"}, {"answer", {"something else", said}}};
  const auto examples =
      examples_of(line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  const TaskRun run =
      run_task(*engine, task_of(head + "metric = \"edit_similarity\"\n"), examples, no_progress)
          .value();
  EXPECT_EQ(run.items[0].predicted, said);
  EXPECT_EQ(run.values(Metric::kEditSimilarity).front(), 1.0);
  EXPECT_EQ(run.values(Metric::kExactMatch).front(), 1.0);
  const auto patterns = examples_of("{\"q\": \"abc\", \"answer\": [\"zzzz\", \"^(.|\\n)*$\"]}");
  const TaskRun matched =
      run_task(*engine, task_of(head + "metric = \"regex\"\n"), patterns, no_progress).value();
  EXPECT_EQ(matched.values(Metric::kRegex).front(), 1.0);
  const auto bare = examples_of("{\"q\": \"abc\"}");
  const TaskRun schema = run_task(*engine,
                                  task_of(head + "metric = \"schema\"\n[schema]\ntype = "
                                                 "\"object\"\n"),
                                  bare, no_progress)
                             .value();
  EXPECT_EQ(schema.values(Metric::kSchema).front(), 0.0);  // nonsense is no JSON
}

TEST(RunTask, PerplexityIsThatOfEachTokenByItself) {
  const auto engine = load_test_model({.context = 16});
  const Task task = task_of("name = \"p\"\nkind = \"perplexity\"\n");
  const auto examples = examples_of("{\"text\": \"abcdef\"}\n{\"text\": \"xyz\"}\n");
  const TaskRun run = run_task(*engine, task, examples, no_progress).value();
  double loss = 0.0;
  for (const std::string_view text : {"abcdef", "xyz"}) {
    const auto tokens = byte_tokens(text);
    loss -=
        plain_logprob(*load_test_model(), std::span(tokens).first(1), std::span(tokens).subspan(1));
  }
  const TaskSummary summary = summarise(task, run);
  EXPECT_EQ(run.items[0].tokens, 5);
  EXPECT_NEAR(summary.main.value, std::exp(loss / 7.0), 1e-4);
  EXPECT_LE(summary.main.interval.low, summary.main.value);
  EXPECT_GE(summary.main.interval.high, summary.main.value);
  // Longer than the context: pieces of 16, of each of which the first token is not scored.
  const auto longer = examples_of("{\"text\": \"" + std::string(40, 'q') + "\"}");
  EXPECT_EQ(run_task(*engine, task, longer, no_progress)->items[0].tokens, 15 + 15 + 7);
}

Error failure(Engine& engine, const std::string& task, std::string_view lines) {
  const auto run = run_task(engine, task_of(task), examples_of(lines), no_progress);
  EXPECT_FALSE(run.ok()) << lines;
  return run.ok() ? Error(ErrorCode::kInternal, "no error") : run.error();
}

TEST(RunTask, BadExamplesAreNamedByLine) {
  const auto engine = load_test_model({.context = 64});
  const auto expect = [&](const std::string& task, std::string_view lines,
                          std::string_view fragment) {
    const Error error = failure(*engine, task, lines);
    EXPECT_TRUE(error.message().starts_with("data.jsonl:1: ")) << error.message();
    EXPECT_NE(error.message().find(fragment), std::string::npos) << error.message();
  };
  expect(kChoice, "{\"text\": \"x\", \"label\": \"zz\"}", "none of the task's");
  expect(kChoice, "{\"text\": \"x\"}", "label");
  expect(kChoice, "{\"label\": \"b\"}", "text");
  expect(kChoice, "{\"text\": [], \"label\": \"b\"}", "text");
  expect(kChoice, "{\"text\": \"" + std::string(80, 'x') + "\", \"label\": \"b\"}", "context");
  const std::string letters =
      "name = \"m\"\nkind = \"multiple-choice\"\nprompt = \"{q}{options}\"\n";
  expect(letters, "{\"q\": \"x\", \"options\": [\"a\"], \"answer\": 0}", "2 to 26");
  expect(letters, "{\"q\": \"x\", \"options\": \"ab\", \"answer\": 0}", "options");
  expect(letters, "{\"q\": \"x\", \"options\": [\"a\", \"b\"], \"answer\": 2}", "0 to 1");
  expect(letters, "{\"q\": \"x\", \"options\": [\"a\", \"b\"], \"answer\": \"C\"}", "A to B");
  expect(letters, "{\"q\": \"x\", \"options\": [\"a\", \"b\"], \"answer\": -1}", "answer");
  expect(letters, "{\"q\": \"x\", \"options\": [\"a\", \"b\"]}", "answer");
  const std::string texts =
      "name = \"m\"\nkind = \"multiple-choice\"\nprompt = \"{q}\"\nstyle = "
      "\"continuation\"\n";
  expect(texts, "{\"q\": \"x\", \"options\": [\"a\", \"a\"], \"answer\": 0}", "same tokens");
  expect(texts, "{\"q\": \"x\", \"options\": [\"a\", \"\"], \"answer\": 0}", "empty");
  const std::string generate = "name = \"g\"\nkind = \"generate\"\nprompt = \"{q}\"\n";
  expect(generate, "{\"q\": \"x\", \"answer\": []}", "answer");
  expect(generate, "{\"q\": \"x\", \"answer\": [1]}", "answer");
  expect(generate, "{\"q\": \"x\"}", "answer");
  expect(generate + "metric = \"regex\"\n", "{\"q\": \"x\", \"answer\": \"(\"}", "pattern");
  expect("name = \"p\"\nkind = \"perplexity\"\n", "{\"text\": \"x\"}", "two tokens");
}

TEST(RunTask, StopsWhenAsked) {
  const auto engine = load_test_model();
  const auto run = run_task(*engine, task_of(kChoice), examples_of(kChoiceLines),
                            [](double share) { return share < 0.5; });
  ASSERT_FALSE(run.ok());
  EXPECT_EQ(run.error().code(), ErrorCode::kCancelled);
}

TaskItem item(std::string expected, std::string predicted, double confidence) {
  const double right = expected == predicted ? 1.0 : 0.0;
  return {"", std::move(expected), std::move(predicted), {right}, confidence, 0, 2.0};
}

TEST(Summarise, CountsLabelsConfusionsAndCalibration) {
  const Task task = task_of(kChoice + "floor = 0.6\n");
  TaskRun run;
  run.metrics = {Metric::kAccuracy};
  run.items = {item("aa", "aa", 0.95), item("aa", "b", 0.55), item("b", "b", 0.85),
               item("b", "aa", 0.65),  item("aa", "b", 0.5),  item("b", "b", 0.95)};
  const TaskSummary summary = summarise(task, run);
  EXPECT_DOUBLE_EQ(summary.main.value, 0.5);
  EXPECT_FALSE(passes(task, summary));
  ASSERT_EQ(summary.labels.size(), 3u);
  EXPECT_EQ(summary.labels[0].examples, 3);
  EXPECT_DOUBLE_EQ(summary.labels[0].precision, 0.5);
  EXPECT_DOUBLE_EQ(summary.labels[0].recall, 1.0 / 3.0);
  EXPECT_DOUBLE_EQ(summary.labels[0].f1, 0.4);
  EXPECT_EQ(summary.labels[2].f1, 0.0);
  ASSERT_EQ(summary.confusions.size(), 2u);
  EXPECT_EQ(summary.confusions[0].expected, "aa");
  EXPECT_EQ(summary.confusions[0].count, 2);
  // Bins: 0.5-0.6 has two misses, 0.6-0.7 one, 0.8-0.9 one hit, 0.9-1.0 two hits.
  EXPECT_NEAR(summary.calibration->ece, (0.55 + 0.5 + 0.65 + 0.15 + 0.05 + 0.05) / 6.0, 1e-12);
  EXPECT_NEAR(summary.calibration->mean_confidence, 4.45 / 6.0, 1e-12);
  EXPECT_DOUBLE_EQ(summary.ms_mean, 2.0);
  EXPECT_TRUE(passes(task_of(kChoice + "floor = 0.5\n"), summary));
}

}  // namespace
}  // namespace hearth

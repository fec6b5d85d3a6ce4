// SPDX-License-Identifier: Apache-2.0
#include "evaluate/task_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/test_folder.h"
#include "evaluate/examples.h"

namespace hearth {
namespace {

const std::string kChoice =
    "name = \"mood\"\nkind = \"choice\"\nprompt = \"{text}\\nMood:\"\nlabels = [\"good\", "
    "\"bad\"]\n";

Error refusal(const std::string& text) {
  const auto task = parse_task(text, "folder/task.toml");
  EXPECT_FALSE(task.ok()) << text;
  return task.ok() ? Error(ErrorCode::kInternal, "no error") : task.error();
}

TEST(TaskFile, ReadsAChoice) {
  const auto task =
      parse_task(kChoice + "floor = 0.5\ntest = \"test.jsonl\"\n", "folder/task.toml");
  ASSERT_TRUE(task.ok()) << task.error().message();
  EXPECT_EQ(task->name, "mood");
  EXPECT_EQ(task->kind, TaskKind::kChoice);
  EXPECT_EQ(task->labels, (std::vector<std::string>{"good", "bad"}));
  EXPECT_EQ(task->format, PromptFormat::kRaw);
  EXPECT_EQ(task->separator, " ");
  EXPECT_EQ(task->answer_field, "label");
  EXPECT_EQ(task->metric, Metric::kAccuracy);
  EXPECT_EQ(task->floor, 0.5);
  EXPECT_EQ(task->files.at("test"), std::filesystem::path("folder/test.jsonl"));
}

TEST(TaskFile, ReadsTheOtherKinds) {
  const auto generate = parse_task(
      "name = \"g\"\nkind = \"generate\"\nprompt = \"{q}\"\nformat = \"chat\"\nsystem = \"s\"\n"
      "tokens = 5\nmetric = \"rougeL\"\nstop = \"x\"\n[schema]\ntype = \"string\"\n",
      "t.toml");
  ASSERT_TRUE(generate.ok()) << generate.error().message();
  EXPECT_EQ(generate->metric, Metric::kRougeL);
  EXPECT_EQ(generate->tokens_max, 5);
  EXPECT_TRUE(generate->schema.has_value());
  const auto options = parse_task(
      "name = \"m\"\nkind = \"multiple-choice\"\nprompt = \"{question}\"\nstyle = "
      "\"continuation\"\nmetric = \"accuracy_characters\"\n",
      "t.toml");
  ASSERT_TRUE(options.ok()) << options.error().message();
  EXPECT_EQ(options->options, OptionStyle::kContinuation);
  const auto perplexity =
      parse_task("name = \"p\"\nkind = \"perplexity\"\nceiling = 20\n", "t.toml");
  ASSERT_TRUE(perplexity.ok()) << perplexity.error().message();
  EXPECT_EQ(perplexity->floor, 20.0);
}

TEST(TaskFile, NamesFileLineAndKey) {
  const auto expect = [](const std::string& text, std::string_view fragment,
                         ErrorCode code = ErrorCode::kUsage) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_NE(error.message().find(fragment), std::string::npos) << error.message();
    EXPECT_TRUE(error.message().starts_with("folder/task.toml:")) << error.message();
    EXPECT_NE(error.message().find("; "), std::string::npos) << error.message();
  };
  expect(kChoice + "colour = 1\n", "task.toml:5: colour: is not known");
  expect(kChoice + "floor = 1.5\n", "5: floor");
  expect(kChoice + "floor = nan\n", "5: floor");
  expect(kChoice + "floor = \"high\"\n", "floor");
  expect(kChoice + "metric = \"f1\"\n", "accuracy_tokens");
  expect(kChoice + "ceiling = 3\n", "ceiling");
  expect(kChoice + "tokens = 3\n", "tokens");
  expect(kChoice + "system = \"x\"\n", "chat");
  expect(kChoice + "format = \"chat\"\nseparator = \" \"\n", "separator");
  expect(kChoice + "test = \"\"\n", "test");
  expect(kChoice + "test = 1\n", "test");
  expect(kChoice + "name = \"again\"\n", "5", ErrorCode::kCorrupt);
  expect("x = [\n", "task.toml:", ErrorCode::kCorrupt);
  expect("name = \"x\"\nkind = \"guess\"\n", "choose among choice");
  expect("name = \"x\"\n", "kind");
  expect("kind = \"choice\"\nprompt = \"x\"\nlabels = [\"a\", \"b\"]\n", "name");
  const std::string open = "name = \"x\"\nkind = \"choice\"\nprompt = \"x\"\n";
  expect(open, "labels");
  expect(open + "labels = []\n", "labels");
  expect(open + "labels = [\"a\"]\n", "labels");
  expect(open + "labels = [\"a\", \"a\"]\n", "twice");
  expect(open + "labels = [\"a\", \" \"]\n", "empty");
  expect(open + "labels = [\"a\", 2]\n", "labels");
  expect("name = \"x\"\nkind = \"choice\"\nprompt = \"{\"\nlabels = [\"a\", \"b\"]\n", "3: prompt");
  expect("name = \"x\"\nkind = \"multiple-choice\"\nprompt = \"{q}\"\n", "{options}");
  expect(
      "name = \"x\"\nkind = \"multiple-choice\"\nprompt = \"{options}\"\nstyle = "
      "\"continuation\"\n",
      "continuation");
  expect("name = \"x\"\nkind = \"generate\"\nprompt = \"{q}\"\nmetric = \"schema\"\n", "schema");
  expect("name = \"x\"\nkind = \"generate\"\nprompt = \"{q}\"\n[schema]\nnot = {}\n", "not",
         ErrorCode::kUnsupported);
  expect("name = \"\xff\"\n", "UTF-8", ErrorCode::kCorrupt);
  expect(std::string("name = \"x\"\0", 11), "", ErrorCode::kCorrupt);
}

TEST(TaskFile, ReadsItsExamples) {
  const TestFolder folder;
  std::ofstream(folder.path() / "task.toml")
      << kChoice + "test = \"t.jsonl\"\ntrain = \"no.jsonl\"\n";
  std::ofstream(folder.path() / "t.jsonl")
      << "{\"text\": \"x\", \"label\": \"good\"}\n\n{\"n\": 1}";
  const Task task = read_task(folder.path() / "task.toml").value();
  const auto examples = read_split(task, "test").value();
  ASSERT_EQ(examples.size(), 2u);
  EXPECT_TRUE(examples[1].place.ends_with("t.jsonl:3"));
  EXPECT_EQ(read_split(task, "train").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(read_split(task, "validation").error().code(), ErrorCode::kUsage);
  EXPECT_EQ(read_task(folder.path() / "none.toml").error().code(), ErrorCode::kNotFound);
}

TEST(TaskFile, IsToldFromOutputTests) {
  EXPECT_TRUE(is_task_text(kChoice));
  EXPECT_FALSE(is_task_text("[[cases]]\nname = \"kind\"\n"));
  EXPECT_FALSE(is_task_text("kind = ["));
}

Error example_refusal(std::string_view text) {
  const auto examples = parse_examples(text, "data.jsonl");
  EXPECT_FALSE(examples.ok()) << text;
  return examples.ok() ? Error(ErrorCode::kInternal, "no error") : examples.error();
}

TEST(Examples, BadLinesAreNamed) {
  const auto expect = [](std::string_view text, std::string_view fragment, ErrorCode code) {
    const Error error = example_refusal(text);
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_NE(error.message().find(fragment), std::string::npos) << error.message();
  };
  expect("", "no examples", ErrorCode::kUsage);
  expect("\n \r\n", "no examples", ErrorCode::kUsage);
  expect("{\"a\": 1}\n{\"a\": \n", "data.jsonl:2", ErrorCode::kCorrupt);
  expect("[1]\n", "data.jsonl:1: is no JSON object", ErrorCode::kCorrupt);
  expect("{\"a\": 1} x\n", "data.jsonl:1", ErrorCode::kCorrupt);
  expect("{\"a\": 1, \"a\": 2}\n", "\"a\" twice", ErrorCode::kCorrupt);
  expect("{\"a\": {\"b\": 1, \"b\": 2}}\n", "\"b\" twice", ErrorCode::kCorrupt);
  expect("{\"a\": \"\xff\"}\n", "data.jsonl:1", ErrorCode::kCorrupt);
  expect(std::string("{\"a\": \"\0\"}\n", 11), "data.jsonl:1", ErrorCode::kCorrupt);
  expect("{\"a\": " + std::string(100000, '[') + "\n", "data.jsonl:1", ErrorCode::kCorrupt);
  expect("{\"a\": " + std::string(100, '[') + std::string(100, ']') + "}\n", "deep",
         ErrorCode::kCorrupt);
  expect("{\"a\": 1e999}\n", "data.jsonl:1", ErrorCode::kCorrupt);
}

TEST(Examples, ByteOrderMarkAndLineEndsDoNotMatter) {
  const auto examples =
      parse_examples("\xef\xbb\xbf{\"a\": 1}\r\n{\"a\": {\"a\": 2}}", "d").value();
  ASSERT_EQ(examples.size(), 2u);
  EXPECT_EQ(examples[1].place, "d:2");
}

TEST(Examples, FieldsAreTextNumbersAndTruthValues) {
  const Example example =
      parse_examples("{\"s\": \"x\", \"n\": 2, \"f\": 1.5, \"t\": true, \"o\": {}, \"z\": null}",
                     "d")
          ->front();
  EXPECT_EQ(field_text(example, "s").value(), "x");
  EXPECT_EQ(field_text(example, "n").value(), "2");
  EXPECT_EQ(field_text(example, "f").value(), "1.5");
  EXPECT_EQ(field_text(example, "t").value(), "true");
  for (const std::string_view bad : {"o", "z", "absent"}) {
    const auto text = field_text(example, bad);
    ASSERT_FALSE(text.ok());
    EXPECT_TRUE(text.error().message().starts_with("d:1: ")) << text.error().message();
  }
}

TEST(PromptTemplate, FillsFieldsAndKeepsBraces) {
  const Example example = parse_examples("{\"a b\": \"{x}\", \"y\": 2}", "d")->front();
  const auto render = [&](std::string_view text) {
    return PromptTemplate::parse(text)->render(example).value();
  };
  EXPECT_EQ(render("1 {a b} {y}{y}"), "1 {x} 22");
  EXPECT_EQ(render("{{y}} }}{{"), "{y} }{");
  EXPECT_EQ(render(""), "");
  EXPECT_FALSE(PromptTemplate::parse("{z}")->render(example).ok());
  EXPECT_TRUE(PromptTemplate::parse("{z}")->uses("z"));
  EXPECT_EQ(PromptTemplate::parse("{z}")->render(example, PromptTemplate::Extra{"z", "q"}).value(),
            "q");
  for (const std::string_view bad : {"{", "}", "a } b", "{}", "{a", "{a{b}}", "{a\n}"}) {
    EXPECT_FALSE(PromptTemplate::parse(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace hearth

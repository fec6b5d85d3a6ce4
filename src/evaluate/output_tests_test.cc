// SPDX-License-Identifier: Apache-2.0
#include "evaluate/output_tests.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/test_folder.h"
#include "engine/test_model.h"
#include "evaluate/output_test_run.h"
#include "evaluate/test_report.h"

namespace hearth {
namespace {

Error refusal(const std::string& text) {
  const auto tests = parse_output_tests(text, "tests.toml");
  EXPECT_FALSE(tests.ok()) << text;
  return tests.ok() ? Error(ErrorCode::kInternal, "no error") : tests.error();
}

const std::string kCase = "[[cases]]\nname = \"one\"\nprompt = \"hi\"\n";

TEST(OutputTests, CasesInheritFromTheFile) {
  const auto tests = parse_output_tests(
      "name = \"suite\"\nsystem = \"s\"\ntokens = 5\nseeds = [1, 2]\n" + kCase +
          "tokens = 7\n[cases.expect]\ncontains = \"x\"\n[[cases]]\nname = \"two\"\nprompt = "
          "\"p\"\nexpect = { equals = [\"a\", \"b\"], baseline = true }\n",
      "tests.toml");
  ASSERT_TRUE(tests.ok()) << tests.error().message();
  ASSERT_EQ(tests->cases.size(), 2u);
  EXPECT_EQ(tests->name, "suite");
  EXPECT_EQ(tests->cases[0].tokens_max, 7);
  EXPECT_EQ(tests->cases[1].tokens_max, 5);
  EXPECT_EQ(tests->cases[0].system, "s");
  EXPECT_EQ(tests->cases[0].seeds, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(tests->cases[1].expect.equals.size(), 2u);
  EXPECT_TRUE(tests->cases[1].expect.baseline);
  const auto planned = plan_tests(*tests, "").value();
  ASSERT_EQ(planned.size(), 4u);
  EXPECT_EQ(planned[1].name, "one/seed 2");
  EXPECT_EQ(plan_tests(*tests, "two").value().size(), 2u);
}

TEST(OutputTests, NamesFileLineAndKey) {
  const auto expect = [](const std::string& text, std::string_view fragment,
                         ErrorCode code = ErrorCode::kUsage) {
    const Error error = refusal(text);
    EXPECT_EQ(error.code(), code) << error.message();
    EXPECT_NE(error.message().find(fragment), std::string::npos) << error.message();
    EXPECT_TRUE(error.message().starts_with("tests.toml:")) << error.message();
  };
  const std::string good = kCase + "[cases.expect]\ncontains = \"x\"\n";
  expect("", "no cases");
  expect("cases = []\n", "no cases");
  expect("cases = 3\n", "cases");
  expect(kCase, "expect");
  expect(kCase + "[cases.expect]\n", "expects nothing");
  expect(kCase + "[cases.expect]\nbaseline = false\n", "expects nothing");
  expect(good + good, "twice");
  expect(good + "colour = 1\n", "tests.toml:6: colour");
  expect("speed = 1\n" + good, "tests.toml:1: speed");
  expect("seeds = []\n" + good, "seeds");
  expect("seeds = [-1]\n" + good, "seeds");
  expect("tokens = 0\n" + good, "tokens");
  expect("temperature = -1\n" + good, "temperature");
  expect("[[cases]]\nname = \"x\"\n[cases.expect]\ncontains = \"x\"\n", "prompt");
  expect("[[cases]]\nprompt = \"x\"\n[cases.expect]\ncontains = \"x\"\n", "name");
  expect(kCase + "messages = []\n[cases.expect]\ncontains = \"x\"\n", "messages");
  expect(kCase + "[cases.expect]\ncontains = \"\"\n", "contains");
  expect(kCase + "[cases.expect]\ncontains = []\n", "contains");
  expect(kCase + "[cases.expect]\ncontains = \"{\"\n", "contains");
  expect(kCase + "[cases.expect]\nregex = \"(\"\n", "regex");
  expect(kCase + "[cases.expect]\nmax_latency_ms = 0\n", "max_latency_ms");
  expect(kCase + "[cases.expect]\njson_schema = { anyOf = [] }\n", "anyOf",
         ErrorCode::kUnsupported);
  expect(kCase + "[cases.expect]\nsimilarity = { to = \"x\" }\n", "min");
  expect(kCase + "[cases.expect]\nsimilarity = { to = \"x\", min = 2 }\n", "min");
  expect(kCase + "[cases.expect]\nsimilarity = { to = \"x\", min = 1, measure = \"cosine\" }\n",
         "rougeL");
  expect(kCase + "[cases.expect]\nlabel = { labels = [\"a\"], is = \"a\" }\n", "two at least");
  expect(kCase + "[cases.expect]\nlabel = { labels = [\"a\", \"a\"], is = \"a\" }\n", "twice");
  const std::string talk = "[[cases]]\nname = \"x\"\n[cases.expect]\ncontains = \"x\"\n";
  expect(talk + "[[cases.messages]]\nrole = \"robot\"\ncontent = \"x\"\n", "robot");
  expect(talk + "[[cases.messages]]\nrole = \"assistant\"\ncontent = \"x\"\n", "messages");
  expect(talk + "[[cases.messages]]\nrole = \"user\"\n", "content");
  expect("[[cases]\n", "tests.toml:", ErrorCode::kCorrupt);
  expect("name = \"\xff\"\n", "UTF-8", ErrorCode::kCorrupt);
}

struct Ran {
  std::vector<TestOutcome> outcomes;
  Baselines baselines;
};

Ran run(const std::string& text, const std::filesystem::path& path = "tests.toml",
        Baselines baselines = {}, BaselineUse use = BaselineUse::kCompare) {
  const auto engine = load_test_model({.context = 256});
  const auto tests = parse_output_tests(text, path);
  EXPECT_TRUE(tests.ok()) << tests.error().message();
  const auto planned = plan_tests(*tests, "").value();
  auto outcomes =
      run_tests(*engine, planned, baselines, use, [](const TestOutcome&) { return true; });
  EXPECT_TRUE(outcomes.ok());
  return {std::move(outcomes).value(), std::move(baselines)};
}

// What the test model says to "hi".
std::string said() {
  return run("tokens = 6\n" + kCase + "[cases.expect]\nregex = \"(.|\\n)*\"\n").outcomes[0].answer;
}

std::string quoted(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', true, nlohmann::json::error_handler_t::replace);
}

// One line of expectations, and the failures that come of it.
std::vector<std::string> failures_of(const std::string& expectation) {
  return run("tokens = 6\n" + kCase + "[cases.expect]\n" + expectation + "\n").outcomes[0].failures;
}

TEST(RunOutputTests, EachExpectationHoldsAndFails) {
  EXPECT_TRUE(failures_of("not_contains = [\"never said\", \"nor this\"]").empty());
  EXPECT_TRUE(failures_of("max_latency_ms = 1e6").empty());
  EXPECT_TRUE(failures_of("similarity = { to = \"x\", min = 0 }").empty());
  const std::vector<std::pair<std::string, std::string>> failing = {
      {"equals = \"never said\"", "equals"},
      {"contains = \"never said\"", "contains"},
      {"regex = \"^never said$\"", "regex"},
      {"not_regex = \"(.|\\n)*\"", "not_regex"},
      {"json_schema = { type = \"object\" }", "json_schema"},
      {"similarity = { to = \"never said\", min = 1 }", "similarity"},
      {"max_latency_ms = 0.001", "max_latency_ms"},
      {"baseline = true", "baseline"},
  };
  for (const auto& [expectation, name] : failing) {
    const auto failures = failures_of(expectation);
    ASSERT_EQ(failures.size(), 1u) << expectation;
    EXPECT_TRUE(failures[0].starts_with(name + ": ")) << failures[0];
  }
}

TEST(RunOutputTests, LabelsAreScored) {
  const std::string labels = "label = { labels = [\"a\", \"b\"], is = ";
  const bool a = failures_of(labels + "\"a\" }").empty();
  const bool b = failures_of(labels + "\"b\" }").empty();
  EXPECT_NE(a, b);
  const std::string right = a ? "\"a\"" : "\"b\"";
  EXPECT_TRUE(failures_of(labels + right + ", min_probability = 0.5 }").empty());
  EXPECT_EQ(failures_of(labels + right + ", min_probability = 1.0 }").size(), 1u);
  EXPECT_EQ(failures_of(labels + "\"c\" }").size(), 1u);
}

TEST(RunOutputTests, CanariesAreFoundInWhatWasSaid) {
  const std::string text = said();
  ASSERT_FALSE(text.empty());
  for (const char c : text) {
    if (c < 'a' || c > 'z') continue;
    EXPECT_EQ(failures_of("not_contains = " + quoted(std::string(1, c))).size(), 1u);
    EXPECT_TRUE(failures_of("contains = " + quoted(std::string(1, c))).empty());
  }
}

TEST(OutputTests, SchemasMayBeFiles) {
  const TestFolder folder;
  std::ofstream(folder.path() / "s.json") << "{\"type\": \"string\"}";
  std::ofstream(folder.path() / "bad.json") << "{";
  const auto parse = [&](const std::string& value) {
    return parse_output_tests(kCase + "[cases.expect]\njson_schema = " + value + "\n",
                              folder.path() / "t.toml");
  };
  const auto tests = parse("\"s.json\"");
  ASSERT_TRUE(tests.ok()) << tests.error().message();
  EXPECT_FALSE(tests->cases[0].expect.schema->mismatch_of_text("\"x\"").has_value());
  EXPECT_EQ(parse("\"bad.json\"").error().code(), ErrorCode::kCorrupt);
  EXPECT_EQ(parse("\"none.json\"").error().code(), ErrorCode::kNotFound);
  EXPECT_EQ(parse("3").error().code(), ErrorCode::kUsage);
}

TEST(RunOutputTests, DataFillsPromptsAndExpectations) {
  const TestFolder folder;
  std::ofstream(folder.path() / "d.jsonl") << "{\"q\": \"hi\", \"w\": \"a\"}\n{\"q\": \"hi\"}\n";
  const std::string text =
      "tokens = 4\n[[cases]]\nname = \"d\"\nprompt = \"{q}\"\ndata = \"d.jsonl\"\n"
      "[cases.expect]\nlabel = { labels = [\"a\", \"b\"], is = \"{w}\" }\n";
  const Ran ran = run(text, folder.path() / "t.toml");
  ASSERT_EQ(ran.outcomes.size(), 2u);
  EXPECT_EQ(ran.outcomes[0].name, "d/line 1");
  // The second line lacks a field: it has failed, and says so.
  ASSERT_EQ(ran.outcomes[1].failures.size(), 1u);
  EXPECT_NE(ran.outcomes[1].failures[0].find("d.jsonl:2"), std::string::npos);
}

TEST(RunOutputTests, BaselinesAreRecordedAndCompared) {
  const std::string text = "tokens = 6\n" + kCase + "[cases.expect]\nbaseline = true\n";
  Ran recorded = run(text, "t.toml", {{"other", "kept"}}, BaselineUse::kUpdate);
  EXPECT_TRUE(recorded.outcomes[0].failures.empty());
  EXPECT_EQ(recorded.baselines.size(), 2u);
  const std::string file = baselines_text({{"one", "a\n\"b\""}});
  EXPECT_EQ(parse_baselines(file, "f").value(), (Baselines{{"one", "a\n\"b\""}}));
  EXPECT_TRUE(run(text, "t.toml", recorded.baselines).outcomes[0].failures.empty());
  recorded.baselines["one"] = "something else";
  EXPECT_EQ(run(text, "t.toml", recorded.baselines).outcomes[0].failures.size(), 1u);
  for (const std::string_view bad : {"", "[]", "{\"a\": 1}", "{"}) {
    EXPECT_EQ(parse_baselines(bad, "f").error().code(), ErrorCode::kCorrupt) << bad;
  }
}

TEST(RunOutputTests, ATestThatCannotRunHasFailedAndTheOthersGoOn) {
  const std::string text = "tokens = 2\n[[cases]]\nname = \"long\"\nprompt = \"" +
                           std::string(600, 'x') + "\"\nexpect = { contains = \"x\" }\n" + kCase +
                           "expect = { not_contains = \"never said\" }\n";
  const Ran ran = run(text);
  EXPECT_EQ(ran.outcomes[0].failures.size(), 1u);
  EXPECT_TRUE(ran.outcomes[1].failures.empty());
}

TEST(TestReport, JUnitIsWellFormedWhateverWasSaid) {
  const std::vector<TestOutcome> outcomes = {
      {"good", {}, "", 1500.0},
      {"b\"a<d>&", {"first\n'x'", "second\x1b\xff"}, "said ]]> \x01", 2.0}};
  EXPECT_EQ(
      junit_report("s&", outcomes),
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      "<testsuites name=\"s&#38;\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" "
      "time=\"1.502\">\n"
      "  <testsuite name=\"s&#38;\" tests=\"2\" failures=\"1\" errors=\"0\" skipped=\"0\" "
      "time=\"1.502\">\n"
      "    <testcase classname=\"s&#38;\" name=\"good\" time=\"1.500\"/>\n"
      "    <testcase classname=\"s&#38;\" name=\"b&#34;a&#60;d&#62;&#38;\" time=\"0.002\">\n"
      "      <failure message=\"first&#10;'x'\">first&#10;'x'&#10;second\xef\xbf\xbd\xef\xbf\xbd"
      "</failure>\n"
      "      <system-out>said ]]&#62; \xef\xbf\xbd</system-out>\n"
      "    </testcase>\n  </testsuite>\n</testsuites>\n");
}

TEST(TestReport, TapNumbersAndEscapes) {
  const std::vector<TestOutcome> outcomes = {{"a # b", {}, "", 1.0},
                                             {"c", {"why: \"x\""}, "a\nb", 0.5}};
  EXPECT_EQ(tap_report(outcomes),
            "TAP version 14\n1..2\nok 1 - a \\# b\nnot ok 2 - c\n  ---\n"
            "  message: \"why: \\\"x\\\"\"\n  answer: \"a\\nb\"\n  duration_ms: 0.5\n  ...\n");
}

}  // namespace
}  // namespace hearth

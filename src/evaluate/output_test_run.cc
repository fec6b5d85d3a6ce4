// SPDX-License-Identifier: Apache-2.0
#include "evaluate/output_test_run.h"

#include <algorithm>
#include <cstdio>

#include "base/strings.h"
#include "evaluate/answer_match.h"
#include "evaluate/edit_distance.h"
#include "evaluate/rouge.h"
#include "evaluate/task_run.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

std::string shown(std::string_view text) { return concat("\"", printable(text, 200), "\""); }

std::string rounded(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", value);
  return text;
}

double similarity(Similarity measure, std::string_view answer, std::string_view expected) {
  if (measure == Similarity::kEdit) return edit_similarity(answer, expected);
  if (measure == Similarity::kF1) return word_f1(answer, expected);
  return rouge_l(answer, expected).f;
}

// Holds an answer against what a case expects, and collects what does not hold.
class Judge {
 public:
  Judge(const PlannedTest& test, std::vector<std::string>& failures)
      : expect_(test.one->expect), example_(test.example), failures_(failures) {}

  Result<void> judge(std::string_view answer, double ms) {
    const std::string_view bare = trimmed(answer);
    HEARTH_TRY(judge_equals(bare));
    HEARTH_TRY(judge_parts(answer));
    for (const Pattern& pattern : expect_.matches) {
      if (!pattern.is_in(answer)) fail(concat("regex: does not fit ", shown(answer)));
    }
    for (const Pattern& pattern : expect_.not_matches) {
      if (pattern.is_in(answer)) fail(concat("not_regex: fits ", shown(answer)));
    }
    if (expect_.schema) {
      if (const auto why = expect_.schema->mismatch_of_text(answer)) {
        fail(concat("json_schema: ", *why, ": ", shown(answer)));
      }
    }
    if (expect_.like) HEARTH_TRY(judge_similarity(bare));
    if (expect_.latency_ms_max && ms > *expect_.latency_ms_max) {
      fail(concat("max_latency_ms: took ", rounded(ms), " ms, more than ",
                  rounded(*expect_.latency_ms_max)));
    }
    return {};
  }

  void fail(std::string why) { failures_.push_back(std::move(why)); }

 private:
  Result<void> judge_equals(std::string_view answer) {
    if (expect_.equals.empty()) return {};
    std::string last;
    for (const PromptTemplate& expected : expect_.equals) {
      HEARTH_ASSIGN(last, expected.render(example_));
      if (trimmed(last) == answer) return {};
    }
    fail(concat("equals: expected ", shown(last), ", got ", shown(answer)));
    return {};
  }

  Result<void> judge_parts(std::string_view answer) {
    for (const PromptTemplate& part : expect_.contains) {
      HEARTH_ASSIGN(const std::string text, part.render(example_));
      if (answer.find(text) == answer.npos) {
        fail(concat("contains: ", shown(text), " is not in ", shown(answer)));
      }
    }
    for (const PromptTemplate& part : expect_.not_contains) {
      HEARTH_ASSIGN(const std::string text, part.render(example_));
      if (answer.find(text) != answer.npos) {
        fail(concat("not_contains: ", shown(text), " is in ", shown(answer)));
      }
    }
    return {};
  }

  Result<void> judge_similarity(std::string_view answer) {
    HEARTH_ASSIGN(const std::string expected, expect_.like->to.render(example_));
    const double value = similarity(expect_.like->measure, answer, trimmed(expected));
    if (value < expect_.like->min) {
      fail(concat("similarity: ", rounded(value), " is below ", rounded(expect_.like->min), ": ",
                  shown(answer)));
    }
    return {};
  }

  const Expectation& expect_;
  const Example& example_;
  std::vector<std::string>& failures_;
};

Error stopped() { return Error(ErrorCode::kCancelled, "tests: were stopped; run again"); }

class TestRunner {
 public:
  TestRunner(Engine& engine, Session session, Baselines& baselines, BaselineUse use,
             const std::atomic<bool>* cancelled)
      : engine_(engine),
        session_(std::move(session)),
        baselines_(baselines),
        use_(use),
        cancelled_(cancelled) {}

  // Errors: those of the test as well as those of the machine.
  Result<void> run(const PlannedTest& test, TestOutcome& outcome) {
    HEARTH_ASSIGN(const std::vector<TokenId> tokens, encode(test));
    if (test.one->expect.label) HEARTH_TRY(judge_label(test, tokens, outcome));
    if (!test.one->expect.needs_answer()) return {};
    GenerateOptions options;
    options.sampling.temperature = test.one->temperature;
    options.sampling.seed = test.seed;
    options.tokens_max = test.one->tokens_max;
    options.stop = test.one->stop;
    options.interruption.cancelled = cancelled_;
    const Stopwatch since;
    HEARTH_ASSIGN(const Answer answer, session_.generate(tokens, options, [](std::string_view) {}));
    const double ms = since.elapsed_ms();
    if (answer.finish_reason == FinishReason::kCancelled) return stopped();
    outcome.answer = answer.text;
    HEARTH_TRY(Judge(test, outcome.failures).judge(answer.text, ms));
    if (test.one->expect.baseline) judge_baseline(test, outcome);
    return {};
  }

 private:
  Result<std::vector<TokenId>> encode(const PlannedTest& test) {
    const OutputCase& one = *test.one;
    if (one.prompt) {
      HEARTH_ASSIGN(const std::string prompt, one.prompt->render(test.example));
      return encode_prompt(engine_, one.format, one.system, prompt);
    }
    std::vector<ChatMessage> messages = one.messages;
    if (!one.system.empty() && messages.front().role != "system") {
      messages.insert(messages.begin(), {"system", one.system});
    }
    return engine_.encode_chat(messages);
  }

  Result<void> judge_label(const PlannedTest& test, std::span<const TokenId> tokens,
                           TestOutcome& outcome) {
    const Expectation::Label& label = *test.one->expect.label;
    HEARTH_ASSIGN(const std::string wanted, label.is.render(test.example));
    const auto right = std::find(label.labels.begin(), label.labels.end(), wanted);
    if (right == label.labels.end()) {
      return Error(ErrorCode::kUsage,
                   concat("label: ", shown(wanted), " is none of the labels; add it"));
    }
    HEARTH_ASSIGN(const auto candidates, encode_candidates(engine_.tokenizer(), label.labels));
    HEARTH_ASSIGN(const CandidateScores scores,
                  session_.score(tokens, candidates, {.cancelled = cancelled_}));
    const auto shares = normalised_probabilities(scores, LengthNorm::kNone);
    const auto best = std::max_element(shares.begin(), shares.end()) - shares.begin();
    const double share = shares[static_cast<std::size_t>(right - label.labels.begin())];
    if (best != right - label.labels.begin()) {
      outcome.failures.push_back(concat("label: expected ", shown(wanted), " (", rounded(share),
                                        "), the likeliest is ",
                                        shown(label.labels[static_cast<std::size_t>(best)]), " (",
                                        rounded(shares[static_cast<std::size_t>(best)]), ")"));
    } else if (share < label.probability_min) {
      outcome.failures.push_back(concat("label: ", shown(wanted), " has ", rounded(share),
                                        ", below ", rounded(label.probability_min)));
    }
    return {};
  }

  void judge_baseline(const PlannedTest& test, TestOutcome& outcome) {
    if (use_ == BaselineUse::kUpdate) {
      baselines_[test.name] = outcome.answer;
      return;
    }
    const auto recorded = baselines_.find(test.name);
    if (recorded == baselines_.end()) {
      outcome.failures.push_back("baseline: none is recorded; run once with --update");
    } else if (recorded->second != outcome.answer) {
      outcome.failures.push_back(
          concat("baseline: was ", shown(recorded->second), ", now ", shown(outcome.answer)));
    }
  }

  Engine& engine_;
  Session session_;
  Baselines& baselines_;
  BaselineUse use_;
  const std::atomic<bool>* cancelled_;
};

// What says nothing about the test but about the machine.
bool is_fatal(ErrorCode code) {
  return code == ErrorCode::kCancelled || code == ErrorCode::kUnavailable ||
         code == ErrorCode::kInternal;
}

}  // namespace

Result<std::vector<PlannedTest>> plan_tests(const OutputTests& tests, std::string_view filter) {
  std::vector<PlannedTest> planned;
  for (const OutputCase& one : tests.cases) {
    std::vector<Example> examples(1);
    examples.front().place = "case " + one.name;
    if (one.data) {
      HEARTH_ASSIGN(examples, read_examples(*one.data));
    }
    for (const Example& example : examples) {
      for (const uint64_t seed : one.seeds) {
        std::string name = one.name;
        if (one.data) name += "/line " + example.place.substr(example.place.rfind(':') + 1);
        if (one.seeds.size() > 1) name += concat("/seed ", seed);
        if (name.find(filter) != name.npos) planned.push_back({&one, example, seed, name});
      }
    }
  }
  return planned;
}

Result<Baselines> parse_baselines(std::string_view text, std::string_view name) {
  const Json document = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  Baselines baselines;
  if (document.is_object()) {
    for (const auto& [key, answer] : document.items()) {
      if (answer.is_string()) baselines[key] = answer.get<std::string>();
    }
    if (baselines.size() == document.size()) return baselines;
  }
  return Error(ErrorCode::kCorrupt, concat(name,
                                           ": is no JSON object of recorded answers; remove "
                                           "it and run with --update"));
}

std::string baselines_text(const Baselines& baselines) {
  Json document = Json::object();
  for (const auto& [name, answer] : baselines) document[name] = answer;
  return document.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<std::vector<TestOutcome>> run_tests(Engine& engine, std::span<const PlannedTest> tests,
                                           Baselines& baselines, BaselineUse use,
                                           FunctionRef<bool(const TestOutcome&)> progress,
                                           const std::atomic<bool>* cancelled) {
  HEARTH_ASSIGN(Session session, engine.create_session(0));
  TestRunner runner(engine, std::move(session), baselines, use, cancelled);
  std::vector<TestOutcome> outcomes;
  for (const PlannedTest& test : tests) {
    TestOutcome& outcome = outcomes.emplace_back();
    outcome.name = test.name;
    const Stopwatch since;
    const auto done = runner.run(test, outcome);
    outcome.ms = since.elapsed_ms();
    if (!done.ok()) {
      if (is_fatal(done.error().code())) return done.error();
      outcome.failures.push_back(done.error().message());
    }
    if (!progress(outcome)) return stopped();
  }
  return outcomes;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// Output tests given to a model, one after another in one session: a forward pass keeps all threads
// of the engine busy, so tests side by side would not end sooner, and what tests have in common
// (the system message) is evaluated once.
//
// Threading: as the engine.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/function_ref.h"
#include "base/result.h"
#include "engine/engine.h"
#include "evaluate/output_tests.h"

namespace hearth {

// A case with one of its examples and one of its seeds.
struct PlannedTest {
  const OutputCase* one;
  Example example;  // without fields where the case has no data
  uint64_t seed;
  std::string name;  // "case", "case/line 3", "case/seed 2": unique in its file
};

// All tests of a file, whose cases are borrowed, in order; those whose names contain `filter`.
// Errors: those of read_examples() for data files.
Result<std::vector<PlannedTest>> plan_tests(const OutputTests& tests, std::string_view filter);

struct TestOutcome {
  std::string name;
  std::vector<std::string> failures;  // empty: passed
  std::string answer;                 // where one was generated
  double ms = 0.0;
};

// Recorded answers by test name.
using Baselines = std::map<std::string, std::string>;

// A text of JSON with the answers by name. Errors: kCorrupt.
Result<Baselines> parse_baselines(std::string_view text, std::string_view name);
std::string baselines_text(const Baselines& baselines);

// Runs the tests. A test that cannot be run (a prompt beyond the context, a field that its data
// lacks) has failed, and the others go on. `baselines` are compared with, or with `update` filled.
// `progress` is called after each test and returns false to stop; `cancelled`, where given, ends
// the answer that is being generated. Errors: kCancelled, kCorrupt (the model computes NaN),
// kUnavailable (memory).
enum class BaselineUse { kCompare, kUpdate };
Result<std::vector<TestOutcome>> run_tests(Engine& engine, std::span<const PlannedTest> tests,
                                           Baselines& baselines, BaselineUse use,
                                           FunctionRef<bool(const TestOutcome&)> progress,
                                           const std::atomic<bool>* cancelled = nullptr);

}  // namespace hearth

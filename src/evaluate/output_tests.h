// SPDX-License-Identifier: Apache-2.0
// Output tests: prompts with what must hold for a model's answers. The file format is
// docs/guide/output-tests.md.
//
// Threading: values.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "evaluate/examples.h"
#include "evaluate/json_schema.h"
#include "evaluate/pattern.h"
#include "evaluate/task_file.h"
#include "template/chat_template.h"

namespace hearth {

enum class Similarity { kEdit, kRougeL, kF1 };

// What must hold for an answer. Texts may have places for fields where the case has data.
struct Expectation {
  std::vector<PromptTemplate> equals;        // one of them, white space at the ends aside
  std::vector<PromptTemplate> contains;      // all of them
  std::vector<PromptTemplate> not_contains;  // none of them: canaries
  std::vector<Pattern> matches;              // all of them fit somewhere
  std::vector<Pattern> not_matches;          // none of them fits anywhere
  std::optional<JsonSchema> schema;

  struct Label {
    std::vector<std::string> labels;
    PromptTemplate is;
    double probability_min = 0.0;
  };
  std::optional<Label> label;  // the likeliest answer among labels; scored, not generated

  struct Like {
    PromptTemplate to;
    Similarity measure = Similarity::kRougeL;
    double min = 0.0;
  };
  std::optional<Like> like;
  std::optional<double> latency_ms_max;  // of the answer, model loaded
  bool baseline = false;                 // the same as recorded by --update

  // Whether anything here needs an answer to be generated.
  bool needs_answer() const;
};

struct OutputCase {
  std::string name;
  // Either a prompt with the file's or the case's system message, or a whole conversation.
  std::optional<PromptTemplate> prompt;
  std::vector<ChatMessage> messages;
  std::string system;
  PromptFormat format = PromptFormat::kChat;
  std::optional<std::filesystem::path> data;  // JSON Lines: one test an example
  int32_t tokens_max = 128;
  double temperature = 0.0;
  std::vector<uint64_t> seeds;  // one test a seed
  std::vector<std::string> stop;
  Expectation expect;
};

struct OutputTests {
  std::string name;
  std::filesystem::path path;
  std::vector<OutputCase> cases;
};

// Errors: kCorrupt (not TOML, not UTF-8), kUsage (unknown or absent keys, values out of range, two
// cases of one name, a case that expects nothing: with file and line), kUnsupported (schema).
Result<OutputTests> parse_output_tests(std::string_view text, const std::filesystem::path& path);

}  // namespace hearth

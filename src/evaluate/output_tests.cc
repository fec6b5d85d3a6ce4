// SPDX-License-Identifier: Apache-2.0
#include "evaluate/output_tests.h"

#include <array>
#include <limits>
#include <set>

#include "base/strings.h"
#include "base/utf8.h"
#include "evaluate/toml_schema.h"
#include "toml/toml_reader.h"

namespace hearth {
namespace {

constexpr int64_t kSeedMax = std::numeric_limits<int64_t>::max();
constexpr std::array<std::string_view, 2> kFormats = {"raw", "chat"};
constexpr std::array<std::string_view, 3> kSimilarities = {"edit", "rougeL", "f1"};
constexpr std::array<std::string_view, 3> kRoles = {"system", "user", "assistant"};

std::vector<PromptTemplate> read_templates(TomlReader& reader, std::string_view key) {
  std::vector<PromptTemplate> templates;
  if (!reader.has(key)) return templates;
  for (const std::string& text : reader.texts(key)) {
    if (text.empty()) reader.fail(key, "is empty, which any answer has; give some text");
    auto parsed = PromptTemplate::parse(text);
    if (!parsed.ok()) {
      reader.fail(key, parsed.error().message());
      return {};
    }
    templates.push_back(std::move(parsed).value());
  }
  return templates;
}

std::vector<Pattern> read_patterns(TomlReader& reader, std::string_view key) {
  std::vector<Pattern> patterns;
  if (!reader.has(key)) return patterns;
  for (const std::string& text : reader.texts(key)) {
    auto pattern = Pattern::compile(text);
    if (!pattern.ok()) {
      reader.fail(key, pattern.error().message());
      return {};
    }
    patterns.push_back(std::move(pattern).value());
  }
  return patterns;
}

// A template of exactly one text. Where it fails the reader knows, and the value is never used.
PromptTemplate read_template(TomlReader& reader, std::string_view key) {
  auto parsed = PromptTemplate::parse(reader.text(key));
  if (parsed.ok()) return std::move(parsed).value();
  reader.fail(key, parsed.error().message());
  return {};
}

// What belongs to all cases of a file, and to each.
struct Defaults {
  std::string system;
  PromptFormat format = PromptFormat::kChat;
  int32_t tokens_max = 128;
  double temperature = 0.0;
  std::vector<uint64_t> seeds = {0};
  std::vector<std::string> stop;
};

Defaults read_defaults(TomlReader& reader, Defaults defaults) {
  if (const auto format = reader.choice_if("format", kFormats)) {
    defaults.format = *format == 0 ? PromptFormat::kRaw : PromptFormat::kChat;
  }
  if (auto system = reader.text_if("system")) defaults.system = std::move(*system);
  if (const auto tokens = reader.integer_if("tokens", 1, 1 << 20)) {
    defaults.tokens_max = static_cast<int32_t>(*tokens);
  }
  defaults.temperature = reader.number_if("temperature", 0.0, 100.0).value_or(defaults.temperature);
  if (reader.has("seeds")) {
    const auto seeds = reader.integers_if("seeds", 0, kSeedMax);
    defaults.seeds.assign(seeds.begin(), seeds.end());
  }
  if (reader.has("stop")) defaults.stop = reader.texts_if("stop");
  return defaults;
}

Result<void> read_label(TomlReader reader, Expectation& expect) {
  Expectation::Label label{reader.texts("labels"), read_template(reader, "is"),
                           reader.number_if("min_probability", 0.0, 1.0).value_or(0.0)};
  std::set<std::string_view> seen;
  for (const std::string& text : label.labels) {
    if (text.empty()) reader.fail("labels", "one is empty; give it a text");
    if (!seen.insert(text).second) {
      reader.fail("labels", concat("\"", printable(text), "\" is there twice; leave one out"));
    }
  }
  if (label.labels.size() == 1) reader.fail("labels", "there is one only; give two at least");
  expect.label = std::move(label);
  return reader.finish();
}

Result<void> read_like(TomlReader reader, Expectation& expect) {
  Expectation::Like like{.to = read_template(reader, "to")};
  if (const auto measure = reader.choice_if("measure", kSimilarities)) {
    like.measure = static_cast<Similarity>(*measure);
  }
  const auto min = reader.number_if("min", 0.0, 1.0);
  if (!min) reader.fail("min", "is missing; give the least similarity, from 0 to 1");
  like.min = min.value_or(0.0);
  expect.like = std::move(like);
  return reader.finish();
}

bool expects_something(const Expectation& expect) {
  return expect.needs_answer() || expect.label.has_value();
}

Result<void> read_expectation(TomlReader reader, const std::filesystem::path& folder,
                              Expectation& expect) {
  expect.equals = read_templates(reader, "equals");
  expect.contains = read_templates(reader, "contains");
  expect.not_contains = read_templates(reader, "not_contains");
  expect.matches = read_patterns(reader, "regex");
  expect.not_matches = read_patterns(reader, "not_regex");
  HEARTH_ASSIGN(expect.schema, read_schema(reader, "json_schema", folder));
  if (auto label = reader.table_if("label")) HEARTH_TRY(read_label(std::move(*label), expect));
  if (auto like = reader.table_if("similarity")) HEARTH_TRY(read_like(std::move(*like), expect));
  expect.latency_ms_max =
      reader.number_if("max_latency_ms", 0.001, std::numeric_limits<double>::max());
  expect.baseline = reader.flag_if("baseline").value_or(false);
  HEARTH_TRY(reader.finish());
  return {};
}

std::vector<ChatMessage> read_messages(TomlReader& reader) {
  std::vector<ChatMessage> messages;
  for (TomlReader& table : reader.tables_if("messages")) {
    const auto role = table.choice_if("role", kRoles);
    if (!role) table.fail("role", "is missing; write system, user or assistant");
    std::string content = table.text("content");
    messages.push_back({std::string(kRoles[role.value_or(1)]), std::move(content)});
    if (!table.finish().ok()) return {};  // the reader of the case tells
  }
  if (!messages.empty() && messages.back().role != "user") {
    reader.fail("messages", "end with another than the user's; there is nothing to answer");
  }
  return messages;
}

Result<OutputCase> read_case(TomlReader reader, const std::filesystem::path& folder,
                             const Defaults& file_defaults) {
  OutputCase one;
  one.name = reader.text("name");
  const Defaults defaults = read_defaults(reader, file_defaults);
  one.system = defaults.system;
  one.format = defaults.format;
  one.tokens_max = defaults.tokens_max;
  one.temperature = defaults.temperature;
  one.seeds = defaults.seeds;
  one.stop = defaults.stop;
  if (reader.has("messages") == reader.has("prompt")) {
    reader.fail(reader.has("messages") ? "messages" : "name",
                "the case has no prompt or both prompt and messages; give one of them");
  }
  if (reader.has("prompt")) one.prompt = read_template(reader, "prompt");
  one.messages = read_messages(reader);
  if (!one.messages.empty() && one.format == PromptFormat::kRaw) {
    reader.fail("messages", "have no place in a raw prompt; set format = \"chat\"");
  }
  if (const auto data = reader.text_if("data")) one.data = folder / *data;
  if (one.data && !one.messages.empty()) {
    reader.fail("data", "goes with a prompt that has places for its fields; give one");
  }
  auto expect = reader.table_if("expect");
  if (!expect) reader.fail("expect", "is missing; say what must hold");
  if (expect) HEARTH_TRY(read_expectation(std::move(*expect), folder, one.expect));
  if (expect && !expects_something(one.expect)) {
    reader.fail("expect", "expects nothing; say what must hold");
  }
  HEARTH_TRY(reader.finish());
  return one;
}

}  // namespace

bool Expectation::needs_answer() const {
  return !equals.empty() || !contains.empty() || !not_contains.empty() || !matches.empty() ||
         !not_matches.empty() || schema || like || latency_ms_max || baseline;
}

Result<OutputTests> parse_output_tests(std::string_view text, const std::filesystem::path& path) {
  const std::string name = printable(path.string(), 300);
  if (const auto at = find_invalid_utf8(text)) {
    return Error(ErrorCode::kCorrupt,
                 concat(name, ": byte ", *at, " is not UTF-8; convert the file"));
  }
  HEARTH_ASSIGN(TomlReader reader, TomlReader::parse(text, name));
  OutputTests tests;
  tests.path = path;
  tests.name = reader.text_if("name").value_or(path.stem().string());
  const Defaults defaults = read_defaults(reader, {});
  std::set<std::string> names;
  for (TomlReader& table : reader.tables_if("cases")) {
    HEARTH_ASSIGN(OutputCase one, read_case(table, path.parent_path(), defaults));
    if (!names.insert(one.name).second) {
      table.fail("name", concat("\"", printable(one.name), "\" is there twice; rename one"));
    }
    tests.cases.push_back(std::move(one));
  }
  if (tests.cases.empty()) reader.fail("", "there are no cases; begin each with [[cases]]");
  HEARTH_TRY(reader.finish());
  return tests;
}

}  // namespace hearth

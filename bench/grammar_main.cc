// SPDX-License-Identifier: Apache-2.0
// What holding answers against JSON Schemas costs, and what comes of it:
//
//   grammar_bench MODEL SCHEMAS COUNT TOKENS
//
// Of the first COUNT lines of SCHEMAS, each {"schema": ...}, an answer of up to TOKENS tokens, as
// one line of JSON on stdout:
// {"schema", "text", "complete", "us": [microseconds that the schema cost, of each token]}. What a
// token costs is what drawing it takes, less what drawing one from the same logits takes without a
// schema.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/clock.h"
#include "engine/engine.h"
#include "grammar/schema_grammar.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

template <typename T>
T checked(Result<T> result) {
  if (result.ok()) return std::move(result).value();
  std::fprintf(stderr, "grammar_bench: %s\n", result.error().message().c_str());
  std::exit(1);
}

double us_since(Clock::time_point start) {
  return std::chrono::duration<double, std::micro>(Clock::now() - start).count();
}

std::vector<TokenId> prompt_for(const Engine& engine, const Json& schema) {
  const std::string task =
      "Write one example of JSON data that is valid by this JSON Schema. Answer with the JSON "
      "only.\n" +
      schema.dump();
  if (!engine.has_chat_template()) return engine.encode_raw(task + "\n");
  const std::vector<ChatMessage> messages = {{.role = "user", .content = task}};
  return checked(engine.encode_chat(messages));
}

Json answer(Engine& engine, const Json& schema, int32_t tokens_max) {
  const Automaton automaton = checked(compile_json_schema(schema));
  const std::vector<TokenId> prompt = prompt_for(engine, schema);
  Session session =
      checked(engine.create_session(static_cast<int32_t>(prompt.size()) + tokens_max + 1));
  SamplingOptions options;
  options.seed = 1;
  Sampler plain(options);
  Sampler held(options);
  TokenConstraint constraint(automaton, engine.constrained_vocabulary(), prompt.back(),
                             static_cast<std::size_t>(tokens_max));
  Json out = {{"schema", schema}, {"text", ""}, {"complete", false}, {"us", Json::array()}};
  std::string text;
  std::span<float> logits = checked(session.feed(prompt));
  for (int32_t i = 0; i < tokens_max; ++i) {
    logits = logits.first(static_cast<std::size_t>(engine.tokenizer().vocab_size()));
    const uint64_t position = session.tokens().size();
    const auto start = Clock::now();
    checked(plain.sample(logits, session.tokens(), position));
    const double plain_us = us_since(start);
    const auto held_start = Clock::now();
    const TokenId id = checked(held.sample(logits, session.tokens(), position, {}, &constraint)).id;
    const bool is_end = engine.tokenizer().is_end(id);
    const TokenId previous = session.tokens().back();
    if (!is_end) constraint.accept(id);
    out["us"].push_back(std::max(0.0, us_since(held_start) - plain_us));
    if (!is_end) text += engine.tokenizer().bytes_after(previous, id, SpecialTokens::kAsText);
    out["complete"] = is_end || constraint.must_end();
    if (out["complete"]) break;
    logits = checked(session.feed(std::span(&id, 1)));
  }
  out["text"] = text;
  return out;
}

}  // namespace
}  // namespace hearth

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fputs("usage: grammar_bench MODEL SCHEMAS COUNT TOKENS\n", stderr);
    return 2;
  }
  const auto engine = hearth::checked(hearth::Engine::load(argv[1], {}));
  std::ifstream schemas(argv[2]);
  std::string line;
  for (int left = std::atoi(argv[3]); left > 0 && std::getline(schemas, line); --left) {
    const auto schema = hearth::Json::parse(line)["schema"];
    std::cout << hearth::answer(*engine, schema, std::atoi(argv[4]))
                     .dump(-1, ' ', false, hearth::Json::error_handler_t::replace)
              << std::endl;
  }
}

// SPDX-License-Identifier: Apache-2.0
// fixed_steps STEP: one of a few fixed pieces of work, done by a tiny model on one thread. What it
// costs is the instructions inside counted_step(), which tools/instruction_counts has counted.
// `fixed_steps build` says what built it.
#include <cstdio>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "engine/answer_text.h"
#include "engine/test_model.h"

using namespace hearth;  // NOLINT: a program of its own

// All that is counted. Not inlined, so that callgrind sees it begin and end.
[[gnu::noinline]] void counted_step(FunctionRef<void()> step) { step(); }

namespace {

constexpr std::size_t kTokens = 64;  // of a prompt or an answer

// Some words, of which the model's tokenizer merges a few.
std::string fixed_text(std::size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += "They tell the others hello; 42 of them shall yell. ";
  text.resize(bytes);
  return text;
}

// The first time is the warm-up, after which all memory is there.
void count(FunctionRef<void()> step) {
  step();
  counted_step(step);
}

void tokenize(Engine& engine) {
  const std::string text = fixed_text(1000);
  count([&] { engine.tokenizer().encode(text, SpecialTokens::kAsText); });
}

void detokenize(Engine& engine) {
  const std::vector<TokenId> tokens = byte_tokens(fixed_text(kTokens));
  const std::vector<std::string> stops = {"never said", "nor this"};
  count([&] {
    AnswerText text(engine.tokenizer(), tokens.front(), stops, [](std::string_view) {});
    for (const TokenId token : tokens) HEARTH_CHECK(!text.push(token));
  });
}

void prefill(Engine& engine) {
  Session session = engine.create_session(0).value();
  const std::vector<TokenId> prompt = byte_tokens(fixed_text(kTokens));
  count([&] {
    session.truncate(0);
    HEARTH_CHECK(session.feed(prompt).ok());
  });
}

void decode(Engine& engine) {
  Session session = engine.create_session(0).value();
  const std::vector<TokenId> tokens = byte_tokens(fixed_text(kTokens));
  count([&] {
    session.truncate(0);
    for (const TokenId token : tokens) HEARTH_CHECK(session.feed({&token, 1}).ok());
  });
}

void generate(Engine& engine, GenerateOptions options) {
  Session session = engine.create_session(0).value();
  const std::vector<TokenId> prompt = byte_tokens(fixed_text(kTokens));
  options.sampling.logit_bias = {{kTestModelEnd, -std::numeric_limits<float>::infinity()}};
  options.tokens_max = kTokens;
  options.stop = {"never said", "nor this"};
  count([&] {
    const Result<Answer> answer = session.generate(prompt, options, [](std::string_view) {});
    HEARTH_CHECK(answer.ok() && answer->ids.size() == kTokens);
  });
}

void greedy(Engine& engine) {
  GenerateOptions options;
  options.sampling.temperature = 0.0;
  generate(engine, options);
}

void sampled(Engine& engine) {
  GenerateOptions options;
  options.sampling.repetition_penalty = 1.1;
  options.speculate = false;
  generate(engine, options);
}

struct Step {
  std::string_view name;
  void (*run)(Engine&);
};

constexpr Step kSteps[] = {{"tokenize", tokenize}, {"detokenize", detokenize},
                           {"prefill", prefill},   {"decode", decode},
                           {"greedy", greedy},     {"sampled", sampled}};

}  // namespace

int main(int argc, char** argv) {
  const std::string_view name = argc == 2 ? argv[1] : "";
  for (const Step& step : kSteps) {
    if (step.name != name) continue;
    // The one instruction set that every CPU and valgrind have.
    const auto engine =
        load_test_model({}, {.threads = 1, .isa = Isa::kScalar, .numerics = Numerics::kFast});
    step.run(*engine);
    return 0;
  }
  if (name == "build") {
    std::puts(HEARTH_BUILD);
    return 0;
  }
  std::fputs("usage: fixed_steps build|tokenize|detokenize|prefill|decode|greedy|sampled\n",
             stderr);
  return 2;
}

// SPDX-License-Identifier: Apache-2.0
// hearth bench: how fast a model reads prompts (pp) and writes answers (tg) here, and how near that
// is to what the machine's memory can give.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <random>

#include "base/strings.h"
#include "cli/bandwidth.h"
#include "cli/commands.h"
#include "cli/interrupt.h"
#include "cli/model_choice.h"
#include "cli/table.h"
#include "lockdown/lockdown.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int32_t kTokensMax = 1 << 20;

// Multiply-adds of one token through all weights but the output head.
double layer_macs(const ModelConfig& config) {
  const double queries = static_cast<double>(config.heads) * config.head_size;
  const double keys = static_cast<double>(config.kv_heads) * config.head_size;
  const double attention = config.embedding * (2 * queries + 2 * keys);
  const double mlp = 3.0 * config.embedding * config.feed_forward;
  return config.layers * (attention + mlp);
}

double head_macs(const ModelConfig& config) {
  return static_cast<double>(config.embedding) * config.vocabulary;
}

// Of attention over `positions` earlier tokens: queries with keys, and weights with values.
double attention_macs(const ModelConfig& config, double positions) {
  return 2.0 * config.layers * config.heads * config.head_size * positions;
}

// Bytes of keys and values that one token reads.
double kv_bytes(const Model& model, double positions) {
  const ModelConfig& config = model.config();
  const double value_bytes = model.isa() == Isa::kScalar ? 4 : 2;
  return 2.0 * config.layers * config.kv_heads * config.head_size * value_bytes * positions;
}

struct Measured {
  std::string test;
  std::vector<double> tokens_per_s;  // by repetition, sorted
  double gmac_per_token = 0;
  double gb_per_token = 0;  // 0 where memory is not what bounds the test

  double median() const { return tokens_per_s[tokens_per_s.size() / 2]; }
};

class BenchCommand : public Command {
 public:
  std::string name() const override { return "bench"; }
  std::string summary() const override { return "Measure the speed of a model on this machine"; }

  void declare(Options& options) override {
    flags_.declare_model(options);
    flags_.declare_engine(options);
    options.number({"-p,--prompt", "TOKENS", "Prompt tokens, 0 for none (default 512)"}, prompt_, 0,
                   kTokensMax);
    options.number({"-n,--tokens", "TOKENS", "Answer tokens, 0 for none (default 128)"}, answer_, 0,
                   kTokensMax);
    options.number({"-d,--depth", "TOKENS", "Tokens that are in the context before (default 0)"},
                   depth_, 0, kTokensMax);
    options.number({"-r,--repeat", "TIMES", "Repetitions (default 3)"}, repeat_, 1, 1000);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  std::string test_name(std::string_view kind, int32_t tokens) const;
  Result<Measured> measure_prompt(const Engine& engine, Session& session) const;
  Result<Measured> measure_answer(const Engine& engine, Session& session) const;
  Json json(const LoadedModel& model, double bandwidth, const std::vector<Measured>& all) const;
  void print(const LoadedModel& model, double bandwidth, const std::vector<Measured>& all,
             Output& out) const;

  ModelFlags flags_;
  int32_t prompt_ = 512;
  int32_t answer_ = 128;
  int32_t depth_ = 0;
  int32_t repeat_ = 3;
};

// Text does not matter to speed; the same pseudo-random ids are used every time.
std::vector<TokenId> some_tokens(const Engine& engine, int32_t count) {
  std::mt19937 random(1);
  std::uniform_int_distribution<TokenId> any(0, engine.tokenizer().vocab_size() - 1);
  std::vector<TokenId> tokens(static_cast<std::size_t>(count));
  for (TokenId& token : tokens) token = any(random);
  return tokens;
}

Result<void> stop_if_interrupted() {
  if (!InterruptScope::interrupted()) return {};
  return Error(ErrorCode::kCancelled, "bench: stopped");
}

// Fills the session up to `depth`, which stays from one repetition to the next.
Result<void> fill(Session& session, std::span<const TokenId> tokens) {
  session.truncate(0);
  constexpr std::size_t kPiece = 512;
  for (std::size_t at = 0; at < tokens.size(); at += kPiece) {
    HEARTH_TRY(stop_if_interrupted());
    HEARTH_TRY(session.feed(tokens.subspan(at, std::min(kPiece, tokens.size() - at))));
  }
  return {};
}

std::string BenchCommand::test_name(std::string_view kind, int32_t tokens) const {
  return depth_ == 0 ? concat(kind, tokens) : concat(kind, tokens, "@d", depth_);
}

Result<Measured> BenchCommand::measure_prompt(const Engine& engine, Session& session) const {
  const auto tokens = some_tokens(engine, prompt_);
  Measured measured{test_name("pp", prompt_), {}, 0, 0};
  HEARTH_TRY(fill(session, some_tokens(engine, depth_)));
  HEARTH_TRY(session.feed(tokens));  // once unmeasured: page faults and clock frequencies settle
  for (int32_t i = 0; i < repeat_; ++i) {
    HEARTH_TRY(stop_if_interrupted());
    session.truncate(depth_);
    const Stopwatch watch;
    HEARTH_TRY(session.feed(tokens));
    measured.tokens_per_s.push_back(prompt_ * 1000.0 / watch.elapsed_ms());
  }
  const ModelConfig& config = engine.model().config();
  const double macs = layer_macs(config) + head_macs(config) / prompt_ +
                      attention_macs(config, depth_ + prompt_ / 2.0);
  measured.gmac_per_token = macs / 1e9;
  return measured;
}

Result<Measured> BenchCommand::measure_answer(const Engine& engine, Session& session) const {
  const auto tokens = some_tokens(engine, answer_ + 1);
  Measured measured{test_name("tg", answer_), {}, 0, 0};
  HEARTH_TRY(fill(session, some_tokens(engine, depth_)));
  HEARTH_TRY(session.feed(std::span(tokens).first(1)));
  for (int32_t i = 0; i < repeat_; ++i) {
    session.truncate(depth_);
    const Stopwatch watch;
    for (int32_t at = 0; at < answer_; ++at) {
      HEARTH_TRY(stop_if_interrupted());
      HEARTH_TRY(session.feed(std::span(tokens).subspan(static_cast<std::size_t>(at), 1)));
    }
    measured.tokens_per_s.push_back(answer_ * 1000.0 / watch.elapsed_ms());
  }
  const ModelConfig& config = engine.model().config();
  const double positions = depth_ + answer_ / 2.0;
  const double macs = layer_macs(config) + head_macs(config) + attention_macs(config, positions);
  measured.gmac_per_token = macs / 1e9;
  measured.gb_per_token =
      (static_cast<double>(engine.model().weight_bytes()) + kv_bytes(engine.model(), positions)) /
      1e9;
  return measured;
}

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

Json BenchCommand::json(const LoadedModel& model, double bandwidth,
                        const std::vector<Measured>& all) const {
  Json results = Json::array();
  for (const Measured& measured : all) {
    Json result = {{"test", measured.test},
                   {"tokens_per_s",
                    {{"median", measured.median()},
                     {"min", measured.tokens_per_s.front()},
                     {"max", measured.tokens_per_s.back()}}},
                   {"gmac_per_s", measured.median() * measured.gmac_per_token}};
    if (measured.gb_per_token > 0) {
      result["gb_per_s"] = measured.median() * measured.gb_per_token;
      result["bandwidth_share"] = measured.median() * measured.gb_per_token / bandwidth;
    }
    results.push_back(std::move(result));
  }
  return {{"model", model.name},
          {"threads", model.engine->pool().size()},
          {"isa", std::string(isa_name(model.engine->model().isa()))},
          {"bandwidth_gb_per_s", bandwidth},
          {"load_ms", rounded(model.engine->load_ms(), 0.001)},
          {"results", std::move(results)}};
}

std::string fixed(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

void BenchCommand::print(const LoadedModel& model, double bandwidth,
                         const std::vector<Measured>& all, Output& out) const {
  out.write(concat(printable(model.name, 200), ", ", model.engine->pool().size(), " threads, ",
                   isa_name(model.engine->model().isa()), ", memory reads ", fixed(bandwidth),
                   " GB/s\n\n"));
  Table table({"TEST", "TOKENS/S", "MIN", "MAX", "GMAC/S", "GB/S", "OF MEMORY"});
  for (const Measured& measured : all) {
    const double gb_per_s = measured.median() * measured.gb_per_token;
    const bool bound = gb_per_s > 0;
    table.add({measured.test, fixed(measured.median()), fixed(measured.tokens_per_s.front()),
               fixed(measured.tokens_per_s.back()),
               fixed(measured.median() * measured.gmac_per_token), bound ? fixed(gb_per_s) : "",
               bound ? fixed(100 * gb_per_s / bandwidth) + " %" : ""});
  }
  out.write(table.text());
}

Result<int> BenchCommand::run(const CommandContext& context) {
  if (prompt_ == 0 && answer_ == 0) {
    return Error(ErrorCode::kUsage, "bench: -p and -n are both 0; measure one of them");
  }
  HEARTH_TRY(lockdown({}));
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_));
  HEARTH_ASSIGN(Session session, model.engine->create_session(depth_ + std::max(prompt_, answer_)));
  ProgressLine progress(context.environment, "bench");
  progress.show(0);
  HEARTH_ASSIGN(const double bandwidth, measure_bandwidth_gb_per_s(model.engine->pool()));

  const InterruptScope interrupt;
  std::vector<Measured> all;
  Result<void> outcome;
  const auto keep = [&](Result<Measured> measured) {
    if (!measured.ok()) {
      outcome = measured.error();
      return;
    }
    std::sort(measured->tokens_per_s.begin(), measured->tokens_per_s.end());
    all.push_back(std::move(*measured));
  };
  if (prompt_ > 0) keep(measure_prompt(*model.engine, session));
  progress.show(0.5);
  if (answer_ > 0 && outcome.ok()) keep(measure_answer(*model.engine, session));
  progress.clear();
  if (!outcome.ok() && (outcome.error().code() != ErrorCode::kCancelled || all.empty())) {
    return outcome.error();
  }
  if (context.json) {
    context.out.write_json(json(model, bandwidth, all));
  } else {
    print(model, bandwidth, all, context.out);
  }
  return outcome.ok() ? 0 : kExitInterrupted;
}

}  // namespace

std::unique_ptr<Command> make_bench_command() { return std::make_unique<BenchCommand>(); }

}  // namespace hearth

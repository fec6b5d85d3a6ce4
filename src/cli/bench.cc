// SPDX-License-Identifier: Apache-2.0
// hearth bench: how fast a model reads prompts (pp) and writes answers (tg) here, where the time
// goes, and how near that is to what the machine can give.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <nlohmann/json.hpp>

#include "base/files.h"
#include "base/strings.h"
#include "cli/bench_measure.h"
#include "cli/commands.h"
#include "cli/cost_file.h"
#include "cli/interrupt.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"
#include "cli/table.h"
#include "kernels/peak.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr int32_t kTokensMax = 1 << 20;

// What the machine can do, all threads together.
struct Limits {
  double gb_per_s;    // read from memory
  double gmac_per_s;  // multiply bytes; 0 where the model computes in float
};

Result<Limits> measure_limits(Engine& engine) {
  HEARTH_ASSIGN(const double gb_per_s, measure_bandwidth_gb_per_s(engine.pool()));
  const Model& model = engine.model();
  const bool in_bytes = model.numerics() != Numerics::kFloat;
  return Limits{
      gb_per_s,
      in_bytes ? measure_peak_gmac_per_s(model.kernels(), model.has_tiles(), engine.pool()) : 0};
}

class BenchCommand : public Command {
 public:
  std::string name() const override { return "bench"; }
  std::string summary() const override { return "Measure the speed of a model on this machine"; }

  void declare(Options& options) override {
    flags_.declare_model(options);
    flags_.declare_engine(options);
    options.texts({"--lora", "ADAPTER[:SCALE]",
                   "A LoRA adapter; of several, answers together take one each, in turn"},
                  flags_.adapters);
    options.number({"-p,--prompt", "TOKENS", "Prompt tokens, 0 for none (default 512)"},
                   shape_.prompt, 0, kTokensMax);
    options.number({"-n,--tokens", "TOKENS", "Answer tokens, 0 for none (default 128)"},
                   shape_.answer, 0, kTokensMax);
    options.number({"-d,--depth", "TOKENS", "Tokens that are in the context before (default 0)"},
                   shape_.depth, 0, kTokensMax);
    options.number({"--sequences", "COUNT", "Also measure so many answers together (default 1)"},
                   shape_.sequences, 1, kForwardTokensMax);
    options.number({"-r,--repeat", "TIMES", "Repetitions (default 3)"}, shape_.repeat, 1, 1000);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  Json json(const LoadedModel& model, const Limits& limits, const std::vector<Measured>& all) const;
  void print(const LoadedModel& model, const Limits& limits, const std::vector<Measured>& all,
             Output& out) const;
  Result<void> learn_costs(const Environment& environment, Engine& engine) const;
  Result<void> keep_costs(const Environment& environment, Engine& engine) const;

  ModelFlags flags_;
  BenchShape shape_ = {.prompt = 512, .answer = 128, .depth = 0, .sequences = 1, .repeat = 3};
};

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

double median(const Measured& measured) {
  return measured.tokens_per_s[measured.tokens_per_s.size() / 2];
}

// One operation of a test, or all of it. Speeds are those of all threads together.
struct Speed {
  double ms_per_token;  // of one thread
  double gmac_per_s;
  double gb_per_s;
};

Speed whole_speed(const Measured& measured) {
  const Work work = total(measured.work);
  const double per_s = median(measured) / measured.tokens / 1e9;
  return {1000.0 / median(measured), work.macs * per_s, work.bytes * per_s};
}

Speed operation_speed(const Measured& measured, std::size_t operation, int threads) {
  const double ms = measured.operation_ms[operation] / threads;
  const Work& work = measured.work[operation];
  const double per_s = ms > 0 ? 1000.0 / ms / 1e9 : 0;
  return {ms / measured.tokens, work.macs * per_s, work.bytes * per_s};
}

double compute_share(const Speed& speed, const Limits& limits) {
  return limits.gmac_per_s > 0 ? speed.gmac_per_s / limits.gmac_per_s : 0;
}

Json operations_json(const Measured& measured, int threads) {
  Json list = Json::array();
  for (std::size_t i = 0; i < kOperations; ++i) {
    const Speed speed = operation_speed(measured, i, threads);
    list.push_back({{"operation", std::string(operation_name(static_cast<Operation>(i)))},
                    {"ms_per_token", speed.ms_per_token},
                    {"gmac_per_s", speed.gmac_per_s},
                    {"gb_per_s", speed.gb_per_s}});
  }
  return list;
}

Json BenchCommand::json(const LoadedModel& model, const Limits& limits,
                        const std::vector<Measured>& all) const {
  Json results = Json::array();
  for (const Measured& measured : all) {
    const Speed speed = whole_speed(measured);
    results.push_back({{"test", measured.test},
                       {"tokens_per_s",
                        {{"median", median(measured)},
                         {"min", measured.tokens_per_s.front()},
                         {"max", measured.tokens_per_s.back()}}},
                       {"latency_ms",
                        {{"p50", measured.latencies.p50_ms},
                         {"p95", measured.latencies.p95_ms},
                         {"p99", measured.latencies.p99_ms}}},
                       {"gmac_per_s", speed.gmac_per_s},
                       {"gb_per_s", speed.gb_per_s},
                       {"bandwidth_share", speed.gb_per_s / limits.gb_per_s},
                       {"compute_share", compute_share(speed, limits)},
                       {"operations", operations_json(measured, model.engine->pool().size())}});
  }
  const auto& costs = model.engine->costs();
  return {{"model", model.name},
          {"threads", model.engine->pool().size()},
          {"isa", std::string(isa_name(model.engine->model().isa()))},
          {"bandwidth_gb_per_s", limits.gb_per_s},
          {"peak_gmac_per_s", limits.gmac_per_s},
          {"load_ms", rounded(model.engine->load_ms(), 0.001)},
          {"costs", costs ? costs_json(*costs) : Json()},
          {"results", std::move(results)}};
}

std::string fixed(double value, int digits = 1) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", digits, value);
  return text;
}

std::string percent(double share) { return fixed(100 * share) + " %"; }

// Speeds and their shares of the limits, as cells; empty where nothing is multiplied.
std::vector<std::string> speed_cells(const Speed& speed, const Limits& limits) {
  if (speed.gmac_per_s <= 0) return {"", "", "", ""};
  const double of_peak = compute_share(speed, limits);
  return {fixed(speed.gmac_per_s), of_peak > 0 ? percent(of_peak) : "", fixed(speed.gb_per_s),
          percent(speed.gb_per_s / limits.gb_per_s)};
}

Table operations_table(const Measured& measured, int threads, const Limits& limits) {
  Table table({measured.test, "US/TOKEN", "SHARE", "GMAC/S", "OF PEAK", "GB/S", "OF MEMORY"});
  double ms = 0;
  for (const double operation : measured.operation_ms) ms += operation;
  for (std::size_t i = 0; i < kOperations; ++i) {
    const Speed speed = operation_speed(measured, i, threads);
    std::vector<std::string> cells = {std::string(operation_name(static_cast<Operation>(i))),
                                      fixed(1000 * speed.ms_per_token),
                                      percent(measured.operation_ms[i] / ms)};
    std::ranges::move(speed_cells(speed, limits), std::back_inserter(cells));
    table.add(std::move(cells));
  }
  return table;
}

void BenchCommand::print(const LoadedModel& model, const Limits& limits,
                         const std::vector<Measured>& all, Output& out) const {
  const int threads = model.engine->pool().size();
  std::string heading = concat(printable(model.name, 200), ", ", threads, " threads, ",
                               isa_name(model.engine->model().isa()), ", memory reads ",
                               fixed(limits.gb_per_s), " GB/s");
  if (limits.gmac_per_s > 0) {
    heading += concat(", peak ", fixed(limits.gmac_per_s), " GMAC/s");
  }
  out.write(heading + "\n\n");
  Table table({"TEST", "TOKENS/S", "MIN", "MAX", "P50 MS", "P95", "P99", "GMAC/S", "OF PEAK",
               "GB/S", "OF MEMORY"});
  for (const Measured& measured : all) {
    std::vector<std::string> cells = {measured.test,
                                      fixed(median(measured)),
                                      fixed(measured.tokens_per_s.front()),
                                      fixed(measured.tokens_per_s.back()),
                                      fixed(measured.latencies.p50_ms, 2),
                                      fixed(measured.latencies.p95_ms, 2),
                                      fixed(measured.latencies.p99_ms, 2)};
    std::ranges::move(speed_cells(whole_speed(measured), limits), std::back_inserter(cells));
    table.add(std::move(cells));
  }
  out.write(table.text());
  for (const Measured& measured : all) {
    out.write("\n" + operations_table(measured, threads, limits).text());
  }
  if (const auto& costs = model.engine->costs()) {
    out.write(concat("\nexpected from now on: loading ", fixed(costs->load_ms),
                     " ms; the first token behind 128 tokens ", fixed(costs->prompt_ms(0, 128)),
                     " ms, behind 1024 ", fixed(costs->prompt_ms(0, 1024)), " ms; 100 tokens more ",
                     fixed(costs->answers_ms(1024, 100)), " ms\n"));
  }
}

// Measures what deadlines will be held against, and keeps it for later runs.
Result<void> BenchCommand::keep_costs(const Environment& environment, Engine& engine) const {
  HEARTH_ASSIGN(const CostModel costs,
                measure_costs(engine, {.cancelled = &InterruptScope::flag()}));
  engine.set_costs(costs);
  HEARTH_ASSIGN(const auto path, costs_path(environment, engine));
  return write_costs(path, costs);
}

// What bench was asked for is done: that there are no costs is worth a note. Float arithmetic is
// for reference, and too slow for them. Errors: kCancelled.
Result<void> BenchCommand::learn_costs(const Environment& environment, Engine& engine) const {
  if (engine.model().numerics() == Numerics::kFloat) return {};
  auto kept = keep_costs(environment, engine);
  if (kept.ok() || kept.error().code() == ErrorCode::kCancelled) return kept;
  print_note(concat("costs: are not kept: ", kept.error().message()));
  return {};
}

Result<int> BenchCommand::run(const CommandContext& context) {
  if (shape_.prompt == 0 && shape_.answer == 0) {
    return Error(ErrorCode::kUsage, "bench: -p and -n are both 0; measure one of them");
  }
  if (shape_.answer == 0 && shape_.sequences > 1) {
    return Error(ErrorCode::kUsage,
                 "bench: --sequences measures answers, of which -n is 0; give it some");
  }
  LockdownOptions rights;
  if (const auto folder = context.environment.costs_folder();
      folder.ok() && make_folder(*folder).ok()) {
    rights.writable = {*folder};
  }
  HEARTH_TRY(lock_in(rights));
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_));
  HEARTH_ASSIGN(Session session, model.engine->create_session(
                                     shape_.depth + std::max(shape_.prompt, shape_.answer)));
  HEARTH_TRY(session.use_adapters(
      std::span(model.adapters).first(std::min<std::size_t>(1, model.adapters.size()))));
  ProgressLine progress(context.environment, "bench");
  progress.show(0);
  HEARTH_ASSIGN(const Limits limits, measure_limits(*model.engine));

  const InterruptScope interrupt;
  std::vector<Measured> all;
  Result<void> outcome;
  const auto keep = [&](Result<Measured> measured) {
    if (!measured.ok()) {
      outcome = measured.error();
      return;
    }
    all.push_back(std::move(*measured));
  };
  if (shape_.prompt > 0) keep(measure_prompt(*model.engine, session, shape_));
  progress.show(0.5);
  if (shape_.answer > 0 && outcome.ok()) keep(measure_answer(*model.engine, session, shape_));
  if (shape_.sequences > 1 && outcome.ok())
    keep(measure_answers(*model.engine, shape_, model.adapters));
  if (outcome.ok()) outcome = learn_costs(context.environment, *model.engine);
  progress.clear();
  if (!outcome.ok() && (outcome.error().code() != ErrorCode::kCancelled || all.empty())) {
    return outcome.error();
  }
  if (context.json) {
    context.out.write_json(json(model, limits, all));
  } else {
    print(model, limits, all, context.out);
  }
  return outcome.ok() ? 0 : kExitInterrupted;
}

}  // namespace

std::unique_ptr<Command> make_bench_command() { return std::make_unique<BenchCommand>(); }

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// hearth embed: one vector for each text, one text for each word of the command line or line of
// stdin.
#include <optional>

#include "base/clock.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"
#include "cli/telemetry_use.h"

namespace hearth {
namespace {

class EmbedCommand : public Command {
 public:
  std::string name() const override { return "embed"; }
  std::string summary() const override { return "Texts to vectors whose directions compare"; }

  void declare(Options& options) override {
    flags_.declare_model(options);
    options.words({"TEXT", "TEXT", "A text each (default: each line of stdin)"}, texts_);
    options.text({"--pooling", "HOW", "mean, cls or last token (default: what the model says)"},
                 pooling_);
    options.flag({"--normalize,!--no-normalize", "",
                  "Vectors of length 1, so that a dot product is a cosine (default on)"},
                 normalize_);
    flags_.declare_engine(options);
    flags_.declare_adapters(options);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  Result<EmbedOptions> embed_options() const;
  Result<int> run_texts(Engine& engine, const EmbedOptions& options, const CommandContext& context);
  Result<int> run_stdin(Engine& engine, const EmbedOptions& options, const CommandContext& context);
  Result<void> print(Engine& engine, const EmbedOptions& options, const std::string& text,
                     const CommandContext& context);

  ModelFlags flags_;
  std::vector<std::string> texts_;
  std::string pooling_;
  bool normalize_ = true;
  int64_t index_ = 0;  // of the next vector
  std::optional<TelemetryUse> telemetry_;
};

// Errors: kUsage (no such way of pooling).
Result<EmbedOptions> EmbedCommand::embed_options() const {
  EmbedOptions options;
  if (!normalize_) options.length = VectorLength::kOwn;
  if (pooling_.empty()) return options;
  options.pooling = parse_pooling(pooling_);
  if (options.pooling) return options;
  return Error(ErrorCode::kUsage, concat("--pooling: \"", printable(pooling_),
                                         "\" is not known; give mean, cls or last"));
}

// The shortest decimals that read back as the same floats.
std::string vector_text(const std::vector<float>& values) {
  std::string text = "[";
  for (const float value : values) {
    if (text.size() > 1) text += ',';
    text += concat(value);
  }
  return text + "]";
}

Result<void> EmbedCommand::print(Engine& engine, const EmbedOptions& options,
                                 const std::string& text, const CommandContext& context) {
  // An empty text has a vector where the model puts tokens around it.
  if (!text.empty()) {
    if (const auto checked = check_prompt(text); !checked.ok()) return checked;
  }
  const Stopwatch watch;
  HEARTH_ASSIGN(const Embedding embedding, engine.embed(text, options));
  Observation observation;
  observation.kind = AnswerKind::kEmbeddings;
  observation.seconds = watch.elapsed_ms() / 1e3;
  telemetry_->note(observation);
  std::string line = vector_text(embedding.values);
  if (context.json) {
    line = concat("{\"index\":", index_, ",\"tokens\":", embedding.tokens, ",\"embedding\":", line,
                  "}");
  }
  ++index_;
  context.out.write(line + "\n");
  return {};
}

Result<int> EmbedCommand::run_texts(Engine& engine, const EmbedOptions& options,
                                    const CommandContext& context) {
  for (const std::string& text : texts_) {
    if (!context.out.ok()) break;
    if (InterruptScope::interrupted()) return kExitInterrupted;
    auto printed = print(engine, options, text, context);
    if (!printed.ok()) return std::move(printed).error().with_context(concat("text ", index_ + 1));
  }
  return 0;
}

Result<int> EmbedCommand::run_stdin(Engine& engine, const EmbedOptions& options,
                                    const CommandContext& context) {
  StdinLines lines;
  std::string line;
  while (context.out.ok()) {
    if (InterruptScope::interrupted()) return kExitInterrupted;
    HEARTH_ASSIGN(const bool more, lines.next(line));
    if (!more) break;
    if (line.ends_with('\r')) line.pop_back();
    auto printed = print(engine, options, line, context);
    if (!printed.ok()) {
      return std::move(printed).error().with_context(concat("stdin: line ", index_ + 1));
    }
  }
  return 0;
}

Result<int> EmbedCommand::run(const CommandContext& context) {
  telemetry_.emplace(context.environment);
  LockdownOptions confined;
  telemetry_->confine(confined);
  HEARTH_TRY(lock_in(std::move(confined)));
  HEARTH_ASSIGN(EmbedOptions options, embed_options());
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_));
  options.adapters = model.adapters;
  const InterruptScope interrupt;
  const auto status = texts_.empty() ? run_stdin(*model.engine, options, context)
                                     : run_texts(*model.engine, options, context);
  telemetry_->flush();
  return status;
}

}  // namespace

std::unique_ptr<Command> make_embed_command() { return std::make_unique<EmbedCommand>(); }

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// hearth eval perplexity, kl, logits: how good a model is, by measures that need no labels.
#include "evaluate/evaluate.h"

#include <cstdio>
#include <limits>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/lock_in.h"
#include "cli/model_choice.h"
#include "cli/token_ids.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kTextBytesMax = 256 << 20;
constexpr std::size_t kIdsBytesMax = 16 << 20;

// Six significant digits.
std::string short_number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value);
  return text;
}

// The flags of both measures over a text.
struct TextFlags {
  ModelFlags model;
  std::string file;
  int32_t window = 512;

  void declare(Options& options) {
    model.declare_model(options);
    options.text({"-f,--file", "FILE", "The text; - is stdin"}, file, Presence::kRequired);
    options.number({"-c,--context", "TOKENS", "Tokens of a window (default 512)"}, window, 1,
                   std::numeric_limits<int32_t>::max());
    model.declare_engine(options);
    model.declare_adapters(options);
  }

  // Any bytes are text here. Errors: those of read_file and read_stdin; kUsage (empty).
  Result<std::string> read() const {
    HEARTH_ASSIGN(std::string text,
                  file == "-" ? read_stdin(kTextBytesMax) : read_file(file, kTextBytesMax));
    if (!text.empty()) return text;
    return Error(ErrorCode::kUsage, concat(printable(file, 300), ": is empty; give a text"));
  }
};

class PerplexityCommand : public Command {
 public:
  std::string name() const override { return "eval perplexity"; }
  std::string summary() const override { return "How well a model predicts a text"; }
  void declare(Options& options) override { flags_.declare(options); }

  Result<int> run(const CommandContext& context) override {
    HEARTH_TRY(lock_in({}));
    HEARTH_ASSIGN(const std::string text, flags_.read());
    HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_.model));
    const auto tokens = model.engine->tokenizer().encode(text, SpecialTokens::kAsText);
    const InterruptScope interrupt;
    ProgressLine progress(context.environment, "perplexity");
    const auto show = [&](double share) {
      progress.show(share);
      return !InterruptScope::interrupted();
    };
    const auto measured = perplexity(*model.engine, tokens, flags_.window, show, model.adapters);
    progress.clear();
    if (!measured.ok()) return measured.error();
    if (context.json) {
      context.out.write_json({{"perplexity", measured->perplexity},
                              {"stderr", measured->stderr_},
                              {"tokens", measured->tokens}});
    } else {
      context.out.write(concat("perplexity ", short_number(measured->perplexity), " +/- ",
                               short_number(measured->stderr_), " over ", measured->tokens,
                               " tokens\n"));
    }
    return 0;
  }

 private:
  TextFlags flags_;
};

class KlCommand : public Command {
 public:
  std::string name() const override { return "eval kl"; }
  std::string summary() const override { return "How far a model is from a reference model"; }

  void declare(Options& options) override {
    flags_.declare(options);
    options.text({"--ref", "MODEL", "The reference: a GGUF file, or a name in the store"},
                 reference_, Presence::kRequired);
    options.text({"--ref-isa", "NAME", "Instruction set of the reference (default: as --isa)"},
                 reference_isa_);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  TextFlags flags_;
  std::string reference_;
  std::string reference_isa_;
};

Result<int> KlCommand::run(const CommandContext& context) {
  HEARTH_TRY(lock_in({}));
  HEARTH_ASSIGN(const std::string text, flags_.read());
  ModelFlags reference_flags = flags_.model;
  reference_flags.model = reference_;
  if (!reference_isa_.empty()) reference_flags.isa = reference_isa_;
  reference_flags.kv_bits = 16;  // to what 8 bits are compared
  reference_flags.adapters.clear();
  HEARTH_ASSIGN(const LoadedModel reference, load_model(context.environment, reference_flags));
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_.model));
  const auto tokens = model.engine->tokenizer().encode(text, SpecialTokens::kAsText);
  const InterruptScope interrupt;
  ProgressLine progress(context.environment, "kl");
  const auto show = [&](double share) {
    progress.show(share);
    return !InterruptScope::interrupted();
  };
  const auto measured =
      divergence(*reference.engine, *model.engine, tokens, flags_.window, show, model.adapters);
  progress.clear();
  if (!measured.ok()) return measured.error();
  if (context.json) {
    context.out.write_json({{"kl_mean", measured->kl_mean},
                            {"kl_p99", measured->kl_p99},
                            {"top1_agreement", measured->top1_agreement},
                            {"tokens", measured->tokens}});
  } else {
    context.out.write(concat("KL mean ", short_number(measured->kl_mean), " nats, 99th percentile ",
                             short_number(measured->kl_p99), ", same first choice ",
                             short_number(100 * measured->top1_agreement), " % of ",
                             measured->tokens, " tokens\n"));
  }
  return 0;
}

class LogitsCommand : public Command {
 public:
  std::string name() const override { return "eval logits"; }
  std::string summary() const override {
    return "Token ids (JSON array) on stdin to log-probabilities of the next token";
  }

  void declare(Options& options) override {
    flags_.declare_model(options);
    options.number({"--top", "K", "How many, likeliest first (default 10)"}, top_, 1,
                   std::numeric_limits<int32_t>::max());
    flags_.declare_context(options);
    flags_.declare_engine(options);
    flags_.declare_adapters(options);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  ModelFlags flags_;
  int32_t top_ = 10;
};

Result<int> LogitsCommand::run(const CommandContext& context) {
  HEARTH_TRY(lock_in({}));
  HEARTH_ASSIGN(const std::string text, read_stdin(kIdsBytesMax));
  HEARTH_ASSIGN(const auto tokens, parse_token_ids(text, "stdin"));
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_));
  HEARTH_ASSIGN(Session session, model.engine->create_session(flags_.context));
  HEARTH_TRY(session.use_adapters(model.adapters));
  HEARTH_ASSIGN(const auto best, next_token_logprobs(session, tokens, top_));
  context.out.write_json(Json(best));
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_eval_perplexity_command() {
  return std::make_unique<PerplexityCommand>();
}
std::unique_ptr<Command> make_eval_kl_command() { return std::make_unique<KlCommand>(); }
std::unique_ptr<Command> make_eval_logits_command() { return std::make_unique<LogitsCommand>(); }

}  // namespace hearth

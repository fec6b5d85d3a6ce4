// SPDX-License-Identifier: Apache-2.0
// hearth run: one prompt, one answer.
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/chat.h"
#include "cli/command.h"
#include "cli/commands.h"
#include "cli/generation.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/lock_in.h"
#include "cli/policy_file.h"
#include "cli/routed_run.h"
#include "cli/telemetry_use.h"

namespace hearth {
namespace {

constexpr std::size_t kPromptBytesMax = 64 << 20;

enum class PromptSource { kWords, kStdin, kChat };

class RunCommand : public Command {
 public:
  std::string name() const override { return "run"; }
  std::string summary() const override {
    return "Answer one prompt (on a terminal without one: chat)";
  }

  void declare(Options& options) override {
    options.words({"PROMPT", "PROMPT", "The prompt; - or a pipe reads it from stdin"}, words_);
    flags_.declare(options);
    options.flag({"--raw", "", "Continue the prompt as it is: no chat template"}, raw_);
    routing_.declare(options);
    options.text({"--consent", "CONSENT",
                  "To sending this prompt away, as far as the policy asks: none, once, always"},
                 consent_);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  PromptSource source(const CommandContext& context) const;
  Result<std::string> read_prompt(PromptSource source) const;
  Result<std::vector<TokenId>> encode(const Engine& engine, const std::string& prompt) const;
  Result<int> answer(const CommandContext& context, const std::string& prompt,
                     TelemetryUse& telemetry);
  Result<int> route(const CommandContext& context, PromptSource from);

  GenerationFlags flags_;
  std::vector<std::string> words_;
  bool raw_ = false;
  RoutingFlags routing_;
  std::string consent_;
};

PromptSource RunCommand::source(const CommandContext& context) const {
  if (words_.size() == 1 && words_.front() == "-") return PromptSource::kStdin;
  if (!words_.empty()) return PromptSource::kWords;
  if (!context.environment.stdin_is_terminal()) return PromptSource::kStdin;
  return PromptSource::kChat;
}

// With a chat template the line end that `echo` adds is no part of the question; raw text is kept
// as it is.
Result<std::string> RunCommand::read_prompt(PromptSource source) const {
  std::string prompt;
  if (source == PromptSource::kStdin) {
    HEARTH_ASSIGN(prompt, read_stdin(kPromptBytesMax));
    if (!raw_ && prompt.ends_with('\n')) prompt.pop_back();
    if (!raw_ && prompt.ends_with('\r')) prompt.pop_back();
  } else {
    for (const std::string& word : words_) prompt += (&word == &words_.front() ? "" : " ") + word;
  }
  HEARTH_TRY(check_prompt(prompt));
  return prompt;
}

Result<std::vector<TokenId>> RunCommand::encode(const Engine& engine,
                                                const std::string& prompt) const {
  if (raw_) return engine.encode_raw(prompt);
  return flags_.encode(engine, {{"user", prompt}});
}

Result<int> RunCommand::run(const CommandContext& context) {
  if (raw_ && context.options.on_command_line("system")) {
    return Error(ErrorCode::kUsage,
                 "--raw: there is no chat template to put --system into; give one of them");
  }
  HEARTH_TRY(flags_.finish(context.options));
  HEARTH_TRY(flags_.take_settings(context.environment, context.options));
  const PromptSource from = source(context);
  if (from == PromptSource::kChat) {
    if (raw_ || context.json) {
      return Error(ErrorCode::kUsage, "prompt: none given; give one, or - to read it from stdin");
    }
    if (routing_.given())
      return Error(ErrorCode::kUsage, "--policy: a chat has none yet; give a prompt");
    return run_chat(context, flags_);
  }
  if (routing_.given()) return route(context, from);
  if (!consent_.empty() || !routing_.calibration.empty() || !routing_.network.empty()) {
    return Error(ErrorCode::kUsage,
                 "--consent, --calibration, --network: mean something with --policy only; give it");
  }
  TelemetryUse telemetry(context.environment);
  LockdownOptions confined;
  telemetry.confine(confined);
  HEARTH_TRY(lock_in(std::move(confined)));
  HEARTH_ASSIGN(const std::string prompt, read_prompt(from));
  return answer(context, prompt, telemetry);
}

Result<int> RunCommand::answer(const CommandContext& context, const std::string& prompt,
                               TelemetryUse& telemetry) {
  GenerateOptions options = flags_.make();  // the deadline counts from here: loading too
  HEARTH_ASSIGN(const LoadedModel model, load_model(context.environment, flags_.model));
  options.adapters = model.adapters;
  HEARTH_ASSIGN(const auto tokens, encode(*model.engine, prompt));
  HEARTH_ASSIGN(Session session, model.engine->create_session(flags_.model.context));

  const InterruptScope interrupt;
  AnswerWriter writer(context);
  HEARTH_ASSIGN(const Answer answer, session.generate(tokens, options, [&](std::string_view piece) {
    if (!context.json) writer.push(piece);
  }));
  telemetry.note_answer(raw_ ? AnswerKind::kText : AnswerKind::kChat, answer);
  if (context.json) {
    context.out.write_json(answer_json(model, flags_, answer));
  } else {
    writer.finish();
    note_cut(flags_, session, answer);
  }
  const bool stopped = answer.finish_reason == FinishReason::kCancelled && context.out.ok();
  return stopped ? kExitInterrupted : 0;
}

// The broker is started before the process locks itself in, and the prompt read behind it.
Result<int> RunCommand::route(const CommandContext& context, PromptSource from) {
  RoutedPrompt prompt;
  prompt.is_raw = raw_;
  if (!consent_.empty()) {
    HEARTH_ASSIGN(prompt.consent, choose_value<Consent>("--consent", consent_, kConsentNames));
  }
  HEARTH_ASSIGN(RoutingStart start, RoutingStart::prepare(context.environment, routing_));
  HEARTH_TRY(lock_in({.writable = {start.state_folder()}, .keep = start.descriptors()}));
  HEARTH_ASSIGN(prompt.text, read_prompt(from));
  return run_routed(context, flags_, start, prompt);
}

}  // namespace

std::unique_ptr<Command> make_run_command() { return std::make_unique<RunCommand>(); }

}  // namespace hearth

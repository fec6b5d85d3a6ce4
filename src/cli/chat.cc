// SPDX-License-Identifier: Apache-2.0
// hearth chat: a conversation. The whole conversation is rendered and encoded for each turn; the
// session reuses the cached prefix, so a turn costs its own tokens only.
#include "cli/chat.h"

#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/status_codes.h"
#include "base/strings.h"
#include "cli/commands.h"
#include "cli/history.h"
#include "cli/input.h"
#include "cli/interrupt.h"
#include "cli/line_reader.h"
#include "cli/lock_in.h"
#include "cli/telemetry_use.h"

namespace hearth {
namespace {

constexpr std::string_view kBlockMark = "\"\"\"";
constexpr std::string_view kHelp =
    "  /bye      leave (Ctrl-D too)\n"
    "  /clear    start the conversation over\n"
    "  /forget   start over and erase the history of what was typed, also on disk\n"
    "  /help     this list\n"
    "  \"\"\"       begins and ends a message of several lines\n"
    "  Ctrl-C    stops an answer, drops a line\n";

enum class TurnOutcome { kGoOn, kLeave };

class Chat {
 public:
  Chat(const CommandContext& context, const GenerationFlags& flags, ChatHistory history,
       TelemetryUse& telemetry)
      : context_(context), flags_(flags), history_(std::move(history)), telemetry_(telemetry) {}

  Result<int> run();

 private:
  bool interactive() const {
    return context_.environment.stdin_is_terminal() && context_.environment.stderr_is_terminal();
  }
  void say(std::string_view text) const;
  void start_over();
  void note_error(const Error& error);

  Result<LineEvent> read_message(std::string& message);
  Result<LineEvent> read_block(std::string& message);
  TurnOutcome command(std::string_view line);
  Result<TurnOutcome> answer(LoadedModel& model, Session& session, const std::string& message);

  const CommandContext& context_;
  const GenerationFlags& flags_;
  ChatHistory history_;
  TelemetryUse& telemetry_;
  std::unique_ptr<LineReader> reader_;
  std::vector<ChatMessage> messages_;
  int status_ = 0;  // of the last turn that failed, where no person was there to see it
};

// To the person at the terminal; pipes hold answers only.
void Chat::say(std::string_view text) const {
  if (!interactive()) return;
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Chat::start_over() { messages_.clear(); }

void Chat::note_error(const Error& error) {
  show_error(context_.out, context_.json, error);
  if (!interactive()) status_ = exit_status(error.code());
}

// The rest of a message that began with """; it ends with a line that ends so.
Result<LineEvent> Chat::read_block(std::string& message) {
  message.erase(0, kBlockMark.size());
  while (!message.ends_with(kBlockMark)) {
    std::string line;
    HEARTH_ASSIGN(const LineEvent event, reader_->next("... ", line));
    if (event == LineEvent::kInterrupted) return event;
    if (event == LineEvent::kEnd) return LineEvent::kLine;  // an unfinished block is a message
    if (!message.empty()) message += '\n';
    message += line;
  }
  message.erase(message.size() - kBlockMark.size());
  if (message.ends_with('\n')) message.pop_back();
  return LineEvent::kLine;
}

Result<LineEvent> Chat::read_message(std::string& message) {
  HEARTH_ASSIGN(const LineEvent event, reader_->next(">>> ", message));
  if (event != LineEvent::kLine || !message.starts_with(kBlockMark)) return event;
  return read_block(message);
}

TurnOutcome Chat::command(std::string_view line) {
  if (line == "/bye" || line == "/exit" || line == "/quit") return TurnOutcome::kLeave;
  if (line == "/help" || line == "/?") {
    say(kHelp);
  } else if (line == "/clear") {
    start_over();
    say("(started over)\n");
  } else if (line == "/forget") {
    start_over();
    reader_->forget();
    if (const auto forgotten = history_.forget(); !forgotten.ok()) {
      note_error(forgotten.error());
    } else {
      say("(forgotten)\n");
    }
  } else {
    note_error(
        Error(ErrorCode::kUsage, concat(printable(line), ": unknown command; /help lists them")));
  }
  return TurnOutcome::kGoOn;
}

Result<TurnOutcome> Chat::answer(LoadedModel& model, Session& session, const std::string& message) {
  HEARTH_TRY(check_prompt(message));
  messages_.push_back({"user", message});
  AnswerWriter writer(context_);
  const auto generate = [&]() -> Result<Answer> {
    HEARTH_ASSIGN(const auto tokens, flags_.encode(*model.engine, messages_));
    GenerateOptions options = flags_.make();
    options.adapters = model.adapters;
    return session.generate(tokens, options, [&](std::string_view piece) {
      if (!context_.json) writer.push(piece);
    });
  };
  auto answer = generate();
  if (!answer.ok()) {
    messages_.pop_back();  // as if it had not been asked
    return answer.error();
  }
  telemetry_.note_answer(AnswerKind::kChat, *answer);
  if (answer->text.empty()) {
    messages_.pop_back();  // stopped before the first word: as if it had not been asked
  } else {
    messages_.push_back({"assistant", answer->text});
  }
  if (context_.json) {
    context_.out.write_json(answer_json(model, flags_, *answer));
  } else {
    writer.finish();
    note_cut(flags_, session, *answer);
  }
  const bool stopped = answer->finish_reason == FinishReason::kCancelled;
  InterruptScope::clear();
  if (!context_.out.ok() || (stopped && !interactive())) {
    if (stopped && context_.out.ok()) status_ = kExitInterrupted;
    return TurnOutcome::kLeave;
  }
  say(stopped ? "(stopped)\n\n" : "\n");
  return TurnOutcome::kGoOn;
}

Result<int> Chat::run() {
  HEARTH_ASSIGN(LoadedModel model, load_model(context_.environment, flags_.model));
  HEARTH_ASSIGN(Session session, model.engine->create_session(flags_.model.context));
  if (interactive()) {
    HEARTH_ASSIGN(reader_, make_terminal_reader(history_));
  } else {
    reader_ = make_pipe_reader();
  }
  start_over();
  say(concat("hearth: ", model.name, " on this machine, nothing leaves it. /help for help.\n"));
  // While a pipe is read, Ctrl-C ends the program; at a terminal it never does.
  std::optional<InterruptScope> interrupt;
  if (interactive()) interrupt.emplace();
  while (true) {
    std::string message;
    HEARTH_ASSIGN(const LineEvent event, read_message(message));
    if (event == LineEvent::kEnd) break;
    if (event == LineEvent::kInterrupted) {
      say("(Ctrl-D or /bye leaves)\n");
      continue;
    }
    while (!message.empty() && (message.back() == ' ' || message.back() == '\t')) {
      message.pop_back();
    }
    if (message.empty()) continue;
    reader_->remember(message);
    if (message.starts_with('/')) {
      if (command(message) == TurnOutcome::kLeave) return status_;
      continue;
    }
    if (const auto kept = history_.append(message); !kept.ok()) note_error(kept.error());
    if (!interactive()) interrupt.emplace();
    const auto outcome = answer(model, session, message);
    if (!interactive()) interrupt.reset();
    if (!outcome.ok()) {
      note_error(outcome.error());
    } else if (*outcome == TurnOutcome::kLeave) {
      return status_;
    }
  }
  say("\n");
  return status_;
}

// Past lines; where they cannot be had, a note and a chat without.
ChatHistory open_history(const CommandContext& context, int32_t days_max) {
  const auto open = [&]() -> Result<ChatHistory> {
    HEARTH_ASSIGN(const auto folder, context.environment.state_folder());
    return ChatHistory::open(folder, days_max, std::time(nullptr));
  };
  auto history = open();
  if (history.ok()) {
    for (const std::string& note : history->notes()) print_note(note);
    return std::move(*history);
  }
  print_note(concat("history: off: ", printable(history.error().message(), 500)));
  return {};
}

class ChatCommand : public Command {
 public:
  std::string name() const override { return "chat"; }
  std::string summary() const override { return "Talk, keeping the conversation in mind"; }

  void declare(Options& options) override { flags_.declare(options); }

  Result<int> run(const CommandContext& context) override {
    HEARTH_TRY(flags_.finish(context.options));
    HEARTH_TRY(flags_.take_settings(context.environment, context.options));
    return run_chat(context, flags_);
  }

 private:
  GenerationFlags flags_;
};

}  // namespace

Result<int> run_chat(const CommandContext& context, const GenerationFlags& flags) {
  ChatHistory history;
  if (flags.history && context.environment.stdin_is_terminal()) {
    history = open_history(context, flags.history_days);
  }
  TelemetryUse telemetry(context.environment);
  LockdownOptions confined;
  telemetry.confine(confined);
  if (!history.folder().empty()) confined.writable.push_back(history.folder());
  HEARTH_TRY(lock_in(confined));
  return Chat(context, flags, std::move(history), telemetry).run();
}

std::unique_ptr<Command> make_chat_command() { return std::make_unique<ChatCommand>(); }

}  // namespace hearth

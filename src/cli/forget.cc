// SPDX-License-Identifier: Apache-2.0
// hearth forget: what hearth keeps of the user, and how to erase it.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/forget_choices.h"
#include "cli/input.h"
#include "cli/kept_state.h"
#include "cli/table.h"

namespace hearth {
namespace {

using Json = nlohmann::ordered_json;

std::string erased_text(const Erased& erased) {
  return concat("erased: ", erased.conversations, " chats, the keys of ", erased.session_keys,
                " session folders, the kept messages of ", erased.kept_days, " days, ",
                erased.telemetry_reports, " telemetry reports\n");
}

class ForgetCommand : public Command {
 public:
  std::string name() const override { return "forget"; }
  std::string summary() const override {
    return "Erase what hearth keeps of you (without a word: list it)";
  }

  void declare(Options& options) override {
    options.words(
        {"WHAT", "WHAT", "all, histories, conversation ID, sessions, kept, telemetry; lost"},
        words_);
    options.flag({"--yes", "", "Do not ask"}, yes_);
  }

  Result<int> run(const CommandContext& context) override;

 private:
  std::string joined() const;
  Result<void> list(const CommandContext& context, const std::filesystem::path& state) const;
  Result<void> confirm(const CommandContext& context, std::string_view what) const;
  Result<int> forget_one(const CommandContext& context, const std::filesystem::path& state) const;
  Result<int> forget_lost_key(const CommandContext& context,
                              const std::filesystem::path& state) const;

  std::vector<std::string> words_;
  bool yes_ = false;
};

Result<void> ForgetCommand::list(const CommandContext& context,
                                 const std::filesystem::path& state) const {
  const KeptState kept = kept_state(state);
  if (context.json) {
    Json conversations = Json::array();
    for (const KeptConversation& one : kept.conversations)
      conversations.push_back({{"id", one.id}, {"written_at", one.written_at}});
    context.out.write_json({{"conversations", std::move(conversations)},
                            {"plain_history", kept.has_plain_history},
                            {"session_keys", kept.session_keys},
                            {"kept_days", kept.kept_days},
                            {"telemetry", kept.has_telemetry}});
    return {};
  }
  Table table({"CONVERSATION", "LAST WRITTEN"});
  for (const KeptConversation& one : kept.conversations)
    table.add({printable(one.id, 60), one.written_at});
  if (!kept.conversations.empty()) context.out.write(table.text() + "\n");
  context.out.write(concat(kept.conversations.size(), " chats",
                           kept.has_plain_history ? ", and one file in plain text" : "",
                           "; keys of ", kept.session_keys, " session folders; kept messages of ",
                           kept.kept_days.size(), " days; telemetry ",
                           kept.has_telemetry ? "on" : "off", "\n"));
  return {};
}

std::string ForgetCommand::joined() const {
  std::string text;
  for (const std::string& word : words_) text += concat(text.empty() ? "" : " ", word);
  return text;
}

// Errors: kUsage (nobody to ask), kCancelled (no).
Result<void> ForgetCommand::confirm(const CommandContext& context, std::string_view what) const {
  if (yes_) return {};
  if (!context.environment.stdin_is_terminal() || !context.environment.stderr_is_terminal()) {
    return Error(ErrorCode::kUsage,
                 concat("forget: erases ", what, " for good; give --yes where that is meant"));
  }
  const std::string question = concat("Erase ", what, ", for good? [y/N] ");
  std::fwrite(question.data(), 1, question.size(), stderr);
  StdinLines lines;
  std::string answer;
  HEARTH_ASSIGN(const bool has_answer, lines.next(answer));
  if (has_answer && (answer == "y" || answer == "Y" || answer == "yes")) return {};
  print_note("forget: nothing was erased");
  return Error(ErrorCode::kCancelled, "forget: you said no");
}

Result<int> ForgetCommand::forget_lost_key(const CommandContext& context,
                                           const std::filesystem::path& state) const {
  HEARTH_TRY(confirm(context, "what no key here opens"));
  HEARTH_ASSIGN(const Lost lost, forget_lost(state));
  if (context.json) {
    context.out.write_json(
        {{"erased", erased_json(lost.erased)}, {"ledger_moved_to", lost.ledger_moved_to.string()}});
    return 0;
  }
  context.out.write(erased_text(lost.erased));
  if (!lost.ledger_moved_to.empty())
    context.out.write(concat("the ledger, which cannot be verified any more, is in ",
                             printable(lost.ledger_moved_to.string(), 300), "\n"));
  return 0;
}

Result<int> ForgetCommand::forget_one(const CommandContext& context,
                                      const std::filesystem::path& state) const {
  HEARTH_TRY(confirm(context, concat("conversation ", printable(words_[1]))));
  HEARTH_TRY(forget_conversation(state, words_[1]));
  Erased erased;
  erased.conversations = 1;
  if (context.json) {
    context.out.write_json({{"erased", erased_json(erased)}});
  } else {
    context.out.write(concat("erased: conversation ", printable(words_[1]), "\n"));
  }
  return 0;
}

Result<int> ForgetCommand::run(const CommandContext& context) {
  HEARTH_ASSIGN(const auto state, context.environment.state_folder());
  if (words_.empty()) {
    HEARTH_TRY(list(context, state));
    return 0;
  }
  if (words_[0] == "conversation" && words_.size() == 2) return forget_one(context, state);
  if (words_.size() == 1 && words_[0] == "lost") return forget_lost_key(context, state);
  HEARTH_ASSIGN(const ForgetChoice* choice, find_forget_choice(joined()));
  HEARTH_TRY(confirm(context, choice->what_it_is));
  HEARTH_ASSIGN(const Erased erased, forget(state, choice->what));
  if (context.json) {
    context.out.write_json({{"erased", erased_json(erased)}});
  } else {
    context.out.write(erased_text(erased));
  }
  return 0;
}

}  // namespace

std::unique_ptr<Command> make_forget_command() { return std::make_unique<ForgetCommand>(); }

}  // namespace hearth

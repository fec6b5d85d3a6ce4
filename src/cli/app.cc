// SPDX-License-Identifier: Apache-2.0
// From argv to a command, and from its result to an exit status.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "base/status_codes.h"
#include "base/strings.h"
#include "cli/command.h"
#include "cli/interrupt.h"
#include "cli/version.h"

namespace hearth {
namespace {

// A command with what CLI11 knows about it.
struct Entry {
  std::unique_ptr<Command> command;
  CLI::App* app;
  std::unique_ptr<Options> options;
  bool is_declared = false;
};

// What help says of a group of commands.
std::string group_summary(std::string_view name) {
  if (name == "eval") return "Measure a model";
  if (name == "ledger") return "What left this machine, and that the record of it is whole";
  if (name == "telemetry") return "What would be counted and sent, and whether it is";
  if (name == "policy") return "What may leave this machine, and when";
  return "Who answers a request, and how well that is chosen";
}

class CommandLine {
 public:
  CommandLine();
  int run(int argc, const char* const* argv);

 private:
  CLI::App* add_group(const std::string& name);
  void add(std::unique_ptr<Command> command);
  void declare(Entry& entry);
  Result<void> parse(const std::vector<std::string>& words);
  void print_help();
  Result<int> run_parsed();
  Error usage_error(const CLI::ParseError& error) const;
  std::string parsed_name() const;
  int report(const Error& error);

  Environment environment_ = Environment::read();
  Output out_;
  CLI::App root_{"Small language models on your own machine.", "hearth"};
  std::vector<Entry> entries_;
  bool json_ = false;
  bool version_ = false;
  bool help_ = false;
};

CommandLine::CommandLine() {
  root_.require_subcommand(0, 1);  // with a limit, "run chat" takes "chat" for a prompt
  root_.add_flag("--version", version_, "Show the version and the instruction set in use");
  root_.add_flag("--json", json_, "Results and errors as JSON");
  root_.footer("Each command explains itself: hearth run --help");
  for (auto& command : make_commands()) add(std::move(command));
}

CLI::App* CommandLine::add_group(const std::string& name) {
  CLI::App* app = root_.add_subcommand(name, group_summary(name));
  app->require_subcommand(1);
  app->add_flag("--json", json_, "Results and errors as JSON");
  return app;
}

void CommandLine::add(std::unique_ptr<Command> command) {
  CLI::App* parent = &root_;
  std::string name = command->name();
  if (const std::size_t space = name.find(' '); space != std::string::npos) {
    const std::string group = name.substr(0, space);
    name = name.substr(space + 1);
    const auto groups =
        root_.get_subcommands([&](const CLI::App* app) { return app->get_name() == group; });
    parent = groups.empty() ? add_group(group) : groups.front();
  }
  CLI::App* app = parent->add_subcommand(name, command->summary());
  entries_.push_back({std::move(command), app, std::make_unique<Options>(*app)});
  // Once the command's name was read, and no sooner: the options of all would cost start-up.
  app->preparse_callback(
      [this, index = entries_.size() - 1](std::size_t) { declare(entries_[index]); });
}

void CommandLine::declare(Entry& entry) {
  if (std::exchange(entry.is_declared, true)) return;
  entry.command->declare(*entry.options);
  entry.app->add_flag("--json", json_, "Results and errors as JSON");
}

std::string CommandLine::parsed_name() const {
  std::string name = "hearth";
  for (const CLI::App* app = &root_; !app->get_subcommands().empty();) {
    app = app->get_subcommands().front();
    name += " " + app->get_name();
  }
  return name;
}

Error CommandLine::usage_error(const CLI::ParseError& error) const {
  const std::string name = parsed_name();
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr) {
    const std::vector<std::string> extras = root_.remaining(/*recurse=*/true);
    // Options first: the words beside them may be their values.
    const auto option = std::find_if(extras.begin(), extras.end(), [](const std::string& word) {
      return word.starts_with('-') && word != "-";
    });
    if (option != extras.end()) {
      return Error(ErrorCode::kUsage,
                   concat(printable(*option), ": unknown option of `", name, "`; see `", name,
                          " --help` (text that begins with - goes after --)"));
    }
    return Error(ErrorCode::kUsage,
                 concat(extras.empty() ? "" : printable(extras.front()),
                        ": one word too many for `", name, "`; see `", name, " --help`"));
  }
  const std::string message = printable(error.what(), 500);
  if (message.find("; ") != std::string::npos) return Error(ErrorCode::kUsage, message);  // ours
  const std::string_view command = std::string_view(name).substr(name.find(' ') + 1);
  return Error(ErrorCode::kUsage, concat(command, ": ", message, "; see `", name, " --help`"));
}

void CommandLine::print_help() {
  std::string path;
  const CLI::App* app = &root_;
  while (!app->get_subcommands().empty()) {
    path += (path.empty() ? "" : " ") + app->get_name();
    app = app->get_subcommands().front();
  }
  out_.write(app->help(path));
}

Result<int> CommandLine::run_parsed() {
  if (help_) {
    print_help();
    return 0;
  }
  if (version_) {
    print_version(out_, json_);
    return 0;
  }
  for (Entry& entry : entries_) {
    if (!entry.app->parsed()) continue;
    if (entry.command->wants_all_options()) {
      for (Entry& other : entries_) declare(other);
    }
    HEARTH_TRY(entry.options->apply_settings(environment_));
    return entry.command->run({environment_, root_, *entry.options, out_, json_});
  }
  return Error(ErrorCode::kUsage, "no command: nothing to do; see `hearth --help`");
}

int CommandLine::report(const Error& error) {
  show_error(out_, json_, error);
  return exit_status(error.code());
}

Result<void> CommandLine::parse(const std::vector<std::string>& words) {
  std::vector<std::string> reversed = shield_words(words);  // CLI11 takes the last word first
  std::reverse(reversed.begin(), reversed.end());
  try {
    root_.parse(std::move(reversed));
  } catch (const CLI::CallForHelp&) {
    help_ = true;
  } catch (const CLI::ParseError& error) {
    // CLI11 stops before it has seen all flags.
    json_ = std::find(words.begin(), words.end(), "--json") != words.end();
    return usage_error(error);
  }
  return {};
}

int CommandLine::run(int argc, const char* const* argv) {
  if (const auto parsed = parse({argv + 1, argv + argc}); !parsed.ok()) {
    return report(parsed.error());
  }
  const auto result = run_parsed();
  int status = result.ok() ? *result : report(result.error());
  const auto written = out_.status();
  if (!written.ok() && status == 0) {
    print_note(written.error().message());
    status = exit_status(written.error().code());
  }
  return status;
}

}  // namespace

int run_command_line(int argc, const char* const* argv) {
  install_signal_handlers();
  return CommandLine().run(argc, argv);
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// hearth completions: scripts for shells, made from the command line as it is declared, so that
// they cannot lag behind it.
#include <CLI/CLI.hpp>
#include <functional>

#include "base/strings.h"
#include "cli/commands.h"

namespace hearth {
namespace {

// What may follow an option, or stand as a word.
enum class Completion { kNothing, kFile, kModel, kShell };

struct OptionEntry {
  std::vector<std::string> names;  // with their dashes; empty for positionals
  std::string help;
  bool takes_value;
  Completion completion;
};

struct CommandEntry {
  std::string path;                                              // "hearth eval kl"
  std::vector<std::pair<std::string, std::string>> subcommands;  // name, help
  std::vector<OptionEntry> options;
};

Completion completion_of(const std::string& value_name) {
  if (value_name == "FILE") return Completion::kFile;
  if (value_name == "MODEL" || value_name == "NAME") return Completion::kModel;
  if (value_name == "SHELL") return Completion::kShell;
  return Completion::kNothing;
}

OptionEntry option_entry(const CLI::Option& option) {
  OptionEntry entry{{},
                    option.get_description(),
                    option.get_type_size() > 0,
                    completion_of(option.get_type_name())};
  for (const std::string& name : option.get_snames()) entry.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) entry.names.push_back("--" + name);
  return entry;
}

std::vector<CommandEntry> collect(const CLI::App& root) {
  std::vector<CommandEntry> entries;
  const std::function<void(const CLI::App&, const std::string&)> visit =
      [&](const CLI::App& app, const std::string& path) {
        CommandEntry entry{path, {}, {}};
        const auto subcommands = app.get_subcommands([](const CLI::App*) { return true; });
        for (const CLI::App* sub : subcommands) {
          entry.subcommands.emplace_back(sub->get_name(), sub->get_description());
        }
        for (const CLI::Option* option : app.get_options()) {
          entry.options.push_back(option_entry(*option));
        }
        entries.push_back(std::move(entry));
        for (const CLI::App* sub : subcommands) visit(*sub, path + " " + sub->get_name());
      };
  visit(root, "hearth");
  return entries;
}

// In single quotes of any of the shells' languages.
std::string quoted(std::string_view text, std::string_view quote_escape) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += quote_escape;
    } else {
      out += c;
    }
  }
  return out + "'";
}

std::string joined(const std::vector<std::string>& words, std::string_view separator) {
  std::string out;
  for (const std::string& word : words) out += concat(out.empty() ? "" : separator, word);
  return out;
}

// "'hearth run'|'hearth eval'|..." of all commands but the root.
std::string path_patterns(const std::vector<CommandEntry>& entries) {
  std::vector<std::string> paths;
  for (const CommandEntry& entry : entries) {
    if (entry.path != "hearth") paths.push_back("'" + entry.path + "'");
  }
  return joined(paths, "|");
}

constexpr std::string_view kModelNames = "$(hearth ls --quiet 2>/dev/null)";

std::string bash_reply(Completion completion) {
  switch (completion) {
    case Completion::kFile:
      return "COMPREPLY=($(compgen -f -- \"$current\"))";
    case Completion::kModel:
      return concat("COMPREPLY=($(compgen -f -W \"", kModelNames, "\" -- \"$current\"))");
    case Completion::kShell:
      return "COMPREPLY=($(compgen -W 'bash zsh fish' -- \"$current\"))";
    case Completion::kNothing:
      break;
  }
  return "COMPREPLY=()";
}

// The case branch of one command: first what follows its options, then its words.
std::string bash_branch(const CommandEntry& entry) {
  std::string out = concat("    '", entry.path, "')\n      case $previous in\n");
  std::vector<std::string> words;
  std::string positional;
  for (const auto& [name, help] : entry.subcommands) words.push_back(name);
  for (const OptionEntry& option : entry.options) {
    if (option.names.empty()) positional = bash_reply(option.completion);
    for (const std::string& name : option.names) words.push_back(name);
    if (!option.takes_value || option.names.empty()) continue;
    out += concat("        ", joined(option.names, "|"), ") ", bash_reply(option.completion),
                  "; return ;;\n");
  }
  out += "      esac\n";
  if (!positional.empty()) {
    out += concat("      [[ $current != -* ]] && { ", positional, "; return; }\n");
  }
  return concat(out, "      COMPREPLY=($(compgen -W '", joined(words, " "),
                "' -- \"$current\")) ;;\n");
}

std::string bash_script(const std::vector<CommandEntry>& entries) {
  std::string out = concat(
      "# bash completion of hearth; load it with: source <(hearth completions bash)\n"
      "_hearth() {\n"
      "  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  local path=hearth word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path $word\" in\n      ",
      path_patterns(entries), ") path=\"$path $word\" ;;\n    esac\n  done\n  case $path in\n");
  for (const CommandEntry& entry : entries) out += bash_branch(entry);
  return out + "  esac\n}\ncomplete -o filenames -F _hearth hearth\n";
}

std::string zsh_action(Completion completion) {
  switch (completion) {
    case Completion::kFile:
      return "_files";
    case Completion::kModel:
      return concat("compadd -- ", kModelNames, "; _files");
    case Completion::kShell:
      return "compadd -- bash zsh fish";
    case Completion::kNothing:
      break;
  }
  return "_message value";
}

std::string zsh_branch(const CommandEntry& entry) {
  constexpr std::string_view kQuote = "'\\''";
  std::string out = concat("    '", entry.path, "')\n      case $previous in\n");
  std::string positional;
  std::string described;
  const auto describe = [&](const std::string& name, const std::string& help) {
    // A colon ends the name in _describe's notation.
    std::string text;
    for (const char c : name + ":" + help)
      text += c == ':' && text.size() > name.size() ? "\\:" : std::string(1, c);
    described += "        " + quoted(text, kQuote) + "\n";
  };
  for (const auto& [name, help] : entry.subcommands) describe(name, help);
  for (const OptionEntry& option : entry.options) {
    if (option.names.empty()) positional = zsh_action(option.completion);
    for (const std::string& name : option.names) describe(name, option.help);
    if (!option.takes_value || option.names.empty()) continue;
    out += concat("        ", joined(option.names, "|"), ") ", zsh_action(option.completion),
                  "; return ;;\n");
  }
  out += "      esac\n";
  if (!positional.empty()) {
    out += concat("      [[ $words[CURRENT] != -* ]] && { ", positional, "; return }\n");
  }
  return concat(out, "      described=(\n", described,
                "      )\n      _describe hearth described ;;\n");
}

std::string zsh_script(const std::vector<CommandEntry>& entries) {
  std::string out = concat(
      "#compdef hearth\n"
      "# zsh completion of hearth; load it with: source <(hearth completions zsh)\n"
      "_hearth() {\n"
      "  local previous=$words[CURRENT-1] path_=hearth word\n"
      "  local -a described\n"
      "  for word in \"${(@)words[2,CURRENT-1]}\"; do\n"
      "    case \"$path_ $word\" in\n      ",
      path_patterns(entries), ") path_=\"$path_ $word\" ;;\n    esac\n  done\n  case $path_ in\n");
  for (const CommandEntry& entry : entries) out += zsh_branch(entry);
  return out +
         "  esac\n}\n"
         "if [[ $funcstack[1] = _hearth ]]; then _hearth \"$@\"; else compdef _hearth hearth; fi\n";
}

std::string fish_arguments(const OptionEntry& option) {
  switch (option.completion) {
    case Completion::kFile:
      return " -r -F";
    case Completion::kModel:
      return " -r -F -a '(hearth ls --quiet 2>/dev/null)'";
    case Completion::kShell:
      return " -x -a 'bash zsh fish'";
    case Completion::kNothing:
      break;
  }
  return option.takes_value ? " -x" : "";
}

std::string fish_script(const std::vector<CommandEntry>& entries) {
  constexpr std::string_view kQuote = "\\'";
  std::string out = concat(
      "# fish completion of hearth; load it with: hearth completions fish | source\n"
      "function __hearth_at\n"
      "  set -l path hearth\n"
      "  for word in (commandline -opc)[2..]\n"
      "    switch \"$path $word\"\n"
      "      case ");
  for (const CommandEntry& entry : entries) {
    if (entry.path != "hearth") out += "'" + entry.path + "' ";
  }
  out +=
      "\n        set path \"$path $word\"\n    end\n  end\n  test \"$path\" = \"$argv\"\nend\n"
      "complete -c hearth -f\n";
  for (const CommandEntry& entry : entries) {
    const std::string at = concat("complete -c hearth -n \"__hearth_at ", entry.path, "\"");
    for (const auto& [name, help] : entry.subcommands) {
      out += concat(at, " -a ", name, " -d ", quoted(help, kQuote), "\n");
    }
    for (const OptionEntry& option : entry.options) {
      std::string names;
      for (const std::string& name : option.names) {
        const bool is_long = name.starts_with("--");
        names += is_long ? " -l " + name.substr(2) : " -s " + name.substr(1);
      }
      if (names.empty() && option.completion == Completion::kNothing) continue;
      out += concat(at, names, fish_arguments(option), " -d ", quoted(option.help, kQuote), "\n");
    }
  }
  return out;
}

class CompletionsCommand : public Command {
 public:
  std::string name() const override { return "completions"; }
  bool wants_all_options() const override { return true; }
  std::string summary() const override { return "Completion script for bash, zsh or fish"; }

  void declare(Options& options) override {
    options.text({"SHELL", "SHELL", "bash, zsh or fish"}, shell_, Presence::kRequired);
  }

  Result<int> run(const CommandContext& context) override {
    const auto entries = collect(context.app);
    if (shell_ == "bash") {
      context.out.write(bash_script(entries));
    } else if (shell_ == "zsh") {
      context.out.write(zsh_script(entries));
    } else if (shell_ == "fish") {
      context.out.write(fish_script(entries));
    } else {
      return Error(ErrorCode::kUsage, concat("completions: \"", printable(shell_),
                                             "\" is not known; choose bash, zsh or fish"));
    }
    return 0;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completions_command() {
  return std::make_unique<CompletionsCommand>();
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// A command of hearth: one class in one file, one line in commands.cc.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/environment.h"
#include "cli/options.h"
#include "cli/output.h"

namespace hearth {

// What a command is run with; borrowed for the run.
struct CommandContext {
  const Environment& environment;
  const CLI::App& app;     // the whole command line, for completions
  const Options& options;  // the command's own
  Output& out;
  bool json;  // results as JSON
};

class Command {
 public:
  virtual ~Command() = default;

  virtual std::string name() const = 0;     // "run"; "eval kl" is kl of the group eval
  virtual std::string summary() const = 0;  // one line for help, no full stop
  // Declares everything but --json, which all commands have.
  virtual void declare(Options& options) = 0;
  // Whether run() looks at the options of all commands.
  virtual bool wants_all_options() const { return false; }
  // Returns the exit status of a command that did its work. Whether stdout could be written is the
  // caller's to check.
  virtual Result<int> run(const CommandContext& context) = 0;
};

// All commands, in the order of help.
std::vector<std::unique_ptr<Command>> make_commands();

// Parses the command line and runs the command; returns the exit status.
int run_command_line(int argc, const char* const* argv);

}  // namespace hearth

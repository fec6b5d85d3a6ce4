// SPDX-License-Identifier: Apache-2.0
// What a command declares to the command line. A thin layer over CLI11 for three reasons: one
// wording of errors, one precedence (flag > HEARTH_<KEY> > config.toml > default) with the same
// checks for all sources, and CLI11's headers in few files.
//
// Ownership: targets are borrowed until the command has run.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/environment.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace hearth {

struct OptionText {
  std::string names;         // "-n,--tokens"; a name without dashes is positional
  std::string value;         // what help calls the value: "N"
  std::string help;          // one line, no full stop
  std::string setting = "";  // key in config.toml (config.h lists all); empty: flag only
};

enum class Presence { kOptional, kRequired };

// Words as CLI11 is given them. It would take a word "[a,b]" apart where an option may have several
// values, and it loses words after "--". A shield in front of such a word prevents both; Options
// takes it off again.
std::vector<std::string> shield_words(const std::vector<std::string>& words);

class Options {
 public:
  explicit Options(CLI::App& app) : app_(app) {}

  void flag(const OptionText& option, bool& target);
  void text(const OptionText& option, std::string& target, Presence presence = Presence::kOptional);
  // May be given several times.
  void texts(const OptionText& option, std::vector<std::string>& target);
  // Positional; any number of words.
  void words(const OptionText& option, std::vector<std::string>& target,
             Presence presence = Presence::kOptional);
  // Numbers in plain decimal notation, within [min, max] where that is given.
  void number(const OptionText& option, int32_t& target, int32_t min, int32_t max);
  void number(const OptionText& option, uint64_t& target);
  void number(const OptionText& option, double& target);

  // Whether the command line, the environment or config.toml gave the option a value; whether the
  // command line did.
  bool given(const std::string& setting) const { return given_.contains(setting); }
  bool on_command_line(const std::string& setting) const;
  // Whether it was given for this run: by the command line or the environment.
  bool for_this_run(const std::string& setting) const;

  // Fills from environment and config.toml what the command line left open. Errors: kUsage (a value
  // that does not fit: names where it came from), and those of read_config().
  Result<void> apply_settings(const Environment& environment);

 private:
  // Checks a value and stores it; `source` is what errors call its place.
  using Setter = std::function<Result<void>(const std::string& source, const std::string& value)>;
  struct Bound {
    std::string setting;
    CLI::Option* option;
    Setter set;
  };
  CLI::Option* bind(const OptionText& option, Presence presence, Setter set);
  void declare_setting(const OptionText& option, CLI::Option* handle, Setter set);

  CLI::App& app_;
  std::vector<Bound> bound_;
  enum class Source { kCommandLine, kEnvironment, kConfig };
  std::map<std::string, Source> given_;  // by setting
};

}  // namespace hearth

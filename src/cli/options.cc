// SPDX-License-Identifier: Apache-2.0
#include "cli/options.h"

#include <CLI/CLI.hpp>
#include <charconv>
#include <optional>

#include "base/strings.h"
#include "cli/config.h"

namespace hearth {
namespace {

Error bad_value(const std::string& source, const std::string& value, std::string_view why) {
  return Error(ErrorCode::kUsage, concat(source, ": \"", printable(value), "\" ", why));
}

template <typename Number>
std::optional<Number> parse_number(const std::string& text) {
  Number number{};
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc() || stop != end || text.empty()) return std::nullopt;
  return number;
}

// Where the option's value stands on the command line: its first name.
std::string option_source(const OptionText& option) {
  return option.names.substr(0, option.names.find(','));
}

constexpr char kShield = '\x01';

std::string unshield(const std::string& word) {
  return word.starts_with(kShield) ? word.substr(1) : word;
}

// CLI11 reports errors by exceptions, also from our checks of values; app.cc catches them.
void throw_error(const Error& error) {
  throw CLI::ParseError(error.message(), CLI::ExitCodes::ValidationError);
}

}  // namespace

std::vector<std::string> shield_words(const std::vector<std::string>& words) {
  std::vector<std::string> shielded;
  bool only_words = false;
  for (const std::string& word : words) {
    if (!only_words && word == "--") {
      only_words = true;
      continue;
    }
    const bool needed = only_words || word.starts_with('[') || word.starts_with(kShield);
    shielded.push_back(needed ? kShield + word : word);
  }
  return shielded;
}

void Options::declare_setting(const OptionText& option, CLI::Option* handle, Setter set) {
  if (option.setting.empty()) return;
  HEARTH_CHECK(is_setting(option.setting));
  bound_.push_back({option.setting, handle, std::move(set)});
}

CLI::Option* Options::bind(const OptionText& option, Presence presence, Setter set) {
  const std::string source = option_source(option);
  const auto set_all = [source, set](const CLI::results_t& values) {
    for (const std::string& value : values) {
      if (const auto stored = set(source, unshield(value)); !stored.ok()) {
        throw_error(stored.error());
      }
    }
    return true;
  };
  CLI::Option* handle = app_.add_option(option.names, CLI::callback_t(set_all), option.help);
  handle->type_name(option.value);
  if (presence == Presence::kRequired) handle->required();
  return handle;
}

void Options::flag(const OptionText& option, bool& target) {
  CLI::Option* handle = app_.add_flag(
      option.names, [&target](std::int64_t count) { target = count > 0; }, option.help);
  declare_setting(option, handle, [&target](const std::string& source, const std::string& value) {
    if (value != "true" && value != "1" && value != "false" && value != "0") {
      return Result<void>(bad_value(source, value, "is neither true nor false; write one of them"));
    }
    target = value == "true" || value == "1";
    return Result<void>();
  });
}

void Options::text(const OptionText& option, std::string& target, Presence presence) {
  const Setter set = [&target](const std::string&, const std::string& value) {
    target = value;
    return Result<void>();
  };
  declare_setting(option, bind(option, presence, set), set);
}

void Options::texts(const OptionText& option, std::vector<std::string>& target) {
  bind(option, Presence::kOptional, [&target](const std::string&, const std::string& value) {
    target.push_back(value);
    return Result<void>();
  })->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

void Options::words(const OptionText& option, std::vector<std::string>& target, Presence presence) {
  bind(option, presence,
       [&target](const std::string&, const std::string& value) {
         target.push_back(value);
         return Result<void>();
       })
      ->expected(presence == Presence::kRequired ? 1 : 0, -1)
      ->allow_extra_args();
}

void Options::number(const OptionText& option, int32_t& target, int32_t min, int32_t max) {
  const Setter set = [&target, min, max](const std::string& source, const std::string& value) {
    const auto number = parse_number<int64_t>(value);
    if (!number || *number < min || *number > max) {
      return Result<void>(bad_value(
          source, value, concat("is not a whole number from ", min, " to ", max, "; give one")));
    }
    target = static_cast<int32_t>(*number);
    return Result<void>();
  };
  declare_setting(option, bind(option, Presence::kOptional, set), set);
}

void Options::number(const OptionText& option, uint64_t& target) {
  const Setter set = [&target](const std::string& source, const std::string& value) {
    const auto number = parse_number<uint64_t>(value);
    if (!number) {
      return Result<void>(bad_value(
          source, value, "is not a whole number from 0 to 18446744073709551615; give one"));
    }
    target = *number;
    return Result<void>();
  };
  declare_setting(option, bind(option, Presence::kOptional, set), set);
}

void Options::number(const OptionText& option, double& target) {
  const Setter set = [&target](const std::string& source, const std::string& value) {
    const auto number = parse_number<double>(value);
    if (!number) return Result<void>(bad_value(source, value, "is not a number; give one"));
    target = *number;  // NaN and ranges are the engine's to judge: SamplingOptions::validate
    return Result<void>();
  };
  declare_setting(option, bind(option, Presence::kOptional, set), set);
}

bool Options::on_command_line(const std::string& setting) const {
  const auto found = given_.find(setting);
  return found != given_.end() && found->second == Source::kCommandLine;
}

bool Options::for_this_run(const std::string& setting) const {
  const auto found = given_.find(setting);
  return found != given_.end() && found->second != Source::kConfig;
}

Result<void> Options::apply_settings(const Environment& environment) {
  std::map<std::string, std::string> config;
  if (!bound_.empty()) {
    // Without HOME there is no config.toml, which is no error.
    if (const auto path = environment.config_file(); path.ok()) {
      HEARTH_ASSIGN(config, read_config(*path));
    }
  }
  for (const Bound& bound : bound_) {
    const std::string variable = setting_variable(bound.setting);
    if (bound.option->count() > 0) {
      given_[bound.setting] = Source::kCommandLine;
    } else if (const auto value = environment.variable(variable)) {
      HEARTH_TRY(bound.set(variable, *value));
      given_[bound.setting] = Source::kEnvironment;
    } else if (const auto found = config.find(bound.setting); found != config.end()) {
      HEARTH_TRY(bound.set(concat("config.toml: ", bound.setting), found->second));
      given_[bound.setting] = Source::kConfig;
    }
  }
  return {};
}

}  // namespace hearth

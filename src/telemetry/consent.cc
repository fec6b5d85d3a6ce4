// SPDX-License-Identifier: Apache-2.0
#include "telemetry/consent.h"

#include <array>
#include <string>

#include "base/files.h"
#include "base/strings.h"
#include "toml/toml_reader.h"

namespace hearth {
namespace {

constexpr std::size_t kFileBytesMax = 1 << 16;
constexpr std::array<std::string_view, 2> kRules = {"user", "off"};

}  // namespace

std::string_view consent_by_name(ConsentBy by) {
  constexpr std::array<std::string_view, 4> kNames = {"do_not_track", "administrator", "user",
                                                      "default"};
  return kNames[static_cast<std::size_t>(by)];
}

Result<AdministratorRule> read_administrator_rule(const std::filesystem::path& file) {
  const auto text = read_file(file, kFileBytesMax);
  if (!text.ok() && text.error().code() == ErrorCode::kNotFound)
    return AdministratorRule::kEachUser;
  if (!text.ok()) return text.error();
  HEARTH_ASSIGN(TomlReader reader, TomlReader::parse(*text, printable(file.string(), 300)));
  const auto choice = reader.choice_if("telemetry", kRules);
  HEARTH_TRY(reader.finish());
  return choice == 1u ? AdministratorRule::kNobody : AdministratorRule::kEachUser;
}

TelemetryConsent decide_consent(bool do_not_track, AdministratorRule rule, bool has_consented) {
  if (do_not_track) return {false, ConsentBy::kDoNotTrack};
  if (rule == AdministratorRule::kNobody) return {false, ConsentBy::kAdministrator};
  if (has_consented) return {true, ConsentBy::kUser};
  return {};
}

bool says_do_not_track(std::string_view value) {
  return !value.empty() && value != "0" && value != "false";
}

}  // namespace hearth

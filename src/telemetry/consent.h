// SPDX-License-Identifier: Apache-2.0
// Whether anything may be counted and sent: DO_NOT_TRACK before the administrator before the user,
// and no without a word of the user's. Pure, but for reading the administrator's file.
#pragma once

#include <filesystem>
#include <string_view>

#include "base/result.h"

namespace hearth {

// What an administrator can say: nobody on this machine, or each user for himself. Nobody consents
// for others.
enum class AdministratorRule { kEachUser, kNobody };

enum class ConsentBy { kDoNotTrack, kAdministrator, kUser, kNobodySaid };

struct TelemetryConsent {
  bool is_given = false;
  ConsentBy by = ConsentBy::kNobodySaid;
};

// "do_not_track", "administrator", "user", "default".
std::string_view consent_by_name(ConsentBy by);

// The administrator's file: `telemetry = "off"` or `telemetry = "user"`, nothing else; none is
// "user". Errors: kCorrupt, kUsage (what is wrong with it, and where), kUnavailable; whoever gets
// one must take it for kNobody.
Result<AdministratorRule> read_administrator_rule(const std::filesystem::path& file);

// `has_consented`: what the user said, if anything.
TelemetryConsent decide_consent(bool do_not_track, AdministratorRule rule, bool has_consented);

// Whether the variable DO_NOT_TRACK says so: set, and none of 0, false and the empty text.
bool says_do_not_track(std::string_view value);

}  // namespace hearth

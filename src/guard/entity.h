// SPDX-License-Identifier: Apache-2.0
// What the guard looks for: kinds of personal data and secrets, and how much harm each does when it
// leaves. The table in entity.cc is the one place that lists them. Values; no threading concerns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/sensitivity.h"

namespace hearth {

enum class EntityKind : uint8_t {
  kPerson,
  kAddress,
  kOrganisation,
  kPhone,
  kEmail,
  kIpAddress,
  kMacAddress,
  kCoordinates,
  kVehicle,
  kBirthDate,
  kCard,
  kIban,
  kRoutingNumber,
  kNhsNumber,
  kAadhaar,
  kSocialSecurity,
  kNationalId,
  kPassword,
  kToken,
  kPrivateKey,
  kUrlCredentials,
  kLiteral,
};

enum class Checksum : uint8_t { kNone, kPresent };

struct KindInfo {
  EntityKind kind;
  std::string_view name;  // as in placeholders and JSON: "PERSON"
  Sensitivity sensitivity;
  Checksum checksum;  // present: found only where the check digits agree
};

// All kinds, in the order of the enum.
std::span<const KindInfo> entity_kinds();
const KindInfo& kind_info(EntityKind kind);
std::optional<EntityKind> find_kind(std::string_view name);

// A piece of a text: bytes [begin, end).
struct Entity {
  EntityKind kind;
  std::size_t begin;
  std::size_t end;

  bool operator==(const Entity&) const = default;
};

}  // namespace hearth

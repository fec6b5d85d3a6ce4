// SPDX-License-Identifier: Apache-2.0
#include "guard/entity.h"

#include "base/check.h"

namespace hearth {
namespace {

constexpr KindInfo kKinds[] = {
    {EntityKind::kPerson, "PERSON", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kAddress, "ADDRESS", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kOrganisation, "ORGANISATION", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kPhone, "PHONE", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kEmail, "EMAIL", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kIpAddress, "IP", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kMacAddress, "MAC", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kCoordinates, "COORDINATES", Sensitivity::kPersonal, Checksum::kNone},
    {EntityKind::kVehicle, "VIN", Sensitivity::kPersonal, Checksum::kPresent},
    {EntityKind::kBirthDate, "BIRTH_DATE", Sensitivity::kSensitive, Checksum::kNone},
    {EntityKind::kCard, "CARD", Sensitivity::kSensitive, Checksum::kPresent},
    {EntityKind::kIban, "IBAN", Sensitivity::kSensitive, Checksum::kPresent},
    {EntityKind::kRoutingNumber, "ABA", Sensitivity::kPersonal, Checksum::kPresent},
    {EntityKind::kNhsNumber, "NHS", Sensitivity::kSensitive, Checksum::kPresent},
    {EntityKind::kAadhaar, "AADHAAR", Sensitivity::kSensitive, Checksum::kPresent},
    {EntityKind::kSocialSecurity, "SSN", Sensitivity::kSensitive, Checksum::kNone},
    {EntityKind::kNationalId, "NATIONAL_ID", Sensitivity::kSensitive, Checksum::kPresent},
    {EntityKind::kPassword, "PASSWORD", Sensitivity::kSecret, Checksum::kNone},
    {EntityKind::kToken, "TOKEN", Sensitivity::kSecret, Checksum::kNone},
    {EntityKind::kPrivateKey, "PRIVATE_KEY", Sensitivity::kSecret, Checksum::kNone},
    {EntityKind::kUrlCredentials, "URL_CREDENTIALS", Sensitivity::kSecret, Checksum::kNone},
    // Not personal: what looks like one of our placeholders in a text that is none of ours.
    {EntityKind::kLiteral, "LITERAL", Sensitivity::kPublic, Checksum::kNone},
};

}  // namespace

std::span<const KindInfo> entity_kinds() { return kKinds; }

const KindInfo& kind_info(EntityKind kind) {
  const KindInfo& info = kKinds[static_cast<std::size_t>(kind)];
  HEARTH_CHECK(info.kind == kind);
  return info;
}

std::optional<EntityKind> find_kind(std::string_view name) {
  for (const KindInfo& info : kKinds) {
    if (info.name == name) return info.kind;
  }
  return std::nullopt;
}

}  // namespace hearth

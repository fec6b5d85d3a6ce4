// SPDX-License-Identifier: Apache-2.0
// The detectors: each goes through a scan and adds what it finds. They may find overlapping things;
// guard.cc decides among them.
#pragma once

#include "guard/scan.h"

namespace hearth {

void detect_placeholders(Scan& scan);     // what looks like ours (pseudonyms.h)
void detect_checked_numbers(Scan& scan);  // cards, IBAN, and all others with check digits; SSN
void detect_phones(Scan& scan);
void detect_network(Scan& scan);  // e-mail, IP and MAC addresses, credentials in URLs
void detect_coordinates(Scan& scan);
void detect_birth_dates(Scan& scan);
void detect_secrets(Scan& scan);
void detect_people(Scan& scan);
void detect_addresses(Scan& scan);
void detect_organisations(Scan& scan);

}  // namespace hearth

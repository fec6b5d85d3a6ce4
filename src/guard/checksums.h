// SPDX-License-Identifier: Apache-2.0
// Check digits of the numbers that the guard knows. All take the bare characters: no spaces, no
// dashes, capitals; what has another form or length is false. Pure functions.
#pragma once

#include <cstddef>
#include <string_view>

namespace hearth {

// ISO/IEC 7812-1, annex B.
bool luhn_holds(std::string_view digits);
// Whether a card brand issues numbers that begin so, of that length.
bool is_card_range(std::string_view digits);

// ISO 13616: how long IBANs of the country are; 0 for countries without.
std::size_t iban_length(std::string_view country);
bool iban_holds(std::string_view iban);

bool routing_number_holds(std::string_view digits);  // ABA: ranges, weights 3 7 1
bool nhs_number_holds(std::string_view digits);      // NHS Data Dictionary: modulus 11
bool aadhaar_holds(std::string_view digits);         // UIDAI: Verhoeff 1969
bool vin_holds(std::string_view vin);  // 49 CFR 565.15: check digit in the ninth place

// The US Social Security Administration's rules: which numbers have never been given out.
bool social_security_possible(std::string_view digits);

// Numbers of people in the guard's ten locales.
bool dni_holds(std::string_view text);              // Spain: DNI and NIE, letter of modulus 23
bool codice_fiscale_holds(std::string_view text);   // Italy
bool nir_holds(std::string_view digits);            // France: 13 digits and 97 less their remainder
bool bsn_holds(std::string_view digits);            // Netherlands: the eleven test
bool pesel_holds(std::string_view digits);          // Poland: date and weights 1 3 7 9
bool cpf_holds(std::string_view digits);            // Brazil: two check digits
bool personnummer_holds(std::string_view digits);   // Sweden: date and Luhn; 10 or 12 digits
bool german_tax_id_holds(std::string_view digits);  // Germany: ISO 7064 MOD 11,10
bool insurance_number_possible(std::string_view text);  // United Kingdom: NINO, which has no digit

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What single words tell: names of people and places, parts of addresses and companies, and words
// near which a number or a text means something. Our own lists (*_names.cc, *_words.cc), compiled
// by hand for en_US, en_GB, de_DE, fr_FR, es_ES, it_IT, nl_NL, pl_PL, pt_BR and sv_SE; accents do
// not count. Constant data, built at first use; safe from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace hearth {

// A set of these bits.
using WordTraits = uint64_t;
inline constexpr WordTraits kWordGiven = 1ull << 0;
inline constexpr WordTraits kWordFamily = 1ull << 1;
inline constexpr WordTraits kWordCommon = 1ull << 2;  // an ordinary word, also where it is a name
inline constexpr WordTraits kWordCity = 1ull << 3;
inline constexpr WordTraits kWordCountry = 1ull << 4;
inline constexpr WordTraits kWordStreetBehind = 1ull << 5;   // Main Street
inline constexpr WordTraits kWordStreetBefore = 1ull << 6;   // rue de la Paix
inline constexpr WordTraits kWordUnit = 1ull << 7;           // Apt, Suite, Piso
inline constexpr WordTraits kWordCompany = 1ull << 8;        // Inc, GmbH: behind the name
inline constexpr WordTraits kWordCompanyBefore = 1ull << 9;  // Grupo, Fundacja: before it
inline constexpr WordTraits kWordTitle = 1ull << 10;         // Mrs, Herr
inline constexpr WordTraits kWordParticle = 1ull << 11;      // van, de la
inline constexpr WordTraits kWordMonth = 1ull << 12;
inline constexpr WordTraits kWordNameLabel = 1ull << 13;     // name: behind it stands one
inline constexpr WordTraits kWordGreeting = 1ull << 14;      // Dear, regards
inline constexpr WordTraits kWordNameParticle = 1ull << 15;  // van, de: inside a person's name
inline constexpr WordTraits kWordStreetSure = 1ull << 16;    // rue: a street without a number too
inline constexpr WordTraits kNearCard = 1ull << 20;
inline constexpr WordTraits kNearIban = 1ull << 21;
inline constexpr WordTraits kNearRouting = 1ull << 22;
inline constexpr WordTraits kNearNhs = 1ull << 23;
inline constexpr WordTraits kNearAadhaar = 1ull << 24;
inline constexpr WordTraits kNearSocialSecurity = 1ull << 25;
inline constexpr WordTraits kNearNationalId = 1ull << 26;
inline constexpr WordTraits kNearVehicle = 1ull << 27;
inline constexpr WordTraits kNearPhone = 1ull << 28;
inline constexpr WordTraits kNearBirth = 1ull << 29;
inline constexpr WordTraits kNearPassword = 1ull << 30;
inline constexpr WordTraits kNearToken = 1ull << 31;
inline constexpr WordTraits kNearCoordinates = 1ull << 32;
inline constexpr WordTraits kNearOtherNumber = 1ull << 33;  // order, invoice, version: no phone
// Which national number is meant; each of these words has kNearNationalId too.
inline constexpr WordTraits kNearBsn = 1ull << 34;
inline constexpr WordTraits kNearPesel = 1ull << 35;
inline constexpr WordTraits kNearCpf = 1ull << 36;
inline constexpr WordTraits kNearGermanTax = 1ull << 37;
inline constexpr WordTraits kNearOneNationalId = kNearBsn | kNearPesel | kNearCpf | kNearGermanTax;
inline constexpr WordTraits kNearAnyNumber =
    kNearCard | kNearIban | kNearRouting | kNearNhs | kNearAadhaar | kNearSocialSecurity |
    kNearNationalId | kNearVehicle | kNearPhone | kNearOtherNumber | kNearOneNationalId;

// A list: words in lower-case ASCII, with a space between.
struct WordList {
  WordTraits traits;
  std::string_view words;
};
// The lists, one file each.
std::span<const WordList> given_name_lists();
std::span<const WordList> family_name_lists();
std::span<const WordList> place_lists();
std::span<const WordList> context_lists();
std::span<const WordList> common_lists();

inline constexpr std::size_t kWordBytesMax = 32;

// `word` in lower-case ASCII letters as far as it is Latin, into `folded`; returns how many bytes
// that is, 0 where it is longer than the lists' words.
std::size_t fold_word(std::string_view word, char (&folded)[kWordBytesMax]);

// All that is known of a word, in any case and with or without accents.
WordTraits word_traits(std::string_view word);

}  // namespace hearth

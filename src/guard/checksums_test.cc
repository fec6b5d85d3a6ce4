// SPDX-License-Identifier: Apache-2.0
// Numbers from the documents that define them, and all that are off by one in one place.
#include "guard/checksums.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>

namespace hearth {
namespace {

// How many of the texts that differ from `text` in one digit hold.
int wrong_that_hold(const std::function<bool(std::string_view)>& holds, const std::string& text) {
  int count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] < '0' || text[i] > '9') continue;
    for (char c = '0'; c <= '9'; ++c) {
      std::string other = text;
      other[i] = c;
      count += c != text[i] && holds(other);
    }
  }
  return count;
}

TEST(Checksums, HoldForKnownNumbersAndForNoneOffByOne) {
  const struct {
    bool (*holds)(std::string_view);
    const char* text;
  } kKnown[] = {
      {luhn_holds, "4111111111111111"},
      {luhn_holds, "378282246310005"},
      {iban_holds, "DE89370400440532013000"},
      {iban_holds, "GB29NWBK60161331926819"},
      {iban_holds, "FR1420041010050500013M02606"},
      {iban_holds, "NO9386011117947"},
      {nhs_number_holds, "9434765919"},
      {aadhaar_holds, "234123412346"},
      {bsn_holds, "111222333"},
      {nir_holds, "255081416802538"},
      {german_tax_id_holds, "86095742719"},
  };
  for (const auto& known : kKnown) {
    EXPECT_TRUE(known.holds(known.text)) << known.text;
    EXPECT_EQ(wrong_that_hold(known.holds, known.text), 0) << known.text;
  }
}

TEST(Checksums, OthersHoldForKnownNumbers) {
  EXPECT_TRUE(routing_number_holds("021000021"));
  EXPECT_FALSE(routing_number_holds("021000022"));
  EXPECT_FALSE(routing_number_holds("000000000"));
  EXPECT_TRUE(vin_holds("1M8GDM9AXKP042788"));
  EXPECT_FALSE(vin_holds("1M8GDM9AXKP042789"));
  EXPECT_FALSE(vin_holds("1M8GDM9A0KP042788"));
  EXPECT_TRUE(dni_holds("12345678Z"));
  EXPECT_TRUE(dni_holds("X1234567L"));
  EXPECT_FALSE(dni_holds("12345678A"));
  EXPECT_TRUE(codice_fiscale_holds("RSSMRA85T10A562S"));
  EXPECT_FALSE(codice_fiscale_holds("RSSMRA85T10A562T"));
  EXPECT_TRUE(pesel_holds("44051401359"));
  EXPECT_FALSE(pesel_holds("44051401358"));
  EXPECT_TRUE(cpf_holds("52998224725"));
  EXPECT_FALSE(cpf_holds("52998224724"));
  EXPECT_FALSE(cpf_holds("11111111111"));
  EXPECT_TRUE(personnummer_holds("8112189876"));
  EXPECT_TRUE(personnummer_holds("198112189876"));
  EXPECT_FALSE(personnummer_holds("8112189875"));
}

TEST(Checksums, RefuseOtherForms) {
  for (const char* text : {"", "1", "123", "abcdefghi", "12345678901234567890123456789012345678"}) {
    EXPECT_FALSE(iban_holds(text) || routing_number_holds(text) || nhs_number_holds(text) ||
                 aadhaar_holds(text) || vin_holds(text) || dni_holds(text) ||
                 codice_fiscale_holds(text) || nir_holds(text) || bsn_holds(text) ||
                 pesel_holds(text) || cpf_holds(text) || personnummer_holds(text) ||
                 german_tax_id_holds(text) || insurance_number_possible(text))
        << text;
  }
}

TEST(Checksums, SocialSecurityRules) {
  EXPECT_TRUE(social_security_possible("078051120"));
  for (const char* never : {"000121234", "666121234", "900121234", "123001234", "123120000"}) {
    EXPECT_FALSE(social_security_possible(never)) << never;
  }
}

TEST(Checksums, CardRangesHaveLengths) {
  EXPECT_TRUE(is_card_range("4111111111111111"));
  EXPECT_TRUE(is_card_range("378282246310005"));
  EXPECT_FALSE(is_card_range("3782822463100055"));
  EXPECT_FALSE(is_card_range("1111111111111111"));
}

TEST(Checksums, InsuranceNumbersHavePrefixes) {
  EXPECT_TRUE(insurance_number_possible("AB123456C"));
  EXPECT_FALSE(insurance_number_possible("BG123456C"));
  EXPECT_FALSE(insurance_number_possible("AB123456E"));
}

}  // namespace
}  // namespace hearth

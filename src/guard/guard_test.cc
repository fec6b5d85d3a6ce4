// SPDX-License-Identifier: Apache-2.0
#include "guard/guard.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/strings.h"

namespace hearth {
namespace {

// "KIND:text" of each thing that is found, with "|" between.
std::string found(std::string_view text) {
  std::string out;
  for (const Entity& entity : Guard().find(text)) {
    if (!out.empty()) out += "|";
    out += concat(kind_info(entity.kind).name, ":",
                  text.substr(entity.begin, entity.end - entity.begin));
  }
  return out;
}

TEST(Guard, TableOfKindsIsInOrder) {
  for (const KindInfo& info : entity_kinds()) {
    EXPECT_EQ(&kind_info(info.kind), &info);
    EXPECT_EQ(find_kind(info.name), info.kind);
  }
  EXPECT_EQ(find_kind("person"), std::nullopt);
  EXPECT_LT(Sensitivity::kPersonal, Sensitivity::kSensitive);
}

TEST(Guard, FindsNumbersWithCheckDigits) {
  EXPECT_EQ(found("card 4111 1111 1111 1111 12/27"), "CARD:4111 1111 1111 1111");
  EXPECT_EQ(found("card 4111-1111-1111-1111."), "CARD:4111-1111-1111-1111");
  EXPECT_EQ(found("4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1"), "CARD:4 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1");
  EXPECT_EQ(found("3782 822463 10005"), "CARD:3782 822463 10005");
  EXPECT_EQ(found("pay DE89 3704 0044 0532 0130 00 now"), "IBAN:DE89 3704 0044 0532 0130 00");
  EXPECT_EQ(found("gb29nwbk60161331926819"), "IBAN:gb29nwbk60161331926819");
  EXPECT_EQ(found("routing 021000021"), "ABA:021000021");
  EXPECT_EQ(found("943 476 5919"), "NHS:943 476 5919");
  EXPECT_EQ(found("2341 2341 2346"), "AADHAAR:2341 2341 2346");
  EXPECT_EQ(found("1M8GDM9AXKP042788"), "VIN:1M8GDM9AXKP042788");
  EXPECT_EQ(found("CPF 529.982.247-25"), "NATIONAL_ID:529.982.247-25");
  EXPECT_EQ(found("RSSMRA85T10A562S"), "NATIONAL_ID:RSSMRA85T10A562S");
}

TEST(Guard, LeavesWrongNumbers) {
  for (const char* text : {"4111 1111 1111 1112", "4111111111111112", "DE89370400440532013001",
                           "routing 021000022", "NHS 943 476 5918 x", "2341 2341 2347",
                           "1M8GDM9AXKP042789", "CPF 529.982.247-26", "RSSMRA85T10A562T"}) {
    for (const Entity& entity : Guard().find(text)) {
      EXPECT_EQ(kind_info(entity.kind).checksum, Checksum::kNone) << text;
    }
  }
}

TEST(Guard, FindsThroughDisguises) {
  EXPECT_EQ(found("４１１１ １１１１ １１１１ １１１１"),
            "CARD:４１１１ １１１１ １１１１ １１１１");
  EXPECT_EQ(found("4111\u200b1111 11111111"), "CARD:4111\u200b1111 11111111");
  EXPECT_EQ(found("jоhn@exаmple.com"), "EMAIL:jоhn@exаmple.com");  // Cyrillic о and а
  EXPECT_EQ(found("mail john.doe (at) example (dot) com"), "EMAIL:john.doe (at) example (dot) com");
}

TEST(Guard, FindsNetworkAndPlaces) {
  EXPECT_EQ(found("mail a.b+c@example.co.uk."), "EMAIL:a.b+c@example.co.uk");
  EXPECT_EQ(found("from 192.168.1.20:8080"), "IP:192.168.1.20");
  EXPECT_EQ(found("at fe80::1ff:fe23:4567:890a up"), "IP:fe80::1ff:fe23:4567:890a");
  EXPECT_EQ(found("00:1A:2b:3c:4d:5E"), "MAC:00:1A:2b:3c:4d:5E");
  EXPECT_EQ(found("at 52.5200, 13.4050 now"), "COORDINATES:52.5200, 13.4050");
  EXPECT_EQ(found("postgres://bob:s3cret@db.example.com/x"),
            "URL_CREDENTIALS:postgres://bob:s3cret@db.example.com");
  EXPECT_EQ(found("version 1.2.3.4 at 12:30:45"), "");
}

TEST(Guard, FindsPhones) {
  for (const char* text :
       {"+49 30 901820", "(212) 555-0142", "212-555-0142 x12", "+44 (0)20 7946 0018",
        "01 23 45 67 89", "(11) 91234-5678", "030/901820-12"}) {
    EXPECT_EQ(found(text), concat("PHONE:", text));
  }
  EXPECT_EQ(found("due 12.03.2024 or 2024-03-12"), "");
  EXPECT_EQ(found("order 20240312 of 150000 parts"), "");
}

TEST(Guard, FindsBirthDatesOnlyNearBirth) {
  EXPECT_EQ(found("born 12 March 1980"), "BIRTH_DATE:12 March 1980");
  EXPECT_EQ(found("Geburtsdatum: 12.03.1980"), "BIRTH_DATE:12.03.1980");
  EXPECT_EQ(found("due 12 March 2025"), "");
}

TEST(Guard, FindsSecrets) {
  EXPECT_EQ(found("password: hunter2!"), "PASSWORD:hunter2!");
  EXPECT_EQ(found("{\"password\": \"hunter2\"}"), "PASSWORD:hunter2");
  EXPECT_EQ(found("AKIAIOSFODNN7EXAMPLE"), "TOKEN:AKIAIOSFODNN7EXAMPLE");
  EXPECT_EQ(found("API_KEY=sk_live_Xlln15yR38rwGHoklrxjarRI"),
            "TOKEN:sk_live_Xlln15yR38rwGHoklrxjarRI");
  EXPECT_EQ(found("api_key=9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c"),
            "TOKEN:9f8a7b6c5d4e3f2a1b0c9d8e7f6a5b4c");
  const std::string key =
      "-----BEGIN RSA PRIVATE KEY-----\nMIIabc+/=\n-----END RSA PRIVATE KEY-----";
  EXPECT_EQ(found(key + "\nbye"), "PRIVATE_KEY:" + key);
  EXPECT_EQ(found("-----BEGIN PRIVATE KEY-----\nMIIabc"),
            "PRIVATE_KEY:-----BEGIN PRIVATE KEY-----\nMIIabc");
  EXPECT_EQ(found("a password is required for this"), "");
  EXPECT_EQ(found("{\"unit\":\"{token}\",\"histogram\":{\"kind\":1,\"points\":[{\"a\":2}]}}"), "");
  EXPECT_EQ(found("{\"tokens\":{\"name\":\"x\",\"password\":\"hunter2\"}}"), "PASSWORD:hunter2");
}

TEST(Guard, FindsPeopleOrganisationsAndAddresses) {
  EXPECT_EQ(found("I met John Smith there."), "PERSON:John Smith");
  EXPECT_EQ(found("Frau Jürgens-Öztürk rief an"), "PERSON:Jürgens-Öztürk");
  EXPECT_EQ(found("Smith, John M. was here"), "PERSON:Smith, John M.");
  EXPECT_EQ(found("the patient M. Tanner"), "PERSON:M. Tanner");
  EXPECT_EQ(found("beste van der Berg, Anouk"), "PERSON:van der Berg, Anouk");
  EXPECT_EQ(found("my name is Xylo Qwarn"), "PERSON:Xylo Qwarn");
  EXPECT_EQ(found("we pay Meier & Söhne GmbH today"), "ORGANISATION:Meier & Söhne GmbH");
  EXPECT_EQ(found("at 221B Baker Street, London"), "ADDRESS:221B Baker Street, London");
  EXPECT_EQ(found("wohnt Lange Straße 5, 10115 Berlin"), "ADDRESS:Lange Straße 5, 10115 Berlin");
  EXPECT_EQ(found("au 12, rue de la Paix\n75002 Paris"), "ADDRESS:12, rue de la Paix\n75002 Paris");
  EXPECT_EQ(found("na IBAN PL04 6579 3547 6431 8088 3265 5030"),
            "IBAN:PL04 6579 3547 6431 8088 3265 5030");
  EXPECT_EQ(found("The Machine Learning model runs on Linux."), "");
}

TEST(Guard, TakesPlaceholdersForWhatTheyAre) {
  EXPECT_EQ(found("⟦PERSON_1:k7f3ab⟧ said"), "LITERAL:⟦PERSON_1:k7f3ab⟧");
  EXPECT_EQ(Guard().sensitivity("⟦PERSON_1:k7f3ab⟧"), Sensitivity::kPublic);
}

TEST(Guard, SensitivityIsTheHighest) {
  EXPECT_EQ(Guard().sensitivity("nothing here"), Sensitivity::kPublic);
  EXPECT_EQ(Guard().sensitivity("mail a@example.com"), Sensitivity::kPersonal);
  EXPECT_EQ(Guard().sensitivity("a@example.com, 4111111111111111"), Sensitivity::kSensitive);
  EXPECT_EQ(Guard().sensitivity("a@example.com password: hunter2"), Sensitivity::kSecret);
}

TEST(Guard, RescanReadsWhatIsEscaped) {
  const Guard guard;
  using Kinds = std::vector<EntityKind>;
  EXPECT_EQ(guard.rescan("{\"a\":\"hello\"}", Sensitivity::kPublic), Kinds{});
  EXPECT_EQ(guard.rescan("{\"a\":\"x\\nbob\\u0040example.com\"}", Sensitivity::kPublic),
            Kinds{EntityKind::kEmail});
  EXPECT_EQ(guard.rescan("q=bob%40example.com", Sensitivity::kPublic), Kinds{EntityKind::kEmail});
  EXPECT_EQ(guard.rescan("bob@example.com", Sensitivity::kPersonal), Kinds{});
  EXPECT_EQ(guard.rescan("4111111111111111 x@y.de", Sensitivity::kPersonal),
            Kinds{EntityKind::kCard});
}

TEST(Guard, OffsetsAreInOrderAndWindowsDoNotShow) {
  std::string text;
  std::vector<std::size_t> starts;
  while (text.size() < 3 * kGuardWindowBytes) {
    text.append(1000 + text.size() % 97, 'x').append(" ");
    starts.push_back(text.size());
    text += "4111 1111 1111 1111 ";
  }
  const auto entities = Guard().find(text);
  ASSERT_EQ(entities.size(), starts.size());
  for (std::size_t i = 0; i < starts.size(); ++i) {
    EXPECT_EQ(entities[i], (Entity{EntityKind::kCard, starts[i], starts[i] + 19}));
  }
}

// Megabytes of what an attacker might repeat: a quadratic detector would take hours.
TEST(Guard, IsLinearWhateverTheText) {
  const Guard guard;
  for (const char* piece : {"a",
                            "1",
                            "1 ",
                            "@",
                            "a@",
                            "a.",
                            "-----BEGIN PRIVATE KEY-----",
                            "⟦",
                            "\"@",
                            "A ",
                            "A-",
                            ":",
                            "::",
                            "0:",
                            "(1)",
                            "1.",
                            "://a:",
                            "password is ",
                            "12 Main ",
                            "x@x.",
                            "\xff",
                            "\u0301",
                            "Smith, ",
                            "rue ",
                            "eyJ."}) {
    std::string text;
    const std::size_t bytes = std::string_view(piece) == "a" ? 10u << 20 : 2u << 20;
    while (text.size() < bytes) text += piece;
    const auto start = std::chrono::steady_clock::now();
    guard.find(text);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    EXPECT_LT(took.count(), 20.0) << piece;  // sanitizers and busy machines
  }
}

TEST(Guard, AnyBytesAreAText) {
  std::string text;
  for (int i = 0; i < 4096; ++i) text += static_cast<char>(i * 131 + i / 7);
  std::size_t end = 0;
  for (const Entity& entity : Guard().find(text)) {
    EXPECT_GE(entity.begin, end);
    EXPECT_LT(entity.begin, entity.end);
    end = entity.end;
  }
  EXPECT_LE(end, text.size());
  EXPECT_TRUE(Guard().find("").empty());
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "guard/pseudonyms.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

#include "base/strings.h"
#include "guard/placeholder.h"
#include "guard/trust.h"

namespace hearth {
namespace {

Pseudonyms make() { return Pseudonyms::create().value(); }

TEST(Pseudonyms, RedactsAndRestores) {
  Pseudonyms pseudonyms = make();
  const std::string text = "Mail bob@example.com or eve@example.com; bob@example.com is faster.";
  const RedactedText redaction = pseudonyms.redact(Guard(), text).value();
  const std::string nonce = pseudonyms.nonce();
  EXPECT_EQ(redaction.text, concat("Mail ⟦EMAIL_1:", nonce, "⟧ or ⟦EMAIL_2:", nonce,
                                   "⟧; ⟦EMAIL_1:", nonce, "⟧ is faster."));
  ASSERT_EQ(redaction.entities.size(), 3u);
  EXPECT_EQ(redaction.entities[0].entity, (Entity{EntityKind::kEmail, 5, 20}));
  EXPECT_EQ(redaction.sensitivity, Sensitivity::kPersonal);
  EXPECT_EQ(pseudonyms.restore(redaction.text).text, text);
  EXPECT_EQ(Guard().rescan(redaction.text, Sensitivity::kPublic), std::vector<EntityKind>{});
}

TEST(Pseudonyms, AreStableInAConversationAndOnlyThere) {
  Pseudonyms one = make();
  Pseudonyms other = make();
  const std::string first = one.redact(Guard(), "bob@example.com").value().text;
  EXPECT_EQ(one.redact(Guard(), "again bob@example.com").value().text, "again " + first);
  EXPECT_NE(other.redact(Guard(), "bob@example.com").value().text, first);
  EXPECT_EQ(other.restore(first).text, first);
  EXPECT_EQ(other.restore(first).unknown, std::vector<std::string>{first});
}

TEST(Pseudonyms, WhatTheUserTypedIsNotConfused) {
  Pseudonyms pseudonyms = make();
  const std::string ours = pseudonyms.redact(Guard(), "bob@example.com").value().text;
  // The user types our own placeholder: it is his text, and comes back as that.
  const std::string typed = concat("what is ", ours, "?");
  const std::string sent = pseudonyms.redact(Guard(), typed).value().text;
  EXPECT_EQ(sent.find(ours), std::string::npos);
  EXPECT_EQ(pseudonyms.restore(sent).text, typed);
}

TEST(Pseudonyms, RestoresOnExactMatchOnly) {
  Pseudonyms pseudonyms = make();
  pseudonyms.redact(Guard(), "bob@example.com").value();
  const std::string nonce = pseudonyms.nonce();
  for (const std::string& text :
       {concat("⟦email_1:", nonce, "⟧"), concat("⟦EMAIL_2:", nonce, "⟧"),
        concat("⟦EMAIL_1: ", nonce, "⟧"), concat("[EMAIL_1:", nonce, "]"),
        concat("EMAIL_1:", nonce), std::string("⟦EMAIL_1:zzzzzz⟧"),
        concat("⟦EMAIL_01:", nonce, "⟧"), std::string("⟦"), std::string("⟦⟧"), std::string("⟧⟦")}) {
    const Restoration restored = pseudonyms.restore(text);
    EXPECT_EQ(restored.text, text);
    EXPECT_EQ(restored.restored, 0u);
  }
  EXPECT_EQ(pseudonyms.restore(concat("⟦⟦EMAIL_1:", nonce, "⟧⟧")).text, "⟦bob@example.com⟧");
}

// An endpoint that rewrites: placeholders move, come twice, go missing, change their case, and are
// made up. All that is ours to the byte comes back, and nothing else.
TEST(Pseudonyms, SurviveThousandRewritingEndpoints) {
  std::mt19937_64 random(3);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  std::size_t invented = 0;
  for (int dialogue = 0; dialogue < 1000; ++dialogue) {
    Pseudonyms pseudonyms = make();
    std::vector<std::string> originals;
    std::string prompt = "Please help:";
    for (std::size_t i = 0; i <= below(5); ++i) {
      originals.push_back(concat("user", dialogue, "x", i, "@example.org"));
      prompt += concat(" ", originals.back(), ",");
    }
    const RedactedText redaction = pseudonyms.redact(Guard(), prompt).value();
    ASSERT_EQ(redaction.entities.size(), originals.size());
    std::string answer;
    std::string expected;
    std::size_t restored = 0;
    for (std::size_t part = 0; part < 12; ++part) {
      const std::size_t which = below(originals.size());
      std::string text = redaction.entities[which].placeholder;
      std::string plain = text;
      switch (below(6)) {
        case 0:  // moved or twice
          plain = originals[which];
          ++restored;
          break;
        case 1:  // another case
          for (char& c : text) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
          plain = text;
          break;
        case 2:  // made up
          plain = text = make_placeholder("EMAIL", 100 + below(100), pseudonyms.nonce());
          ++invented;
          break;
        case 3:  // of another conversation
          plain = text = make_placeholder("EMAIL", 1, "222222");
          break;
        case 4:  // cut
          text.resize(text.size() - 1);
          plain = text;
          break;
        default:  // dropped
          plain = text = "somebody";
      }
      answer += concat(text, " and ");
      expected += concat(plain, " and ");
    }
    const Restoration restoration = pseudonyms.restore(answer);
    EXPECT_EQ(restoration.text, expected);
    EXPECT_EQ(restoration.restored, restored);
  }
  EXPECT_GT(invented, 1000u);
}

TEST(Pseudonyms, MapsCanBeKept) {
  Pseudonyms pseudonyms = make();
  const std::string text = "bob@example.com, 4111 1111 1111 1111\nand eve@example.com";
  const std::string sent = pseudonyms.redact(Guard(), text).value().text;
  Pseudonyms again = Pseudonyms::parse(pseudonyms.serialize()).value();
  EXPECT_EQ(again.restore(sent).text, text);
  EXPECT_EQ(again.redact(Guard(), text).value().text, sent);
  EXPECT_EQ(again.placeholder(EntityKind::kEmail, "new@example.com").value(),
            concat("⟦EMAIL_3:", pseudonyms.nonce(), "⟧"));
}

TEST(Pseudonyms, BrokenMapsAreRefused) {
  Pseudonyms pseudonyms = make();
  pseudonyms.redact(Guard(), "bob@example.com").value();
  const std::string map = pseudonyms.serialize();
  for (std::size_t bytes = 0; bytes + 1 < map.size(); ++bytes) {
    if (map[bytes == 0 ? 0 : bytes - 1] == '\n') continue;  // whole entries are a map
    EXPECT_FALSE(Pseudonyms::parse(map.substr(0, bytes)).ok()) << bytes;
  }
  EXPECT_FALSE(Pseudonyms::parse(map + "EMAIL 1 1:x\n").ok());
  EXPECT_FALSE(Pseudonyms::parse(map + "EMAIL 9 18446744073709551615:x\n").ok());
  EXPECT_FALSE(Pseudonyms::parse(map + "EMAIL 0 1:x\n").ok());
  EXPECT_FALSE(Pseudonyms::parse(map + "WHAT 9 1:x\n").ok());
  EXPECT_EQ(Pseudonyms::parse("x").error().code(), ErrorCode::kCorrupt);
}

TEST(Pseudonyms, MovedOnesKeepTheirOriginals) {
  Pseudonyms first = make();
  const std::string sent = first.redact(Guard(), "bob@example.com").value().text;
  Pseudonyms second = std::move(first);
  EXPECT_EQ(second.restore(sent).text, "bob@example.com");
}

TEST(Trust, OnlyFalls) {
  MarkedText prompt("my text ", Trust::kUser);
  EXPECT_EQ(prompt.trust(), Trust::kUser);
  prompt.append({"a document", Trust::kUntrusted});
  prompt.append({" more of mine", Trust::kUser});
  EXPECT_EQ(prompt.trust(), Trust::kUntrusted);
  EXPECT_EQ(prompt.text(), "my text a document more of mine");
  EXPECT_EQ(lowered(1, 2, Trust::kUntrusted), 1);
  EXPECT_EQ(lowered(1, 0, Trust::kUntrusted), 0);
  EXPECT_EQ(lowered(1, 2, Trust::kUser), 2);
}

}  // namespace
}  // namespace hearth

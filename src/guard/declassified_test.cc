// SPDX-License-Identifier: Apache-2.0
#include "guard/declassified.h"

#include <gtest/gtest.h>

#include <type_traits>

namespace hearth {
namespace {

static_assert(!std::is_default_constructible_v<Declassified<std::string>>);
static_assert(!std::is_constructible_v<Declassified<std::string>, std::string>);
static_assert(!std::is_convertible_v<std::string, Declassified<std::string>>);
static_assert(std::is_copy_constructible_v<Declassified<std::string>>);

TEST(Declassified, HoldsTheVeryBytes) {
  std::string bytes = "{\"messages\": []}";
  bytes += '\0';
  bytes += "\xff";
  const auto message = declassify(Guard(), bytes, Sensitivity::kPublic);
  ASSERT_TRUE(message.ok());
  EXPECT_EQ(message->get(), bytes);
}

TEST(Declassified, RefusesWhatIsAboveTheCeiling) {
  const std::string bytes = "write to ada.lovelace@analytical.example today";
  const auto refused = declassify(Guard(), bytes, Sensitivity::kPublic);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code(), ErrorCode::kRefused);
  EXPECT_NE(refused.error().message().find("EMAIL"), std::string::npos);
  EXPECT_EQ(refused.error().message().find("ada"), std::string::npos);
  EXPECT_TRUE(declassify(Guard(), bytes, Sensitivity::kPersonal).ok());
}

TEST(Declassified, ReadsThroughEscapesOfJson) {
  const std::string bytes = "{\"content\": \"ada.lovelace\\u0040analytical.example\"}";
  EXPECT_FALSE(declassify(Guard(), bytes, Sensitivity::kPublic).ok());
}

TEST(Declassified, ASecretNeverPasses) {
  const std::string bytes =
      "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qf"
      "SnF\n-----END PRIVATE KEY-----\n";
  for (const auto ceiling : {Sensitivity::kPublic, Sensitivity::kSensitive, Sensitivity::kSecret}) {
    EXPECT_FALSE(declassify(Guard(), bytes, ceiling).ok());
  }
}

}  // namespace
}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
#include "guard/output_checks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/clock.h"

namespace hearth {
namespace {

using Findings = std::vector<OutputFinding>;

TEST(OutputChecks, SoundAnswersPass) {
  EXPECT_EQ(check_output(Guard(), "All is well. Mail bob@example.com.", {}), Findings{});
  EXPECT_EQ(check_output(Guard(), "", {}), Findings{});
}

TEST(OutputChecks, SecretsThatTheUserDidNotTellAreFound) {
  const std::string answer = "Use AKIAIOSFODNN7EXAMPLE for it.";
  EXPECT_EQ(check_output(Guard(), answer, {}), (Findings{{OutputFault::kSecret, 4, 24}}));
  EXPECT_EQ(check_output(Guard(), answer, {}, "my key is AKIAIOSFODNN7EXAMPLE"), Findings{});
}

TEST(OutputChecks, CanariesAreFoundInDisguise) {
  OutputLimits limits;
  limits.canaries = {"Zebra-Lamp-42"};
  EXPECT_EQ(check_output(Guard(), "say zebra-lamp-42", limits),
            (Findings{{OutputFault::kCanary, 4, 17}}));
  EXPECT_EQ(check_output(Guard(), "say Ze\u200bbra-Lamp-４2", limits),
            (Findings{{OutputFault::kCanary, 4, 22}}));
}

TEST(OutputChecks, CanariesAreFoundInCodes) {
  OutputLimits limits;
  limits.canaries = {"Zebra-Lamp-42"};
  const auto found = [&](std::string_view answer) { return check_output(Guard(), answer, limits); };
  const auto at = [](std::size_t begin, std::size_t end) {
    return Findings{{OutputFault::kCanary, begin, end}};
  };
  EXPECT_EQ(found("hex 5a656272612d4c616d702d3432."), at(4, 30));
  EXPECT_EQ(found("hex F5A656272612D4C616D702D3432"), at(5, 31));  // between two bytes
  EXPECT_EQ(found("5a 65 62 72 61 2d 4c 61 6d 70 2d 34 32"), at(0, 38));
  EXPECT_EQ(found("\\x5a\\x65\\x62\\x72\\x61\\x2d\\x4c\\x61\\x6d\\x70\\x2d\\x34\\x32"), at(2, 52));
  EXPECT_EQ(found("0x5A, 0x65, 0x62, 0x72, 0x61, 0x2d, 0x4c, 0x61, 0x6d, 0x70, 0x2d, 0x34, 0x32"),
            at(2, 76));
  EXPECT_EQ(found("b64 WmVicmEtTGFtcC00Mg=="), at(4, 22));
  EXPECT_EQ(found("b64 eFplYnJhLUxhbXAtNDI="), at(5, 23));    // x before it
  EXPECT_EQ(found("b64 eHhaZWJyYS1MYW1wLTQy"), at(6, 24));    // xx before it
  EXPECT_EQ(found("b64 WmVicmEt\nTGFtcC00Mg=="), at(4, 23));  // wrapped
  EXPECT_EQ(found("b64 emVicmEtbGFtcC00Mg=="), at(4, 22));    // zebra-lamp-42
  EXPECT_EQ(found("url %5aebra%2DLamp%2d42"), at(4, 23));
  EXPECT_EQ(found("The deadbeef of a babe: 0xc0ffee, WmVicmE, 100%25"), Findings{});
}

TEST(OutputChecks, CodesAreReadInLinearTime) {
  OutputLimits limits;
  limits.bytes_max = std::size_t{16} << 20;
  limits.canaries = {std::string(2000, 'a') + "b"};
  for (const std::string_view piece : {"61", "YWFh", "%61", "a"}) {
    std::string answer;
    while (answer.size() < std::size_t{1} << 20) answer += piece;
    const Stopwatch watch;
    for (const OutputFinding& finding : check_output(Guard(), answer, limits))
      EXPECT_NE(finding.fault, OutputFault::kCanary);
    EXPECT_LT(watch.elapsed_ms(), 20'000) << piece;  // squared, it would be hours
  }
}

TEST(OutputChecks, CirclesAreFound) {
  std::string answer = "It begins well enough. ";
  const std::size_t begin = answer.size();
  for (int i = 0; i < 40; ++i) answer += "and so on ";
  const Findings findings = check_output(Guard(), answer, {});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].fault, OutputFault::kLoop);
  EXPECT_NEAR(static_cast<double>(findings[0].begin), static_cast<double>(begin), 10.0);
  EXPECT_EQ(check_output(Guard(), "no no no no no", {}), Findings{});
}

TEST(OutputChecks, LengthIsLimited) {
  OutputLimits limits;
  limits.bytes_max = 5;
  EXPECT_EQ(check_output(Guard(), "123 456", limits), (Findings{{OutputFault::kTooLong, 5, 7}}));
}

}  // namespace
}  // namespace hearth

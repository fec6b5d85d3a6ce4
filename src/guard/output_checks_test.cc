// SPDX-License-Identifier: Apache-2.0
#include "guard/output_checks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

// SPDX-License-Identifier: Apache-2.0
// Outcomes of tests in the formats that build servers read: JUnit XML (as Jenkins and GitLab take
// it) and TAP version 14.
//
// Threading: pure functions.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "evaluate/output_test_run.h"

namespace hearth {

// One test suite. Bytes that XML 1.0 cannot carry, also as references, become U+FFFD.
std::string junit_report(std::string_view suite, std::span<const TestOutcome> outcomes);

// A line a test, what failed as a YAML block.
std::string tap_report(std::span<const TestOutcome> outcomes);

}  // namespace hearth

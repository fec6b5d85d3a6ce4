// SPDX-License-Identifier: Apache-2.0
// The file that a router learns from: JSON Lines of answers whose local and remote form were
// graded.
//
//   {"task": "facts", "domain": "geography", "features": {"mean_logprob": -0.4, ...},
//    "correct_local": false, "correct_remote": true, "cost": 0.0002}
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "route/error_score.h"

namespace hearth {

// `domain` and `cost` may be left out, and so may all features but the first
// kConfidenceFeaturesRequired; other fields of a line are left alone. Errors, with the line:
// kCorrupt (a field is missing or of another kind), and those of read_examples().
Result<std::vector<GradedAnswer>> read_graded_answers(const std::string& path);

}  // namespace hearth

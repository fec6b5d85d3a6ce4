// SPDX-License-Identifier: Apache-2.0
// A calibration's document: what was read gives probabilities, and is written and read again.
#include <cmath>

#include "check_error.h"
#include "route/calibration.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace hearth;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto read = calibration_from_json(text, "calibration.json");
  if (!read.ok()) {
    check_error(read.error());
    return 0;
  }
  for (const double value : {-1e6, -1.0, 0.0, 0.5, 1e6}) {
    const ConfidenceFeatures features{.mean_logprob = value, .margin = -value};
    const double p_error = read->p_error(RequestTask::kFacts, features);
    HEARTH_CHECK(p_error > 0.0 && p_error < 1.0);
  }
  const std::string written = calibration_to_json(*read);
  const auto again = calibration_from_json(written, "calibration.json");
  HEARTH_CHECK(again.ok());
  HEARTH_CHECK(calibration_to_json(*again) == written);
  return 0;
}

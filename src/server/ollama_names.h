// SPDX-License-Identifier: Apache-2.0
// How Ollama writes moments and durations; its names of models are package/model_names.h.
// Threading: pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/json_fields.h"

namespace hearth {

// From now, as in 2024-05-01T12:00:00Z.
std::string utc_in(double seconds);
int64_t nanoseconds(double ms);

// keep_alive: seconds, or "5m", "1h30m", "-1". None where it is absent. Errors: kUsage.
Result<std::optional<double>> read_keep_alive(JsonFields& fields);

}  // namespace hearth

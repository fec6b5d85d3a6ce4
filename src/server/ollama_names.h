// SPDX-License-Identifier: Apache-2.0
// How Ollama writes moments and durations, and names a model in a request; what those names mean is
// package/model_names.h. Threading: pure.
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

// Which model is meant, by "model" or, as elder clients say, "name"; an empty one is none. Errors:
// kUsage (neither: says `remedy`; two that differ).
Result<std::string> read_ollama_name(JsonFields& fields, std::string_view remedy);

// keep_alive: seconds, or "5m", "1h30m", "-1". None where it is absent. Errors: kUsage.
Result<std::optional<double>> read_keep_alive(JsonFields& fields);

}  // namespace hearth

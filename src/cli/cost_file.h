// SPDX-License-Identifier: Apache-2.0
// The cost model of a model on this machine (engine/cost_model.h), kept in the cache from `hearth
// bench` on, which measures it, and read wherever the model is loaded again.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "base/result.h"
#include "cli/environment.h"
#include "engine/engine.h"

namespace hearth {

// Where the costs of this file's weights are kept, computed by this processor, with these
// instructions, threads and bits of keys and values. Errors: those of Environment::costs_folder().
Result<std::filesystem::path> costs_path(const Environment& environment, Engine& engine);

// Nothing where there is no such file, or not one that write_costs() wrote: they are measured anew
// by the next bench.
std::optional<CostModel> read_costs(const std::filesystem::path& path);

// {"load_ms": ..., ...}
nlohmann::ordered_json costs_json(const CostModel& costs);

// Errors: those of write_file().
Result<void> write_costs(const std::filesystem::path& path, const CostModel& costs);

}  // namespace hearth

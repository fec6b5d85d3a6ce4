// SPDX-License-Identifier: Apache-2.0
// What the model of -m brings along: settings that stand behind flags and environment, and in front
// of config.toml (docs/decisions/0037-model-settings.md).
#pragma once

#include <string>

#include "base/result.h"
#include "cli/environment.h"
#include "package/model_settings.h"

namespace hearth {

// Of a path or of a name that is not in the store: none. Errors: those of Store::find() but
// kNotFound.
Result<ModelSettings> settings_of(const Environment& environment, const std::string& reference);

}  // namespace hearth

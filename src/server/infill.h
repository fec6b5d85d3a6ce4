// SPDX-License-Identifier: Apache-2.0
// Text between two others, by models that were trained to fill in (Bavarian et al. 2022).
//
// Threading: pure.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/engine.h"

namespace hearth {

// The prompt whose answer stands between `prefix` and `suffix`. Errors: kUnsupported (the model has
// no tokens for that).
Result<std::vector<TokenId>> encode_infill(const Engine& engine, std::string_view prefix,
                                           std::string_view suffix);

}  // namespace hearth

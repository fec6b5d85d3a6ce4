// SPDX-License-Identifier: Apache-2.0
// Token ids as users write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "text/tokenizer.h"

namespace hearth {

// A JSON array of token ids; whether a model has them is not looked at. `place` is what errors call
// the text. Errors: kCorrupt (not such an array), kUsage (a number that no id can be).
Result<std::vector<TokenId>> parse_token_ids(const std::string& text, std::string_view place);

}  // namespace hearth

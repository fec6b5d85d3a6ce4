// SPDX-License-Identifier: Apache-2.0
// The functions that a request offers.
#pragma once

#include "base/result.h"
#include "server/conversation.h"
#include "server/json_fields.h"

namespace hearth {

// tools, tool_choice ("none", "auto", "required", or one function) and parallel_tool_calls. With
// "none" no tool is told of. Errors: kUsage (types, a name that is used twice or malformed,
// tool_choice without tools or of none of them: named).
Result<ToolOffer> read_tools(JsonFields& fields);

}  // namespace hearth

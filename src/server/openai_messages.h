// SPDX-License-Identifier: Apache-2.0
// OpenAI's messages.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "base/result.h"
#include "server/conversation.h"

namespace hearth {

// Errors: kUsage (no messages, an unknown role or field, content that is neither text nor parts of
// text: named).
Result<std::vector<ChatTurn>> read_openai_messages(const nlohmann::ordered_json& messages);

}  // namespace hearth

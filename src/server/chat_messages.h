// SPDX-License-Identifier: Apache-2.0
// OpenAI's messages and tools as what chat templates read.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "base/result.h"
#include "template/chat_template.h"

namespace hearth {

TemplateValue template_value(const nlohmann::ordered_json& value);

// Errors: kUsage (no list, no messages, an unknown role or field, content that is neither text nor
// parts of text: named).
Result<std::vector<ChatMessage>> read_messages(const nlohmann::ordered_json& messages);

}  // namespace hearth

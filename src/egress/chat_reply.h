// SPDX-License-Identifier: Apache-2.0
// One JSON document of a chat completion, by OpenAI's API: the whole answer, or what an event adds.
// It comes from an endpoint: untrusted bytes. Only text is taken out of it; calls of tools are
// noticed and left.
//
// Threading: a pure function.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

enum class ChatReplyForm { kWhole, kEvent };  // choices[].message, choices[].delta

struct ChatReply {
  std::string content;        // of the first choice; valid UTF-8
  std::string finish_reason;  // at most 32 of a-z and _; empty where there is none
  std::optional<int64_t> prompt_tokens;
  std::optional<int64_t> answer_tokens;
  bool has_choice = false;
  bool has_tool_calls = false;
  bool is_error = false;  // it reports a failure instead of an answer
};

// Errors: kCorrupt (not JSON, or not of that shape). The message is for developers.
Result<ChatReply> read_chat_reply(std::string_view json, ChatReplyForm form);

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// hearth_chat_*: a conversation by the model's template, as text or as tokens.
#include <string>
#include <vector>

#include "capi/boundary.h"
#include "capi/objects.h"

using namespace hearth;
using namespace hearth::capi;

namespace {

constexpr std::size_t kMessagesMax = 65536;

Result<std::vector<ChatMessage>> read_messages(const hearth_message* messages, std::size_t count) {
  if (count == 0) return usage("messages: there are none; give at least one");
  if (count > kMessagesMax) {
    return usage(concat("messages: ", count, " are more than the ", kMessagesMax,
                        " that a conversation may have; give fewer"));
  }
  HEARTH_ASSIGN(const auto given, read_array(messages, count, "messages"));
  std::vector<ChatMessage> read;
  for (const hearth_message& message : given) {
    const std::string place = concat("messages[", read.size(), "].");
    HEARTH_TRY(check_reserved(message.reserved != nullptr, place + "reserved", "tool calls"));
    HEARTH_ASSIGN(const auto role, read_text(message.role, message.role_bytes, place + "role"));
    HEARTH_ASSIGN(const auto content,
                  read_text(message.content, message.content_bytes, place + "content"));
    if (role.empty()) return usage(place + "role: is empty; use \"user\", for one");
    HEARTH_TRY(check_utf8(role, place + "role"));
    HEARTH_TRY(check_utf8(content, place + "content"));
    read.push_back({std::string(role), std::string(content)});
  }
  return read;
}

Result<void> check_chat_options(const hearth_chat_options* options) {
  HEARTH_ASSIGN(const hearth_chat_options given,
                read_options(options, "chat options", hearth_chat_options_init));
  HEARTH_TRY(check_reserved(given.tools != nullptr, "tools", "tools"));
  return check_reserved(given.reserved != 0, "reserved", "reserved fields");
}

}  // namespace

hearth_status hearth_chat_options_init(hearth_chat_options* options, std::size_t struct_size) {
  return init_options(options, struct_size, "chat options", [](hearth_chat_options&) {});
}

hearth_status hearth_chat_tokenize(hearth_model* model, const hearth_message* messages,
                                   std::size_t message_count, const hearth_chat_options* options,
                                   int32_t* tokens, std::size_t capacity, std::size_t* count) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(count, "count"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    HEARTH_TRY(check_chat_options(options));
    HEARTH_ASSIGN(const auto conversation, read_messages(messages, message_count));
    HEARTH_ASSIGN(const auto ids, object->engine->encode_chat(conversation));
    return write_array(std::span(ids), tokens, capacity, count, "tokens");
  });
}

hearth_status hearth_chat_render(hearth_model* model, const hearth_message* messages,
                                 std::size_t message_count, const hearth_chat_options* options,
                                 char* text, std::size_t capacity, std::size_t* bytes) {
  return at_boundary([&]() -> Result<void> {
    HEARTH_TRY(check_pointer(bytes, "bytes"));
    HEARTH_ASSIGN(const auto object, find_model(model));
    HEARTH_TRY(check_chat_options(options));
    HEARTH_ASSIGN(const auto conversation, read_messages(messages, message_count));
    HEARTH_ASSIGN(const std::string rendered, object->engine->render_chat(conversation));
    return write_text(rendered, text, capacity, bytes, "text");
  });
}

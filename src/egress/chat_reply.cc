// SPDX-License-Identifier: Apache-2.0
#include "egress/chat_reply.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/json_cursor.h"

namespace hearth {
namespace {

constexpr std::size_t kKeyBytesMax = 256;
constexpr std::size_t kFinishReasonBytesMax = 32;
constexpr double kTokensMax = 1e9;  // a larger count is no count

// Calls `member(key)` for each member of the object that stands next; it takes the value.
template <typename Member>
Result<void> read_members(JsonCursor& cursor, Member member) {
  HEARTH_TRY(cursor.expect('{'));
  for (bool first = true;;) {
    HEARTH_ASSIGN(const bool more, cursor.next(first, '}'));
    if (!more) return {};
    HEARTH_ASSIGN(const std::string key, cursor.string(kKeyBytesMax));
    HEARTH_TRY(cursor.expect(':'));
    HEARTH_TRY(member(key));
  }
}

// A string, or null for an empty one.
Result<std::string> read_text(JsonCursor& cursor) {
  if (cursor.accept_null()) return std::string();
  return cursor.string(std::numeric_limits<std::size_t>::max());
}

bool is_plain_word(std::string_view word) {
  return word.size() <= kFinishReasonBytesMax && std::all_of(word.begin(), word.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || c == '_';
         });
}

Result<std::optional<int64_t>> read_count(JsonCursor& cursor) {
  if (cursor.accept_null()) return std::optional<int64_t>();
  HEARTH_ASSIGN(const double number, cursor.number());
  if (number < 0.0 || number > kTokensMax || std::floor(number) != number) {
    return std::optional<int64_t>();
  }
  return std::optional<int64_t>(static_cast<int64_t>(number));
}

Result<void> read_usage(JsonCursor& cursor, ChatReply& reply) {
  if (cursor.accept_null()) return {};
  return read_members(cursor, [&](std::string_view key) -> Result<void> {
    if (key == "prompt_tokens") {
      HEARTH_ASSIGN(reply.prompt_tokens, read_count(cursor));
    } else if (key == "completion_tokens") {
      HEARTH_ASSIGN(reply.answer_tokens, read_count(cursor));
    } else {
      HEARTH_TRY(cursor.skip_value());
    }
    return {};
  });
}

struct Choice {
  double index = 0.0;
  std::string content;
  std::string finish_reason;
  bool has_tool_calls = false;
};

Result<void> read_message(JsonCursor& cursor, Choice& choice) {
  if (cursor.accept_null()) return {};
  return read_members(cursor, [&](std::string_view key) -> Result<void> {
    if (key == "content") {
      HEARTH_ASSIGN(choice.content, read_text(cursor));
    } else if (key == "tool_calls" || key == "function_call") {
      HEARTH_ASSIGN(const bool something, cursor.skip_value());
      choice.has_tool_calls |= something;
    } else {
      HEARTH_TRY(cursor.skip_value());
    }
    return {};
  });
}

Result<Choice> read_choice(JsonCursor& cursor, std::string_view message_key) {
  Choice choice;
  const auto members = read_members(cursor, [&](std::string_view key) -> Result<void> {
    if (key == "index") {
      HEARTH_ASSIGN(choice.index, cursor.number());
    } else if (key == message_key) {
      HEARTH_TRY(read_message(cursor, choice));
    } else if (key == "finish_reason") {
      HEARTH_ASSIGN(choice.finish_reason, read_text(cursor));
      if (!is_plain_word(choice.finish_reason)) choice.finish_reason = "other";
    } else {
      HEARTH_TRY(cursor.skip_value());
    }
    return {};
  });
  if (!members.ok()) return members.error();
  return choice;
}

Result<void> read_choices(JsonCursor& cursor, std::string_view message_key, ChatReply& reply) {
  if (cursor.accept_null()) return {};
  HEARTH_TRY(cursor.expect('['));
  for (bool first = true;;) {
    HEARTH_ASSIGN(const bool more, cursor.next(first, ']'));
    if (!more) return {};
    HEARTH_ASSIGN(Choice choice, read_choice(cursor, message_key));
    if (choice.index != 0.0) continue;  // one was asked for
    reply.has_choice = true;
    reply.content += choice.content;
    reply.has_tool_calls |= choice.has_tool_calls;
    if (!choice.finish_reason.empty()) reply.finish_reason = std::move(choice.finish_reason);
  }
}

}  // namespace

Result<ChatReply> read_chat_reply(std::string_view json, ChatReplyForm form) {
  const std::string_view message_key = form == ChatReplyForm::kWhole ? "message" : "delta";
  JsonCursor cursor(json, "reply", "its JSON");
  ChatReply reply;
  const auto members = read_members(cursor, [&](std::string_view key) -> Result<void> {
    if (key == "choices") {
      HEARTH_TRY(read_choices(cursor, message_key, reply));
    } else if (key == "usage") {
      HEARTH_TRY(read_usage(cursor, reply));
    } else {
      HEARTH_ASSIGN(const bool something, cursor.skip_value());
      reply.is_error |= something && key == "error";
    }
    return {};
  });
  if (!members.ok()) return members.error();
  HEARTH_TRY(cursor.finish());
  return reply;
}

}  // namespace hearth

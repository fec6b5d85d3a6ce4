// SPDX-License-Identifier: Apache-2.0
#include "egress/chat_reply.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

ChatReply whole(std::string_view json) {
  const auto reply = read_chat_reply(json, ChatReplyForm::kWhole);
  EXPECT_TRUE(reply.ok()) << json;
  return reply.ok() ? *reply : ChatReply{};
}

ChatReply event(std::string_view json) {
  const auto reply = read_chat_reply(json, ChatReplyForm::kEvent);
  EXPECT_TRUE(reply.ok()) << json;
  return reply.ok() ? *reply : ChatReply{};
}

TEST(ChatReply, ReadsAWholeAnswer) {
  const ChatReply reply = whole(
      R"({"id": "x", "object": "chat.completion", "choices": [{"index": 0, "logprobs": null,
          "message": {"role": "assistant", "content": "Gr\u00fc\u00dfe \ud83d\ude00\n", "refusal": null},
          "finish_reason": "stop"}], "usage": {"prompt_tokens": 12, "completion_tokens": 3,
          "total_tokens": 15, "details": {"cached": [1, {"a": 2}]}}})");
  EXPECT_EQ(reply.content,
            "Gr\xc3\xbc\xc3\x9f"
            "e \xf0\x9f\x98\x80\n");
  EXPECT_EQ(reply.finish_reason, "stop");
  EXPECT_EQ(reply.prompt_tokens, 12);
  EXPECT_EQ(reply.answer_tokens, 3);
  EXPECT_TRUE(reply.has_choice);
  EXPECT_FALSE(reply.has_tool_calls);
  EXPECT_FALSE(reply.is_error);
}

TEST(ChatReply, ReadsEvents) {
  EXPECT_EQ(event(R"({"choices": [{"index": 0, "delta": {"content": "Bl"}}]})").content, "Bl");
  EXPECT_EQ(event(R"({"choices": [{"delta": {"role": "assistant", "content": null}}]})").content,
            "");
  EXPECT_EQ(event(R"({"choices": [{"delta": {}, "finish_reason": "length"}]})").finish_reason,
            "length");
  EXPECT_EQ(event(R"({"choices": [], "usage": {"prompt_tokens": 5}})").prompt_tokens, 5);
  EXPECT_FALSE(event(R"({"choices": null, "usage": null})").has_choice);
  // What a whole answer has is none of an event's.
  EXPECT_EQ(event(R"({"choices": [{"message": {"content": "no"}}]})").content, "");
}

TEST(ChatReply, TakesTheFirstChoiceOnly) {
  EXPECT_EQ(whole(R"({"choices": [{"message": {"content": "b"}, "index": 1},
                                  {"message": {"content": "a"}, "index": 0}]})")
                .content,
            "a");
}

TEST(ChatReply, NoticesCallsOfTools) {
  EXPECT_TRUE(whole(R"({"choices": [{"message": {"content": null, "tool_calls": [{"id": "1"}]}}]})")
                  .has_tool_calls);
  EXPECT_TRUE(
      whole(R"({"choices": [{"message": {"function_call": {"name": "f"}}}]})").has_tool_calls);
  EXPECT_FALSE(
      whole(R"({"choices": [{"message": {"content": "a", "tool_calls": []}}]})").has_tool_calls);
}

TEST(ChatReply, NoticesErrors) {
  EXPECT_TRUE(whole(R"({"error": {"message": "no"}})").is_error);
  EXPECT_TRUE(event(R"({"error": "overloaded"})").is_error);
  EXPECT_FALSE(whole(R"({"error": null, "choices": [{"message": {"content": "a"}}]})").is_error);
}

TEST(ChatReply, BelievesNoOddCountsOrReasons) {
  for (const std::string_view count : {"-1", "1.5", "1e300", "null", "99999999999"}) {
    const ChatReply reply = whole("{\"usage\": {\"prompt_tokens\": " + std::string(count) + "}}");
    EXPECT_FALSE(reply.prompt_tokens.has_value()) << count;
  }
  EXPECT_EQ(whole(R"({"choices": [{"finish_reason": "\u001b[2J"}]})").finish_reason, "other");
  EXPECT_EQ(whole(R"({"choices": [{"finish_reason": "a b"}]})").finish_reason, "other");
}

TEST(ChatReply, RefusesWhatIsNotJsonOrNotOfThatShape) {
  for (const std::string_view json :
       {"", "null", "[]", "{", "{}x", "<html>", "{\"choices\": {}}", "{\"choices\": [1]}",
        "{\"choices\": [{\"message\": {\"content\": 5}}]}",
        "{\"choices\": [{\"message\": {\"content\": [\"a\"]}}]}",
        "{\"choices\": [{\"message\": {\"content\": \"\xff\"}}]}",
        "{\"choices\": [{\"message\": {\"content\": \"\\ud800\"}}]}",
        "{\"choices\": [{\"message\": {\"content\": \"a\nb\"}}]}",
        "{\"usage\": {\"prompt_tokens\": \"5\"}}",
        "{\"a\": [[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]}"}) {
    EXPECT_FALSE(read_chat_reply(json, ChatReplyForm::kWhole).ok()) << json;
  }
  EXPECT_FALSE(
      read_chat_reply("{\"" + std::string(300, 'k') + "\": 1}", ChatReplyForm::kWhole).ok());
}

}  // namespace
}  // namespace hearth

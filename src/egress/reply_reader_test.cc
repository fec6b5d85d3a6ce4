// SPDX-License-Identifier: Apache-2.0
#include "egress/reply_reader.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace hearth {
namespace {

constexpr std::size_t kAnswerBytes = 1000;

struct Answer {
  std::string text;
  ReplyEnd end;
};

enum class Ending { kWhole, kCutOff };

Answer answer_to(const ReplyHead& head, std::string_view bytes, Ending ending = Ending::kWhole,
                 RemoteUse use = RemoteUse::kChat) {
  ReplyReader reader(use, kAnswerBytes);
  Answer answer;
  if (reader.begin(head) && reader.push(bytes)) answer.text = reader.take_text();
  answer.end = reader.finish(ending == Ending::kWhole);
  answer.text += reader.take_text();
  EXPECT_EQ(answer.end.fault == RemoteFault::kNone, answer.end.text.empty());
  if (!answer.end.text.empty()) {
    EXPECT_NE(answer.end.text.find("; "), std::string::npos);
  }
  return answer;
}

const ReplyHead kJson{200, "application/json; charset=utf-8", false};
const ReplyHead kEvents{200, "Text/Event-Stream", false};

std::string event(std::string_view text, std::string_view finish = "") {
  return "data: {\"choices\": [{\"delta\": {\"content\": \"" + std::string(text) +
         "\"}, \"finish_reason\": " +
         (finish.empty() ? "null" : "\"" + std::string(finish) + "\"") + "}]}\n\n";
}
const std::string kDone = "data: [DONE]\n\n";

std::string document(std::string_view text) {
  return "{\"choices\": [{\"message\": {\"content\": \"" + std::string(text) + "\"}}]}";
}

TEST(ReplyReader, TakesADocument) {
  const Answer answer = answer_to(kJson, document("Blue."));
  EXPECT_EQ(answer.text, "Blue.");
  EXPECT_EQ(answer.end.fault, RemoteFault::kNone);
}

TEST(ReplyReader, TakesAStreamAsItComes) {
  ReplyReader reader(RemoteUse::kChat, kAnswerBytes);
  ASSERT_TRUE(reader.begin(kEvents));
  ASSERT_TRUE(reader.push(event("Bl")));
  EXPECT_EQ(reader.take_text(), "Bl");
  ASSERT_TRUE(reader.push(event("ue.", "stop") + kDone + "whatever comes behind"));
  EXPECT_EQ(reader.take_text(), "ue.");
  EXPECT_TRUE(reader.is_complete());
  EXPECT_TRUE(reader.push("is of no interest"));
  const ReplyEnd end = reader.finish(false);
  EXPECT_EQ(end.fault, RemoteFault::kNone);
  EXPECT_EQ(end.finish_reason, "stop");
}

TEST(ReplyReader, AStreamMayEndWithItsReasonAlone) {
  EXPECT_EQ(answer_to(kEvents, event("a", "stop")).end.fault, RemoteFault::kNone);
  EXPECT_EQ(answer_to(kEvents, event("a", "stop"), Ending::kCutOff).end.fault,
            RemoteFault::kBrokenStream);
}

TEST(ReplyReader, HalfAStreamKeepsWhatCame) {
  for (const Ending ending : {Ending::kWhole, Ending::kCutOff}) {
    const Answer answer = answer_to(kEvents, event("half") + "data: {\"cho", ending);
    EXPECT_EQ(answer.text, "half");
    EXPECT_EQ(answer.end.fault, RemoteFault::kBrokenStream);
  }
  EXPECT_EQ(answer_to(kEvents, "data: {\"choi").end.fault, RemoteFault::kBrokenStream);
  EXPECT_EQ(answer_to(kJson, document("a").substr(0, 20), Ending::kCutOff).end.fault,
            RemoteFault::kBrokenStream);
}

TEST(ReplyReader, RedirectsAndPagesAreNamed) {
  for (const int32_t status : {301, 302, 303, 307, 308, 304}) {
    const Answer answer = answer_to({status, "text/html", false}, "");
    EXPECT_EQ(answer.end.fault, RemoteFault::kNotJson);
    EXPECT_NE(answer.end.text.find("redirect"), std::string::npos);
  }
  const Answer page = answer_to({200, "text/html", false}, "<html>");
  EXPECT_EQ(page.end.fault, RemoteFault::kNotJson);
  EXPECT_NE(page.end.text.find("HTML"), std::string::npos);
  EXPECT_EQ(answer_to({200, "", false}, "{}").end.fault, RemoteFault::kNotJson);
  const Answer odd = answer_to({200, "\x1b[2Jtext/x", false}, "");
  EXPECT_EQ(odd.end.text.find('\x1b'), std::string::npos);
}

TEST(ReplyReader, StatusSaysWhatToDo) {
  for (const auto& [status, remedy] :
       {std::pair{401, "key_file"}, {404, "url"}, {429, "wait"}, {500, "later"}, {418, "model"}}) {
    const Answer answer = answer_to({status, "application/json", false}, document("a"));
    EXPECT_EQ(answer.end.fault, RemoteFault::kHttpStatus);
    EXPECT_NE(answer.end.text.find(remedy), std::string::npos) << answer.end.text;
    EXPECT_EQ(answer.text, "");
  }
}

TEST(ReplyReader, NothingIsDecompressed) {
  EXPECT_EQ(answer_to({200, "application/json", true}, "\x1f\x8b").end.fault,
            RemoteFault::kInvalid);
}

TEST(ReplyReader, InvalidIsInvalid) {
  EXPECT_EQ(answer_to(kJson, "not JSON").end.fault, RemoteFault::kInvalid);
  EXPECT_EQ(answer_to(kJson, "{\"choices\": []}").end.fault, RemoteFault::kInvalid);
  EXPECT_EQ(answer_to(kJson, "{\"error\": {\"message\": \"x\"}}").end.fault, RemoteFault::kInvalid);
  EXPECT_EQ(answer_to(kEvents, "hello\nworld\n\n").end.fault, RemoteFault::kInvalid);
  EXPECT_EQ(answer_to(kEvents, "data: hello\n\n").end.fault, RemoteFault::kInvalid);
  EXPECT_EQ(answer_to(kEvents, event("a") + "data: {\"error\": \"x\"}\n\n").end.fault,
            RemoteFault::kInvalid);
  EXPECT_EQ(answer_to(kEvents, document("a") + "\n\n").end.fault, RemoteFault::kInvalid);
}

TEST(ReplyReader, CallsOfToolsAreNoAnswer) {
  const std::string call =
      R"({"choices": [{"message": {"content": null, "tool_calls": [{"id": "1"}]}}]})";
  EXPECT_EQ(answer_to(kJson, call).end.fault, RemoteFault::kInvalid);
  const std::string beside =
      R"({"choices": [{"message": {"content": "a", "tool_calls": [{"id": "1"}]}}]})";
  EXPECT_EQ(answer_to(kJson, beside).text, "a");
}

TEST(ReplyReader, LongAnswersAreCutBetweenCharacters) {
  std::string text(kAnswerBytes - 1, 'a');
  EXPECT_EQ(answer_to(kJson, document(text + "b")).end.fault, RemoteFault::kNone);
  for (const bool streamed : {false, true}) {
    const Answer answer = streamed ? answer_to(kEvents, event(text) + event("\xc3\xa9"))
                                   : answer_to(kJson, document(text + "\xc3\xa9"));
    EXPECT_EQ(answer.end.fault, RemoteFault::kTooLarge);
    EXPECT_EQ(answer.text, text);
  }
}

TEST(ReplyReader, EndlessBytesEnd) {
  const std::string block(64 << 10, ' ');
  for (const ReplyHead& head : {kJson, kEvents, ReplyHead{200, "text/plain", false}}) {
    for (const std::string& bytes : {block, ": comment\n" + block.substr(0, 1000) + "\n"}) {
      ReplyReader reader(head.content_type == "text/plain" ? RemoteUse::kPlain : RemoteUse::kChat,
                         kAnswerBytes);
      ASSERT_TRUE(reader.begin(head));
      int count = 0;
      while (reader.push(bytes) && count < 10000) {
        ++count;
        EXPECT_LT(reader.held_bytes(), 300u << 10);
      }
      EXPECT_LT(count, 10000);
      EXPECT_EQ(reader.finish(false).fault, RemoteFault::kTooLarge);
    }
  }
}

TEST(ReplyReader, OfAPlainPostTheAnswerIsThrownAway) {
  const Answer answer =
      answer_to({202, "text/html", true}, "<html>", Ending::kWhole, RemoteUse::kPlain);
  EXPECT_EQ(answer.end.fault, RemoteFault::kNone);
  EXPECT_EQ(answer.text, "");
  EXPECT_EQ(answer_to({503, "", false}, "", Ending::kWhole, RemoteUse::kPlain).end.fault,
            RemoteFault::kHttpStatus);
}

TEST(ReplyReader, NoHeadIsNoAnswer) {
  ReplyReader reader(RemoteUse::kChat, kAnswerBytes);
  EXPECT_EQ(reader.finish(true).fault, RemoteFault::kUnreachable);
}

}  // namespace
}  // namespace hearth

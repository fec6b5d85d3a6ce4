// SPDX-License-Identifier: Apache-2.0
#include "egress/reply_reader.h"

#include <algorithm>
#include <utility>

#include "base/strings.h"
#include "base/utf8.h"
#include "egress/chat_reply.h"

namespace hearth {
namespace {

// What JSON needs for an answer: six bytes for one where all is escaped, and what stands around it.
constexpr std::size_t kDocumentBytesFactor = 6;
constexpr std::size_t kDocumentBytesMore = 64 << 10;
// An event for each token, of some hundred bytes, and thoughts that are left out.
constexpr uint64_t kRawBytesFactor = 512;
constexpr uint64_t kRawBytesMore = 1 << 20;

// "Text/HTML; charset=utf-8" is "text/html".
std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (type.ends_with(' ') || type.ends_with('\t')) type.pop_back();
  std::transform(type.begin(), type.end(), type.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return type;
}

std::string status_text(int32_t status) {
  const std::string what = concat("answered with status ", status);
  if (status == 401 || status == 403) {
    return what + " (it does not take the key); check key_file in the policy";
  }
  if (status == 404 || status == 405) {
    return what + " (nothing is there); check url and model in the policy";
  }
  if (status == 429) return what + " (too many requests); wait, or ask another target";
  if (status >= 500) return what + " (it failed); try again later, or ask another target";
  return what + "; check url and model in the policy";
}

}  // namespace

ReplyReader::ReplyReader(RemoteUse use, std::size_t answer_bytes_max)
    : use_(use),
      answer_bytes_max_(answer_bytes_max),
      document_bytes_max_(kDocumentBytesFactor * answer_bytes_max + kDocumentBytesMore),
      raw_bytes_max_(kRawBytesFactor * answer_bytes_max + kRawBytesMore),
      events_(document_bytes_max_) {}

bool ReplyReader::fail(RemoteFault fault, std::string text) {
  if (end_.fault == RemoteFault::kNone) {
    end_.fault = fault;
    end_.text = std::move(text);
  }
  return false;
}

bool ReplyReader::begin(const ReplyHead& head) {
  has_begun_ = true;
  if (head.status >= 300 && head.status < 400) {
    return fail(RemoteFault::kNotJson, concat("answered with a redirect (status ", head.status,
                                              "), which is not followed; give the final url in the "
                                              "policy"));
  }
  if (head.status < 200 || head.status >= 400) {
    return fail(RemoteFault::kHttpStatus, status_text(head.status));
  }
  if (use_ == RemoteUse::kPlain) return true;
  if (head.is_compressed) {
    return fail(
        RemoteFault::kInvalid,
        "answered with compressed bytes, which were not asked for; have it send plain ones");
  }
  const std::string type = media_type(head.content_type);
  if (type == "application/json") {
    kind_ = Kind::kDocument;
  } else if (type == "text/event-stream") {
    kind_ = Kind::kEvents;
  } else {
    return fail(RemoteFault::kNotJson,
                concat("answered with ",
                       type == "text/html" ? "an HTML page" : "neither JSON nor a stream of events",
                       "; check url in the policy"));
  }
  return true;
}

bool ReplyReader::push(std::string_view bytes) {
  if (end_.fault != RemoteFault::kNone) return false;
  if (is_complete_) return true;
  raw_bytes_ += bytes.size();
  if (raw_bytes_ > raw_bytes_max_) {
    return fail(RemoteFault::kTooLarge,
                concat("sent more than ", raw_bytes_max_, " bytes; have it answer shorter"));
  }
  if (kind_ == Kind::kDiscarded) return true;
  if (kind_ == Kind::kDocument) {
    if (document_.size() + bytes.size() > document_bytes_max_) {
      return fail(RemoteFault::kTooLarge,
                  concat("sent a document of more than ", document_bytes_max_,
                         " bytes; have it answer shorter"));
    }
    document_ += bytes;
    return true;
  }
  switch (events_.push(bytes, [this](std::string_view data) { return take_event(data); })) {
    case EventStream::State::kGoesOn:
      return true;
    case EventStream::State::kStopped:
      return is_complete_;
    case EventStream::State::kTooLong:
      break;
  }
  return fail(RemoteFault::kTooLarge, concat("sent an event of more than ", document_bytes_max_,
                                             " bytes; have it answer shorter"));
}

bool ReplyReader::take_event(std::string_view data) {
  has_events_ = true;
  if (data == "[DONE]") {
    is_complete_ = true;
    return false;
  }
  return take_reply(data, true);
}

bool ReplyReader::take_reply(std::string_view json, bool is_event) {
  auto reply = read_chat_reply(json, is_event ? ChatReplyForm::kEvent : ChatReplyForm::kWhole);
  if (!reply.ok() || (!is_event && !reply->has_choice && !reply->is_error)) {
    return fail(RemoteFault::kInvalid,
                concat("sent ", is_event ? "an event" : "a document",
                       " that is no chat completion; check that it speaks OpenAI's API"));
  }
  if (reply->is_error) {
    return fail(RemoteFault::kInvalid,
                "reported an error in place of an answer; look into its own log");
  }
  if (reply->prompt_tokens) end_.prompt_tokens = reply->prompt_tokens;
  if (reply->answer_tokens) end_.answer_tokens = reply->answer_tokens;
  if (!reply->finish_reason.empty()) end_.finish_reason = std::move(reply->finish_reason);
  has_tool_calls_ |= reply->has_tool_calls;
  return take_content(reply->content);
}

bool ReplyReader::take_content(std::string_view content) {
  const std::size_t room = answer_bytes_max_ - text_bytes_;
  const bool fits = content.size() <= room;
  if (!fits) {
    content = content.substr(0, room);
    content.remove_suffix(incomplete_utf8_suffix(content));
  }
  text_ += content;
  text_bytes_ += content.size();
  if (fits) return true;
  return fail(RemoteFault::kTooLarge, concat("answered with more than ", answer_bytes_max_,
                                             " bytes of text; ask for fewer tokens"));
}

std::string ReplyReader::take_text() { return std::exchange(text_, {}); }

ReplyEnd ReplyReader::finish(bool is_whole) {
  if (end_.fault != RemoteFault::kNone) return end_;
  if (!has_begun_) {
    fail(RemoteFault::kUnreachable, "ended the connection without an answer; try again later");
  } else if (kind_ == Kind::kDocument && is_whole) {
    take_reply(document_, false);
  } else if (kind_ == Kind::kEvents && is_whole && !has_events_ && events_.held_bytes() == 0) {
    fail(RemoteFault::kInvalid,
         "sent no event in a stream of events; check that it speaks OpenAI's API");
  } else if (kind_ == Kind::kEvents && !is_complete_ && (!is_whole || end_.finish_reason.empty())) {
    fail(RemoteFault::kBrokenStream, "ended its answer in the middle; try again");
  } else if (kind_ != Kind::kEvents && !is_whole) {
    fail(RemoteFault::kBrokenStream, "ended its answer in the middle; try again");
  }
  if (end_.fault == RemoteFault::kNone && has_tool_calls_ && text_bytes_ == 0) {
    fail(RemoteFault::kInvalid,
         "answered with a call of a tool, which is refused; ask it without tools");
  }
  return end_;
}

}  // namespace hearth

// SPDX-License-Identifier: Apache-2.0
// What an endpoint answers to one question, from its head to its end: bytes that nobody vouches
// for. Text comes out as it comes in, within limits; the first thing that is wrong ends it.
//
// Threading: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "egress/event_stream.h"
#include "egress/frames.h"
#include "egress/remote.h"

namespace hearth {

// Of an answer by HTTP, as far as it matters.
struct ReplyHead {
  int32_t status = 0;
  std::string content_type;
  bool is_compressed = false;  // it was not asked to be
};

// How an answer ended. `text` is "cause; remedy", without content and without the target's name.
struct ReplyEnd {
  RemoteFault fault = RemoteFault::kNone;
  std::string text;
  std::string finish_reason;
  std::optional<int64_t> prompt_tokens;
  std::optional<int64_t> answer_tokens;
};

class ReplyReader {
 public:
  ReplyReader(RemoteUse use, std::size_t answer_bytes_max);

  // Once, before any push(). False: read no more, finish() says why.
  bool begin(const ReplyHead& head);
  // The next bytes. False likewise.
  bool push(std::string_view bytes);
  // The stream has said that it is at its end: what follows is of no interest.
  bool is_complete() const { return is_complete_; }
  // The text that came since the last call: whole characters.
  std::string take_text();
  // No more bytes come; `is_whole`: by HTTP's rules that was all. Once.
  ReplyEnd finish(bool is_whole);

  // What memory it holds for bytes that are not text yet.
  std::size_t held_bytes() const { return document_.size() + events_.held_bytes(); }

 private:
  enum class Kind { kDiscarded, kDocument, kEvents };

  bool fail(RemoteFault fault, std::string text);
  bool take_event(std::string_view data);
  bool take_reply(std::string_view json, bool is_event);
  bool take_content(std::string_view content);

  RemoteUse use_;
  std::size_t answer_bytes_max_;
  std::size_t document_bytes_max_;
  uint64_t raw_bytes_max_;
  uint64_t raw_bytes_ = 0;
  Kind kind_ = Kind::kDiscarded;
  std::string document_;
  EventStream events_;
  std::string text_;  // not taken yet
  std::size_t text_bytes_ = 0;
  bool has_begun_ = false;
  bool has_events_ = false;
  bool has_tool_calls_ = false;
  bool is_complete_ = false;
  ReplyEnd end_;
};

}  // namespace hearth

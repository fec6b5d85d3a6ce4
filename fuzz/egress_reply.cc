// SPDX-License-Identifier: Apache-2.0
// An endpoint's answer: however it is cut into pieces, the same text comes out and the same is said
// of its end; the text is UTF-8 and within its limit, and so is the memory. The first two bytes say
// which kind of answer it is and how long the pieces are.
#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/utf8.h"
#include "egress/reply_reader.h"

namespace {

using namespace hearth;

constexpr std::size_t kAnswerBytes = 64;
constexpr std::size_t kHeldBytesMax = 3 * (6 * kAnswerBytes + (64 << 10));

struct Answer {
  std::string text;
  ReplyEnd end;
};

Answer read_in_pieces(std::string_view bytes, uint8_t kind, std::size_t piece) {
  ReplyReader reader(kind % 4 == 3 ? RemoteUse::kPlain : RemoteUse::kChat, kAnswerBytes);
  ReplyHead head;
  head.status = 200;
  head.content_type = kind % 2 == 0 ? "application/json" : "text/event-stream; charset=utf-8";
  HEARTH_CHECK(reader.begin(head));
  Answer answer;
  bool wants_more = true;
  while (!bytes.empty() && wants_more) {
    wants_more = reader.push(bytes.substr(0, piece));
    bytes.remove_prefix(std::min(piece, bytes.size()));
    answer.text += reader.take_text();
    HEARTH_CHECK(reader.held_bytes() <= kHeldBytesMax);
  }
  answer.end = reader.finish(kind % 8 < 4);
  answer.text += reader.take_text();
  return answer;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  const Answer answer = read_in_pieces(bytes, data[0], std::size_t{1} + data[1]);
  const Answer again = read_in_pieces(bytes, data[0], bytes.size() + 1);
  HEARTH_CHECK(answer.text == again.text);
  HEARTH_CHECK(answer.end.fault == again.end.fault && answer.end.text == again.end.text);
  HEARTH_CHECK(answer.end.finish_reason == again.end.finish_reason);
  HEARTH_CHECK(answer.text.size() <= kAnswerBytes && !find_invalid_utf8(answer.text));
  HEARTH_CHECK((answer.end.fault == RemoteFault::kNone) == answer.end.text.empty());
  for (const char c : answer.end.text) HEARTH_CHECK(c >= 0x20 && c < 0x7f);
  return 0;
}

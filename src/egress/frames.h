// SPDX-License-Identifier: Apache-2.0
// What hearth and its broker say to each other: typed frames with their length in front, over a
// socketpair (docs/formats/egress.md). Either side takes the other's bytes for hostile.
//
// Ownership: views point into the reader's buffer. Threading: one thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "egress/remote.h"

namespace hearth {

inline constexpr int kBrokerChannel = 3;  // the descriptor that the broker is started with
inline constexpr std::size_t kFrameHeaderBytes = 9;
inline constexpr std::size_t kFramePayloadMax = 64 << 10;
inline constexpr std::size_t kAskBodyBytesMax = 8 << 20;
inline constexpr std::size_t kAnswerBytesMax = 8 << 20;
inline constexpr std::size_t kAsksAtOnceMax = 64;
inline constexpr std::size_t kBrokerTargetsMax = 32;  // those of a policy, and hearth's own
inline constexpr uint32_t kTimeoutMsMax = 3600000;

enum class FrameType : uint8_t {
  // From hearth.
  kTarget = 1,  // one of those that may be asked
  kStart = 2,   // that was the last target
  kAsk = 3,     // a question begins
  kBody = 4,    // the next bytes of it
  kCancel = 5,  // it is not wanted any more
  // From the broker.
  kReady = 16,    // in answer to kStart
  kRefused = 17,  // likewise; the broker ends
  kText = 18,     // the next bytes of an answer
  kDone = 19,     // nothing more comes of this ask
};

struct Frame {
  FrameType type = FrameType::kStart;
  uint32_t ask = 0;  // which question; 0 in frames that are of none
  std::string_view payload;
};

// What a target is for.
enum class RemoteUse : uint8_t {
  kChat,   // a chat completion: asked at URL/chat/completions, answered with JSON or events
  kPlain,  // bytes are posted to the URL itself; what comes back is thrown away
};

// A target as the broker is told of it. Paths are absolute.
struct BrokerTarget {
  std::string name;
  std::string url;  // as parse_endpoint_url() takes it
  RemoteUse use = RemoteUse::kChat;
  uint32_t timeout_ms = 30000;  // for a whole answer
  std::string key_file;         // empty: no key
  std::string ca_file;          // empty: the system's certificates

  friend bool operator==(const BrokerTarget&, const BrokerTarget&) = default;
};

struct AskFrame {
  std::string target;
  uint32_t timeout_ms = 0;
  uint64_t answer_bytes_max = 0;
  uint64_t body_bytes = 0;  // that follow in kBody frames

  friend bool operator==(const AskFrame&, const AskFrame&) = default;
};

struct RefusedFrame {
  ErrorCode code = ErrorCode::kInternal;
  std::string message;
};

struct DoneFrame {
  RemoteFault fault = RemoteFault::kNone;
  int32_t http_status = 0;
  int64_t bytes_sent = 0;
  std::optional<int64_t> prompt_tokens;  // where the endpoint counted
  std::optional<int64_t> answer_tokens;
  std::string text;           // of a fault, without content
  std::string finish_reason;  // of the endpoint

  friend bool operator==(const DoneFrame&, const DoneFrame&) = default;
};

// Writing: appended to `out`. Texts that are too long are cut.
void append_frame(std::string& out, FrameType type, uint32_t ask, std::string_view payload);
void append_target(std::string& out, const BrokerTarget& target);
void append_ask(std::string& out, uint32_t ask, const AskFrame& fields);
// In as many frames as it takes; pieces of text end between characters.
void append_body(std::string& out, uint32_t ask, std::string_view body);
void append_text(std::string& out, uint32_t ask, std::string_view text);
void append_refused(std::string& out, const Error& error);
void append_done(std::string& out, uint32_t ask, const DoneFrame& fields);

// Reading a frame of that type. Errors: kCorrupt.
Result<BrokerTarget> read_target(const Frame& frame);
Result<AskFrame> read_ask(const Frame& frame);
Result<RefusedFrame> read_refused(const Frame& frame);
Result<DoneFrame> read_done(const Frame& frame);

// Frames out of a stream of bytes, however that was cut.
class FrameReader {
 public:
  // Invalidates frames that were handed out.
  void append(std::string_view bytes);
  // The next whole frame, or nothing yet. Errors: kCorrupt (an unknown type, a length that is not
  // allowed, a question's number where none belongs); from then on always.
  Result<std::optional<Frame>> next();

 private:
  std::string buffer_;
  std::size_t at_ = 0;  // of what was not handed out yet
};

}  // namespace hearth

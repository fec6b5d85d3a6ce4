// SPDX-License-Identifier: Apache-2.0
#include "egress/frames.h"

#include <algorithm>
#include <concepts>

#include "base/strings.h"
#include "base/utf8.h"

namespace hearth {
namespace {

constexpr std::size_t kNameBytesMax = 64;
constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kPathBytesMax = 4096;
constexpr std::size_t kMessageBytesMax = 1024;
constexpr std::size_t kFinishReasonBytesMax = 64;
constexpr uint64_t kNoCount = ~uint64_t{0};
constexpr int64_t kCountMax = int64_t{1} << 40;

Error broken(std::string_view what) {
  return Error(ErrorCode::kCorrupt,
               concat("egress channel: ", what, "; start hearth anew, and report this"));
}

template <std::unsigned_integral Number>
void append_number(std::string& out, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    out += static_cast<char>(static_cast<unsigned char>(number >> (8 * i)));
  }
}

template <std::unsigned_integral Number>
Number number_at(const char* bytes) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) {
    number = static_cast<Number>(number | static_cast<Number>(static_cast<unsigned char>(bytes[i]))
                                              << (8 * i));
  }
  return number;
}

void append_text_field(std::string& out, std::string_view text, std::size_t bytes_max) {
  text = text.substr(0, bytes_max);
  append_number(out, static_cast<uint32_t>(text.size()));
  out += text;
}

// Takes fields off a payload, in order. What is missing or too long is remembered: the caller asks
// once, at the end.
class Fields {
 public:
  explicit Fields(std::string_view payload) : payload_(payload) {}

  template <std::unsigned_integral Number>
  Number number(Number maximum) {
    if (payload_.size() < sizeof(Number)) return fail<Number>();
    const auto value = number_at<Number>(payload_.data());
    payload_.remove_prefix(sizeof(Number));
    return value <= maximum ? value : fail<Number>();
  }

  // UTF-8 without control characters.
  std::string text(std::size_t bytes_max) {
    const auto bytes = number<uint32_t>(static_cast<uint32_t>(bytes_max));
    if (bytes > payload_.size()) return fail<std::string>();
    std::string text(payload_.substr(0, bytes));
    payload_.remove_prefix(bytes);
    return printable(text, 4 * bytes_max) == text ? text : fail<std::string>();
  }

  std::optional<int64_t> count() {
    const auto value = number<uint64_t>(kNoCount);
    if (value == kNoCount) return std::nullopt;
    if (value > static_cast<uint64_t>(kCountMax)) return fail<int64_t>();
    return static_cast<int64_t>(value);
  }

  // Errors: kCorrupt, unless each field was there and nothing else is.
  Result<void> finish(std::string_view what) const {
    if (failed_ || !payload_.empty()) return broken(concat(what, " that is malformed"));
    return {};
  }

 private:
  template <typename Value>
  Value fail() {
    failed_ = true;
    return {};
  }

  std::string_view payload_;
  bool failed_ = false;
};

bool is_known(uint8_t type) {
  return (type >= static_cast<uint8_t>(FrameType::kTarget) &&
          type <= static_cast<uint8_t>(FrameType::kCancel)) ||
         (type >= static_cast<uint8_t>(FrameType::kReady) &&
          type <= static_cast<uint8_t>(FrameType::kDone));
}

// Frames of questions have a number, others none.
bool has_question(FrameType type) {
  return type != FrameType::kTarget && type != FrameType::kStart && type != FrameType::kReady &&
         type != FrameType::kRefused;
}

void append_count(std::string& out, std::optional<int64_t> count) {
  append_number(
      out, count ? static_cast<uint64_t>(std::clamp(*count, int64_t{0}, kCountMax)) : kNoCount);
}

}  // namespace

void append_frame(std::string& out, FrameType type, uint32_t ask, std::string_view payload) {
  HEARTH_CHECK(payload.size() <= kFramePayloadMax);
  append_number(out, static_cast<uint32_t>(payload.size()));
  append_number(out, static_cast<uint8_t>(type));
  append_number(out, ask);
  out += payload;
}

void append_target(std::string& out, const BrokerTarget& target) {
  std::string payload;
  append_number(payload, static_cast<uint8_t>(target.use));
  append_number(payload, target.timeout_ms);
  append_text_field(payload, target.name, kNameBytesMax);
  append_text_field(payload, target.url, kUrlBytesMax);
  append_text_field(payload, target.key_file, kPathBytesMax);
  append_text_field(payload, target.ca_file, kPathBytesMax);
  append_frame(out, FrameType::kTarget, 0, payload);
}

void append_ask(std::string& out, uint32_t ask, const AskFrame& fields) {
  std::string payload;
  append_number(payload, fields.timeout_ms);
  append_number(payload, fields.answer_bytes_max);
  append_number(payload, fields.body_bytes);
  append_text_field(payload, fields.target, kNameBytesMax);
  append_frame(out, FrameType::kAsk, ask, payload);
}

void append_body(std::string& out, uint32_t ask, std::string_view body) {
  for (std::size_t at = 0; at < body.size(); at += kFramePayloadMax) {
    append_frame(out, FrameType::kBody, ask, body.substr(at, kFramePayloadMax));
  }
}

void append_text(std::string& out, uint32_t ask, std::string_view text) {
  while (!text.empty()) {
    std::string_view piece = text.substr(0, kFramePayloadMax);
    if (piece.size() < text.size()) piece.remove_suffix(incomplete_utf8_suffix(piece));
    append_frame(out, FrameType::kText, ask, piece);
    text.remove_prefix(piece.size());
  }
}

void append_refused(std::string& out, const Error& error) {
  std::string payload;
  append_number(payload, static_cast<uint8_t>(error.code()));
  append_text_field(payload, printable(error.message(), kMessageBytesMax - 8), kMessageBytesMax);
  append_frame(out, FrameType::kRefused, 0, payload);
}

void append_done(std::string& out, uint32_t ask, const DoneFrame& fields) {
  std::string payload;
  append_number(payload, static_cast<uint8_t>(fields.fault));
  append_number(payload, static_cast<uint32_t>(std::clamp(fields.http_status, 0, 999)));
  append_count(payload, fields.bytes_sent);
  append_count(payload, fields.prompt_tokens);
  append_count(payload, fields.answer_tokens);
  append_text_field(payload, fields.text, kMessageBytesMax);
  append_text_field(payload, fields.finish_reason, kFinishReasonBytesMax);
  append_frame(out, FrameType::kDone, ask, payload);
}

Result<BrokerTarget> read_target(const Frame& frame) {
  Fields fields(frame.payload);
  BrokerTarget target;
  target.use = static_cast<RemoteUse>(fields.number<uint8_t>(1));
  target.timeout_ms = fields.number<uint32_t>(kTimeoutMsMax);
  target.name = fields.text(kNameBytesMax);
  target.url = fields.text(kUrlBytesMax);
  target.key_file = fields.text(kPathBytesMax);
  target.ca_file = fields.text(kPathBytesMax);
  HEARTH_TRY(fields.finish("a target"));
  return target;
}

Result<AskFrame> read_ask(const Frame& frame) {
  Fields fields(frame.payload);
  AskFrame ask;
  ask.timeout_ms = fields.number<uint32_t>(kTimeoutMsMax);
  ask.answer_bytes_max = fields.number<uint64_t>(kAnswerBytesMax);
  ask.body_bytes = fields.number<uint64_t>(kAskBodyBytesMax);
  ask.target = fields.text(kNameBytesMax);
  HEARTH_TRY(fields.finish("a question"));
  return ask;
}

Result<RefusedFrame> read_refused(const Frame& frame) {
  Fields fields(frame.payload);
  RefusedFrame refused;
  refused.code =
      static_cast<ErrorCode>(fields.number<uint8_t>(static_cast<uint8_t>(ErrorCode::kCancelled)));
  refused.message = fields.text(kMessageBytesMax);
  HEARTH_TRY(fields.finish("a refusal"));
  return refused;
}

Result<DoneFrame> read_done(const Frame& frame) {
  Fields fields(frame.payload);
  DoneFrame done;
  done.fault = static_cast<RemoteFault>(
      fields.number<uint8_t>(static_cast<uint8_t>(kRemoteFaultNames.size() - 1)));
  done.http_status = static_cast<int32_t>(fields.number<uint32_t>(999));
  done.bytes_sent = fields.count().value_or(0);
  done.prompt_tokens = fields.count();
  done.answer_tokens = fields.count();
  done.text = fields.text(kMessageBytesMax);
  done.finish_reason = fields.text(kFinishReasonBytesMax);
  HEARTH_TRY(fields.finish("an end"));
  return done;
}

void FrameReader::append(std::string_view bytes) {
  buffer_.erase(0, at_);
  at_ = 0;
  buffer_ += bytes;
}

Result<std::optional<Frame>> FrameReader::next() {
  const std::string_view left = std::string_view(buffer_).substr(at_);
  if (left.size() < kFrameHeaderBytes) return std::optional<Frame>();
  const auto payload_bytes = number_at<uint32_t>(left.data());
  const auto type = number_at<uint8_t>(left.data() + 4);
  if (payload_bytes > kFramePayloadMax) return broken("a frame that is too long");
  if (!is_known(type)) return broken("a frame of an unknown type");
  const auto ask = number_at<uint32_t>(left.data() + 5);
  if ((ask != 0) != has_question(static_cast<FrameType>(type))) {
    return broken("a frame whose question's number is out of place");
  }
  if (left.size() - kFrameHeaderBytes < payload_bytes) return std::optional<Frame>();
  at_ += kFrameHeaderBytes + payload_bytes;
  return std::optional<Frame>(
      {static_cast<FrameType>(type), ask, left.substr(kFrameHeaderBytes, payload_bytes)});
}

}  // namespace hearth

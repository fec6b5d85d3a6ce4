// SPDX-License-Identifier: Apache-2.0
// Asking another machine, as whoever routes sees it: what may be asked has been declassified, and
// what comes back is untrusted text (guard/trust.h), good for an answer and for nothing else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>

#include "guard/declassified.h"

namespace hearth {

enum class RemoteFault : uint8_t {
  kNone,
  kUnreachable,   // no connection, or it ended before an answer began
  kTls,           // the certificate is not the host's, or no common protocol
  kDns,           // the host's name cannot be looked up
  kTimeout,       // not whole in the time that was given
  kHttpStatus,    // an error by HTTP: RemoteResult::http_status
  kNotJson,       // HTML, a redirect, or another kind of document
  kTooLarge,      // more than was allowed, either way
  kInvalid,       // neither a chat completion nor a stream of one
  kBrokenStream,  // it ended in the middle
  kCancelled,     // by us
  kBrokerGone,    // the process that sends has ended, and will not come back
};
inline constexpr std::array<std::string_view, 12> kRemoteFaultNames = {
    "none",     "unreachable", "tls",     "dns",           "timeout",   "http_status",
    "not_json", "too_large",   "invalid", "broken_stream", "cancelled", "broker_gone"};

constexpr std::string_view remote_fault_name(RemoteFault fault) {
  return kRemoteFaultNames[static_cast<std::size_t>(fault)];
}

struct RemoteResult {
  RemoteFault fault = RemoteFault::kNone;
  std::string text;             // of a fault: one line for people, without content
  int32_t http_status = 0;      // 0 where none came
  std::string answer;           // whole, or what came before the fault; UTF-8
  int64_t prompt_tokens = 0;    // as the endpoint counts, or estimated
  int64_t answer_tokens = 0;    // likewise
  bool is_estimated = false;    // the tokens: a quarter of the bytes
  double first_token_ms = 0.0;  // from the call on; 0 where no text came
  double total_ms = 0.0;
  std::string finish_reason;  // the endpoint's, printable; empty where it gave none
  // Of the body. Where the broker could not say, all of it, if any of it was handed over.
  int64_t bytes_sent = 0;
};

struct RemoteAsk {
  std::string target;  // its name in the policy
  Declassified<std::string> body;
  double timeout_ms = 0.0;  // for the whole answer; the policy's holds too
  std::size_t answer_bytes_max = 0;
};

// Threading: many asks at once, from any thread.
class RemoteCaller {
 public:
  virtual ~RemoteCaller() = default;

  // Blocks until the answer is whole, failed or stopped. `on_text` gets pieces as they come, on
  // this thread, each of whole characters (it may be empty), and returns false to stop.
  virtual RemoteResult ask(const RemoteAsk& ask,
                           const std::function<bool(std::string_view)>& on_text,
                           std::stop_token stop) = 0;
};

}  // namespace hearth

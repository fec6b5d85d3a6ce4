// SPDX-License-Identifier: Apache-2.0
// HTTP requests and their answers, as the APIs see them: nothing of the library below.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hearth {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;   // "GET", ...
  std::string path;     // without the query; not decoded
  HttpHeaders headers;  // names in lower case
  std::string body;
  std::string id;  // x-request-id: the client's, or drawn

  // Empty where it is missing.
  std::string_view header(std::string_view lower_case_name) const;
};

// The answer to one request, whole or piece by piece. Any thread may write to it, one at a time;
// once the client has gone, nothing that is written matters.
class HttpReply {
 public:
  // `wake`: called, on any thread, when there is something to send.
  explicit HttpReply(std::function<void()> wake) : wake_(std::move(wake)) {}

  void send(int status, std::string_view content_type, std::string body, HttpHeaders more = {});
  // A body that comes in pieces; end() is to follow.
  void begin(int status, std::string_view content_type, HttpHeaders more = {});
  void write(std::string_view piece);
  void end();

  // Headers of whatever answer comes. Before it begins.
  void add_headers(HttpHeaders headers);
  // Of the answer; 0 before it begins.
  int status() const { return status_; }

  // Set once the client has gone, or reads so slowly that kWaitingBytesMax wait for it.
  const std::atomic<bool>& is_gone() const { return is_gone_; }
  void set_gone() { is_gone_ = true; }

  // For who sends it: what came since the last call.
  struct Pending {
    bool has_head = false;  // status and headers are to be sent first
    int status = 0;
    HttpHeaders headers;
    bool is_streamed = false;
    std::string body;
    bool is_over = false;

    bool is_empty() const { return !has_head && body.empty() && !is_over; }
  };
  Pending take();

 private:
  static constexpr std::size_t kWaitingBytesMax = std::size_t{4} << 20;

  void start(int status, std::string_view content_type, HttpHeaders more, bool is_streamed);

  std::function<void()> wake_;
  std::atomic<bool> is_gone_ = false;
  std::atomic<int> status_ = 0;
  std::mutex mutex_;
  HttpHeaders added_;
  Pending pending_;
};

// Called on the server's thread: must not block. The reply is written to now or later.
using HttpHandler =
    std::function<void(std::shared_ptr<const HttpRequest>, std::shared_ptr<HttpReply>)>;

// The body of an answer to a request that cannot be read.
using HttpRefusalBody = std::function<std::string(int status, std::string_view message)>;
// Told of each request once its answer is sent, or its client gone (499); on the server's thread.
using HttpAnswered = std::function<void(const HttpRequest& request, int status, double ms)>;

}  // namespace hearth

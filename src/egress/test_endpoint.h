// SPDX-License-Identifier: Apache-2.0
// For tests: an endpoint on loopback that answers what it is told, and remembers what it was asked.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"

namespace hearth {

// One question on a connection of its own.
class TestConnection {
 public:
  explicit TestConnection(int fd) : fd_(fd) {}

  // Head and body, by content-length; false where the other end closed first.
  bool read_question() {
    char buffer[4096];
    std::size_t wanted = std::string::npos;
    while (text_.size() < wanted) {
      const ssize_t count = ::recv(fd_, buffer, sizeof buffer, 0);
      if (count <= 0) return false;
      text_.append(buffer, static_cast<std::size_t>(count));
      const std::size_t end = text_.find("\r\n\r\n");
      if (end == text_.npos || wanted != text_.npos) continue;
      head_ = text_.substr(0, end);
      wanted = end + 4;
      if (const std::size_t at = head_.find("Content-Length: "); at != head_.npos) {
        wanted += std::strtoul(head_.c_str() + at + 16, nullptr, 10);
      }
    }
    body_ = text_.substr(head_.size() + 4);
    return true;
  }
  const std::string& head() const { return head_; }
  const std::string& body() const { return body_; }

  // False once the other end is gone.
  bool send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t count = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }
  // Waits until the other end closes.
  void wait_closed() const {
    char byte;
    while (::recv(fd_, &byte, 1, 0) > 0) {
    }
  }

 private:
  int fd_;
  std::string text_;
  std::string head_;
  std::string body_;
};

class TestEndpoint {
 public:
  using Handler = std::function<void(TestConnection&)>;

  explicit TestEndpoint(Handler handler)
      : handler_(std::move(handler)), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t bytes = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    HEARTH_CHECK(::bind(listener_, any, bytes) == 0 && ::listen(listener_, 128) == 0);
    HEARTH_CHECK(::getsockname(listener_, any, &bytes) == 0);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~TestEndpoint() {
    ::shutdown(listener_, SHUT_RDWR);
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
    ::close(listener_);
  }

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_) + "/v1"; }
  int connections() const { return connections_; }
  std::vector<std::string> bodies() {
    const std::lock_guard lock(mutex_);
    return bodies_;
  }
  std::vector<std::string> heads() {
    const std::lock_guard lock(mutex_);
    return heads_;
  }

 private:
  void accept_all() {
    while (true) {
      const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) return;
      ++connections_;
      threads_.emplace_back([this, fd] {
        TestConnection connection(fd);
        if (connection.read_question()) {
          {
            const std::lock_guard lock(mutex_);
            heads_.push_back(connection.head());
            bodies_.push_back(connection.body());
          }
          handler_(connection);
        }
        ::close(fd);
      });
    }
  }

  Handler handler_;
  int listener_;
  uint16_t port_ = 0;
  std::atomic<int> connections_{0};
  std::mutex mutex_;
  std::vector<std::string> heads_;
  std::vector<std::string> bodies_;
  std::thread acceptor_;
  std::vector<std::thread> threads_;  // of the acceptor
};

// A whole answer by HTTP.
inline std::string test_answer(std::string_view body, std::string_view type = "application/json",
                               std::string_view status = "200 OK", std::string_view more = "") {
  return "HTTP/1.1 " + std::string(status) + "\r\nContent-Type: " + std::string(type) +
         "\r\nConnection: close\r\n" + std::string(more) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

inline constexpr std::string_view kTestEventsHead =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

inline std::string test_event(std::string_view text) {
  return "data: {\"choices\": [{\"delta\": {\"content\": \"" + std::string(text) + "\"}}]}\n\n";
}

inline std::string test_document(std::string_view text) {
  return "{\"choices\": [{\"index\": 0, \"message\": {\"content\": \"" + std::string(text) +
         "\"}, \"finish_reason\": \"stop\"}], \"usage\": {\"prompt_tokens\": 4, "
         "\"completion_tokens\": 2}}";
}

}  // namespace hearth

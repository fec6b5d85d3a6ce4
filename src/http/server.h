// SPDX-License-Identifier: Apache-2.0
// The HTTP/1.1 server: listens on TCP or a Unix socket, with TLS where it is given a certificate,
// holds clients to limits of size and time, and hands whole requests to a handler. One thread.
//
// Ownership: owns its sockets. Threading: listen() and run() on one thread, stop() from any.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"

namespace hearth {

struct HttpLimits {
  std::size_t header_bytes = 16 << 10;
  std::size_t body_bytes = std::size_t{16} << 20;
  int32_t connections = 2048;
  std::chrono::seconds header_time{10};  // from a request's first byte, or a connection's beginning
  std::chrono::seconds body_time{30};
  std::chrono::seconds idle_time{60};   // between requests
  std::chrono::seconds write_time{30};  // for a piece of an answer to be taken
};

struct HttpOptions {
  std::string host = "127.0.0.1";   // an address, or "localhost"
  uint16_t port = 4327;             // 0: any that is free
  std::string unix_path;            // in place of both
  std::optional<int> listening_fd;  // in place of all three: a socket that somebody else opened
  std::string tls_certificate;      // PEM files; empty: plain HTTP
  std::string tls_key;
  HttpLimits limits;
  // In JSON, what is wrong with a request that cannot be read.
  HttpRefusalBody refusal_body;
  HttpAnswered on_answered;  // or none
};

class HttpServer {
 public:
  // Errors: kUsage (no address; TLS files that do not fit together), kNotFound (TLS files),
  // kUnavailable (the port or path is taken).
  static Result<std::unique_ptr<HttpServer>> listen(const HttpOptions& options,
                                                    HttpHandler handler);
  ~HttpServer();

  // "http://127.0.0.1:4327" or "unix:/run/hearth.sock".
  const std::string& address() const;
  uint16_t port() const;  // 0 where it is no TCP socket

  // Serves until stop(), then lets answers that have begun end, for `drain_time` at most.
  void run(std::chrono::milliseconds drain_time);
  void stop();

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace hearth

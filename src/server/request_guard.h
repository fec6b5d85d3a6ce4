// SPDX-License-Identifier: Apache-2.0
// Who may ask: who knows a key, and no page of another site.
//
// Threading: immutable; any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace hearth {

struct RequestGuardOptions {
  std::vector<std::string> key_hashes;       // of API keys, SHA-256 in hexadecimal; empty: anybody
  std::vector<std::string> allowed_origins;  // of pages elsewhere that may ask
  std::string host;  // that the server listens on; empty: no host is looked at
};

class RequestGuard {
 public:
  struct Refusal {
    int status;
    std::string message;
  };

  explicit RequestGuard(RequestGuardOptions options) : options_(std::move(options)) {}

  // What is wrong with who asks, if anything. Without keys a name that is not this machine's is
  // refused too: a page can make any name mean 127.0.0.1 (DNS rebinding).
  std::optional<Refusal> refuse_site(const HttpRequest& request) const;
  std::optional<Refusal> refuse_key(const HttpRequest& request) const;
  // What a page that may ask must be told so that its browser lets it (CORS).
  HttpHeaders headers_for(const HttpRequest& request) const;

 private:
  bool is_known_host(std::string_view host) const;
  bool is_allowed(std::string_view origin) const;

  const RequestGuardOptions options_;
};

}  // namespace hearth

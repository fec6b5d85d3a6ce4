// SPDX-License-Identifier: Apache-2.0
// The address of a remote target: https to anywhere, http to this machine only.
//
// Threading: pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace hearth {

enum class UrlScheme { kHttp, kHttps };

struct EndpointUrl {
  UrlScheme scheme = UrlScheme::kHttps;
  std::string host;  // lower case; an IPv6 address without its brackets
  uint16_t port = 443;
  std::string path;  // "/v1", without a slash at the end; empty for the root
  bool is_loopback = false;

  friend bool operator==(const EndpointUrl&, const EndpointUrl&) = default;
};

// Scheme, host, port and path: no user, query or fragment, nothing that is escaped. Errors: kUsage
// ("cause; remedy", without the URL).
Result<EndpointUrl> parse_endpoint_url(std::string_view text);

// "host:443", as ledgers and addresses have it; an IPv6 address in brackets.
std::string host_and_port(const EndpointUrl& url);

// localhost, 127.0.0.0/8 in four decimal numbers, or ::1.
bool is_loopback_host(std::string_view host);

}  // namespace hearth

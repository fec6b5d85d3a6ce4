// SPDX-License-Identifier: Apache-2.0
#include "server/request_guard.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "package/sha256.h"

namespace hearth {
namespace {

// Without the port: "[::1]:4327" is "::1".
std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(1, host.find(']') - 1);
  return host.substr(0, host.find(':'));
}

bool is_address(std::string_view name) {
  return std::ranges::all_of(name,
                             [](char c) {
                               return std::isxdigit(static_cast<unsigned char>(c)) != 0 ||
                                      c == '.' || c == ':';
                             }) &&
         name.find_first_of(".:") != std::string_view::npos;
}

// "http://localhost:4327" of a request to "localhost:4327".
bool is_same_site(std::string_view origin, std::string_view host) {
  const std::size_t at = origin.find("://");
  return at != std::string_view::npos && origin.substr(at + 3) == host;
}

}  // namespace

bool RequestGuard::is_known_host(std::string_view host) const {
  if (options_.host.empty() || !options_.key_hashes.empty() || host.empty()) return true;
  const std::string_view name = host_name(host);
  return name == "localhost" || name.ends_with(".localhost") || name == options_.host ||
         is_address(name);
}

bool RequestGuard::is_allowed(std::string_view origin) const {
  return std::ranges::find(options_.allowed_origins, origin) != options_.allowed_origins.end();
}

std::optional<RequestGuard::Refusal> RequestGuard::refuse_site(const HttpRequest& request) const {
  const std::string_view host = request.header("host");
  if (!is_known_host(host)) {
    return Refusal{403, concat("host ", printable(host),
                               ": is not this machine's name; use its address, or start the server "
                               "with keys")};
  }
  const std::string_view origin = request.header("origin");
  if (origin.empty() || is_same_site(origin, host) || is_allowed(origin)) return std::nullopt;
  return Refusal{403, concat("origin ", printable(origin),
                             ": may not ask; start the server with --allow-origin where it may")};
}

std::optional<RequestGuard::Refusal> RequestGuard::refuse_key(const HttpRequest& request) const {
  if (options_.key_hashes.empty()) return std::nullopt;
  constexpr std::string_view kScheme = "Bearer ";
  const std::string_view given = request.header("authorization");
  const std::string hash =
      given.starts_with(kScheme) ? sha256_hex(given.substr(kScheme.size())) : std::string();
  bool is_known = false;  // all are compared, each in constant time
  for (const std::string& known : options_.key_hashes)
    is_known |=
        known.size() == hash.size() && CRYPTO_memcmp(known.data(), hash.data(), hash.size()) == 0;
  if (is_known) return std::nullopt;
  return Refusal{401, "key: is missing or unknown; send it as Authorization: Bearer KEY"};
}

HttpHeaders RequestGuard::headers_for(const HttpRequest& request) const {
  const std::string_view origin = request.header("origin");
  if (origin.empty() || !is_allowed(origin)) return {};
  return {{"access-control-allow-origin", std::string(origin)},
          {"vary", "origin"},
          {"access-control-allow-methods", "GET, POST, DELETE"},
          {"access-control-allow-headers", "authorization, content-type, x-request-id"},
          {"access-control-expose-headers", "x-request-id, hearth-dropped-messages"}};
}

}  // namespace hearth

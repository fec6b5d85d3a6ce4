// SPDX-License-Identifier: Apache-2.0
#include "route/endpoint_url.h"

#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace hearth {
namespace {

constexpr std::size_t kUrlBytesMax = 2048;
constexpr std::size_t kHostBytesMax = 253;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Error refusal(std::string_view why) { return Error(ErrorCode::kUsage, std::string(why)); }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Four decimal numbers up to 255, in the one way that all readers agree on: no leading zeros.
bool is_ipv4(std::string_view host) {
  int parts = 0;
  while (true) {
    const std::string_view part = host.substr(0, host.find('.'));
    unsigned value = 256;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || error != std::errc() || end != part.data() + part.size()) return false;
    if (value > 255 || (part.size() > 1 && part[0] == '0')) return false;
    ++parts;
    if (part.size() == host.size()) return parts == 4;
    host.remove_prefix(part.size() + 1);
  }
}

// Letters, digits, hyphens and dots, as in DNS; what ends in a number must be a whole IPv4 address,
// as other readers take "127.1" and "0x7f.1" for one.
bool is_host_name(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return false;
  std::size_t label_bytes = 0;
  char before = '.';
  for (const char c : host) {
    if (c == '.') {
      if (label_bytes == 0 || before == '-') return false;
      label_bytes = 0;
    } else if (is_letter(c) || is_digit(c) || (c == '-' && label_bytes > 0)) {
      if (++label_bytes > 63) return false;
    } else {
      return false;
    }
    before = c;
  }
  if (label_bytes == 0 || before == '-') return false;
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return !is_digit(last.front()) || is_ipv4(host);
}

bool is_ipv6(std::string_view host) {
  return host.size() <= 45 && std::count(host.begin(), host.end(), ':') >= 2 &&
         std::all_of(host.begin(), host.end(), [](char c) {
           return is_digit(c) || c == ':' || c == '.' || (lower(c) >= 'a' && lower(c) <= 'f');
         });
}

bool is_path(std::string_view path) {
  return std::all_of(path.begin(), path.end(), [](char c) {
    return is_letter(c) || is_digit(c) ||
           std::string_view("/-._~").find(c) != std::string_view::npos;
  });
}

// Takes "host[:port]" apart. Errors: kUsage.
Result<void> read_authority(std::string_view text, EndpointUrl& url) {
  std::string_view port;
  bool has_port = false;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos || !is_ipv6(text.substr(1, end - 1))) {
      return refusal("has no IPv6 address in its brackets; write https://[::1]:8080");
    }
    url.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
    has_port = !port.empty();
    if (has_port && port[0] != ':') return refusal("goes on behind its bracket; put : and a port");
    if (has_port) port.remove_prefix(1);
  } else {
    const std::size_t colon = text.find(':');
    url.host = text.substr(0, colon);
    has_port = colon != text.npos;
    if (has_port) port = text.substr(colon + 1);
    if (!is_host_name(url.host)) {
      return refusal("has no host name or address; write https://host.example/v1");
    }
  }
  std::transform(url.host.begin(), url.host.end(), url.host.begin(), lower);
  url.port = url.scheme == UrlScheme::kHttps ? 443 : 80;
  if (!has_port) return {};
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
  if (port.empty() || error != std::errc() || end != port.data() + port.size() || url.port == 0) {
    return refusal("has a port that is no number from 1 to 65535; correct it");
  }
  return {};
}

}  // namespace

std::string host_and_port(const EndpointUrl& url) {
  const bool is_ipv6 = url.host.find(':') != std::string::npos;
  return concat(is_ipv6 ? "[" : "", url.host, is_ipv6 ? "]" : "", ":", url.port);
}

bool is_loopback_host(std::string_view host) {
  return host == "localhost" || host == "::1" || (host.starts_with("127.") && is_ipv4(host));
}

Result<EndpointUrl> parse_endpoint_url(std::string_view text) {
  EndpointUrl url;
  if (text.size() > kUrlBytesMax) {
    return refusal(concat("is longer than ", kUrlBytesMax, " bytes; give a shorter one"));
  }
  constexpr std::string_view kHttps = "https://";
  constexpr std::string_view kHttp = "http://";
  if (text.starts_with(kHttps)) {
    text.remove_prefix(kHttps.size());
  } else if (text.starts_with(kHttp)) {
    url.scheme = UrlScheme::kHttp;
    text.remove_prefix(kHttp.size());
  } else {
    return refusal("does not begin with https://; give the whole address");
  }
  const std::size_t slash = std::min(text.find('/'), text.size());
  if (text.find('@') != text.npos) {
    return refusal("has a user or a password; leave it out and name a key_file");
  }
  if (text.find_first_of("?#%\\") != text.npos) {
    return refusal("has a query, a fragment or something escaped; leave it out");
  }
  HEARTH_TRY(read_authority(text.substr(0, slash), url));
  std::string_view path = text.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (!is_path(path)) return refusal("has odd characters in its path; correct it");
  url.path = path;
  url.is_loopback = is_loopback_host(url.host);
  if (url.scheme == UrlScheme::kHttp && !url.is_loopback) {
    return refusal("is http to another machine, which anyone on the way can read; use https");
  }
  return url;
}

}  // namespace hearth

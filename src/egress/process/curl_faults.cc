// SPDX-License-Identifier: Apache-2.0
#include "egress/process/curl_faults.h"

#include "base/strings.h"

namespace hearth {

void curl_fault(CURLcode code, bool was_looked_up, bool has_head, ReplyEnd& end) {
  const auto set = [&](RemoteFault fault, std::string text) {
    end.fault = fault;
    end.text = std::move(text);
  };
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return set(RemoteFault::kDns, "its host's name is not known; check url and the network");
    case CURLE_COULDNT_RESOLVE_PROXY:
      return set(RemoteFault::kDns, "the proxy's name is not known; check https_proxy");
    case CURLE_COULDNT_CONNECT:
      return set(RemoteFault::kUnreachable,
                 "cannot be reached; check that it runs, and the network");
    case CURLE_OPERATION_TIMEDOUT:
      if (!was_looked_up) {
        return set(RemoteFault::kDns, "its host's name was not found in time; check the network");
      }
      return set(RemoteFault::kTimeout,
                 "did not answer in time; allow more, or ask another target");
    case CURLE_PEER_FAILED_VERIFICATION:
      return set(RemoteFault::kTls,
                 "its certificate is not valid for that host; correct it, or name its ca_file in "
                 "the policy");
    case CURLE_SSL_CACERT_BADFILE:
      return set(RemoteFault::kTls, "its ca_file cannot be read; put certificates in PEM into it");
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
    case CURLE_USE_SSL_FAILED:
      return set(RemoteFault::kTls,
                 "no TLS connection can be made; check that it speaks TLS 1.2 or later");
    case CURLE_UNSUPPORTED_PROTOCOL:  // HTTP/0.9
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
      return set(RemoteFault::kInvalid, "does not speak HTTP; check url in the policy");
    case CURLE_GOT_NOTHING:
      return set(RemoteFault::kUnreachable,
                 "ended the connection without an answer; try again later");
    case CURLE_OUT_OF_MEMORY:
      return set(RemoteFault::kUnreachable, "no memory to ask it; free some");
    default:
      if (has_head) {
        return set(RemoteFault::kBrokenStream, "ended its answer in the middle; try again");
      }
      return set(RemoteFault::kUnreachable,
                 concat("the connection failed (curl ", static_cast<int>(code),
                        "); try again, and check the network"));
  }
}

}  // namespace hearth

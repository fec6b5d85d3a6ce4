// SPDX-License-Identifier: Apache-2.0
// What is posted where, and what failures of libcurl become; transfers themselves are tested
// through the broker.
#include "egress/process/transfers.h"

#include <gtest/gtest.h>

#include "egress/process/curl_faults.h"

namespace hearth {
namespace {

std::string posted(std::string_view url, RemoteUse use = RemoteUse::kChat) {
  const auto endpoint = parse_endpoint_url(url);
  EXPECT_TRUE(endpoint.ok()) << url;
  return endpoint.ok() ? post_url(*endpoint, use) : "";
}

TEST(Transfers, PostToTheUrlThatWasRead) {
  EXPECT_EQ(posted("https://API.example/v1/"), "https://api.example:443/v1/chat/completions");
  EXPECT_EQ(posted("http://[::1]:8080"), "http://[::1]:8080/chat/completions");
  EXPECT_EQ(posted("http://localhost:1/a"), "http://localhost:1/a/chat/completions");
  EXPECT_EQ(posted("https://otlp.example/v1/metrics", RemoteUse::kPlain),
            "https://otlp.example:443/v1/metrics");
}

TEST(Transfers, EveryFailureIsNamed) {
  const auto fault_of = [](CURLcode code, bool was_looked_up, bool has_head) {
    ReplyEnd end;
    curl_fault(code, was_looked_up, has_head, end);
    EXPECT_NE(end.text.find("; "), std::string::npos);
    return end.fault;
  };
  EXPECT_EQ(fault_of(CURLE_COULDNT_RESOLVE_HOST, false, false), RemoteFault::kDns);
  EXPECT_EQ(fault_of(CURLE_OPERATION_TIMEDOUT, false, false), RemoteFault::kDns);
  EXPECT_EQ(fault_of(CURLE_OPERATION_TIMEDOUT, true, false), RemoteFault::kTimeout);
  EXPECT_EQ(fault_of(CURLE_COULDNT_CONNECT, true, false), RemoteFault::kUnreachable);
  EXPECT_EQ(fault_of(CURLE_PEER_FAILED_VERIFICATION, true, false), RemoteFault::kTls);
  EXPECT_EQ(fault_of(CURLE_SSL_CONNECT_ERROR, true, false), RemoteFault::kTls);
  EXPECT_EQ(fault_of(CURLE_RECV_ERROR, true, true), RemoteFault::kBrokenStream);
  EXPECT_EQ(fault_of(CURLE_RECV_ERROR, true, false), RemoteFault::kUnreachable);
  EXPECT_EQ(fault_of(CURLE_HTTP2_STREAM, true, true), RemoteFault::kBrokenStream);
  EXPECT_EQ(fault_of(CURLE_PARTIAL_FILE, true, true), RemoteFault::kBrokenStream);
}

TEST(Transfers, CertificatesAreSomewhere) {
  bool is_there = false;
  for (const auto& path : certificate_paths()) is_there |= std::filesystem::exists(path);
  EXPECT_TRUE(is_there) << "install ca-certificates";
}

}  // namespace
}  // namespace hearth

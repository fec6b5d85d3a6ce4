// SPDX-License-Identifier: Apache-2.0
#include "server/request_guard.h"

#include <gtest/gtest.h>

#include "package/sha256.h"

namespace hearth {
namespace {

HttpRequest request(std::string host, std::string origin = "", std::string authorization = "") {
  HttpRequest request;
  request.headers.emplace_back("host", std::move(host));
  if (!origin.empty()) request.headers.emplace_back("origin", std::move(origin));
  if (!authorization.empty())
    request.headers.emplace_back("authorization", std::move(authorization));
  return request;
}

TEST(RequestGuard, WithoutKeysOnlyNamesOfThisMachine) {
  const RequestGuard guard({.key_hashes = {}, .allowed_origins = {}, .host = "box"});
  for (const auto* mine : {"127.0.0.1:4327", "localhost", "localhost:1", "a.localhost",
                           "[::1]:4327", "192.168.1.5", "box:4327"})
    EXPECT_FALSE(guard.refuse_site(request(mine))) << mine;
  for (const auto* other : {"evil.example", "evil.example:4327", "localhost.evil.example", "abc",
                            "127.0.0.1.evil.example"})
    EXPECT_EQ(guard.refuse_site(request(other))->status, 403) << other;
}

TEST(RequestGuard, OtherSitesPagesOnlyWhereTheyAreAllowed) {
  const RequestGuard guard(
      {.key_hashes = {}, .allowed_origins = {"https://friend.example"}, .host = "127.0.0.1"});
  EXPECT_FALSE(guard.refuse_site(request("localhost:4327", "http://localhost:4327")));
  EXPECT_FALSE(guard.refuse_site(request("localhost:4327", "https://friend.example")));
  for (const auto* origin : {"null", "http://localhost:80", "https://friend.example.evil.example",
                             "http://friend.example", "localhost:4327"})
    EXPECT_EQ(guard.refuse_site(request("localhost:4327", origin))->status, 403) << origin;
  EXPECT_TRUE(guard.headers_for(request("localhost", "https://evil.example")).empty());
  EXPECT_FALSE(guard.headers_for(request("localhost", "https://friend.example")).empty());
}

TEST(RequestGuard, KeysAreKnownByTheirHashes) {
  const RequestGuard guard(
      {.key_hashes = {sha256_hex("first-key-0123456"), sha256_hex("second-key-0123456")},
       .allowed_origins = {},
       .host = "127.0.0.1"});
  EXPECT_FALSE(guard.refuse_site(request("any.example")));  // who has no key gets nothing anyway
  EXPECT_FALSE(guard.refuse_key(request("x", "", "Bearer second-key-0123456")));
  for (const auto* wrong : {"", "Bearer ", "Bearer third-key-0123456", "second-key-0123456",
                            "Basic second-key-0123456"})
    EXPECT_EQ(guard.refuse_key(request("x", "", wrong))->status, 401) << wrong;
}

}  // namespace
}  // namespace hearth

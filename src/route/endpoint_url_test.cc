// SPDX-License-Identifier: Apache-2.0
#include "route/endpoint_url.h"

#include <gtest/gtest.h>

namespace hearth {
namespace {

EndpointUrl url_of(std::string_view text) {
  auto url = parse_endpoint_url(text);
  EXPECT_TRUE(url.ok()) << text << ": " << (url.ok() ? "" : url.error().message());
  return url.ok() ? *url : EndpointUrl{};
}

TEST(EndpointUrl, TakesItsPartsApart) {
  EXPECT_EQ(url_of("https://Edge.Example/v1"),
            (EndpointUrl{UrlScheme::kHttps, "edge.example", 443, "/v1", false}));
  EXPECT_EQ(url_of("https://10.1.2.3:8443"),
            (EndpointUrl{UrlScheme::kHttps, "10.1.2.3", 8443, "", false}));
  EXPECT_EQ(url_of("http://127.0.0.1:8080/v1/"),
            (EndpointUrl{UrlScheme::kHttp, "127.0.0.1", 8080, "/v1", true}));
  EXPECT_EQ(url_of("http://localhost"), (EndpointUrl{UrlScheme::kHttp, "localhost", 80, "", true}));
  EXPECT_EQ(url_of("http://[::1]:9/x"), (EndpointUrl{UrlScheme::kHttp, "::1", 9, "/x", true}));
  EXPECT_EQ(url_of("https://[2001:DB8::1]/"),
            (EndpointUrl{UrlScheme::kHttps, "2001:db8::1", 443, "", false}));
}

TEST(EndpointUrl, RefusesAllElse) {
  for (const std::string_view text : {"",
                                      "edge.example",
                                      "ftp://edge.example",
                                      "HTTPS://edge.example",
                                      "https://",
                                      "https:///v1",
                                      "http://edge.example",
                                      "http://10.0.0.1",
                                      "http://127.0.0.1.evil.example",
                                      "http://localhost.evil.example",
                                      "http://127.1",
                                      "http://0x7f.0.0.1",
                                      "http://127.0.0.256",
                                      "http://127.0.0.01",
                                      "http://2130706433",
                                      "https://user@edge.example",
                                      "https://edge.example@evil.example",
                                      "https://edge.example:0",
                                      "https://edge.example:65536",
                                      "https://edge.example:",
                                      "https://edge.example:8a",
                                      "https://edge.example:+80",
                                      "https://edge.example/?q",
                                      "https://edge.example/#f",
                                      "https://edge.example/%2e",
                                      "https://edge.example/a b",
                                      "https://edge.example\\@evil",
                                      "https://edge..example",
                                      "https://-edge.example",
                                      "https://edge-.example",
                                      "https://edge.example.",
                                      "https://[::1",
                                      "https://[::1]x",
                                      "https://[gg::1]",
                                      "https://[1]",
                                      "https://edge.exam\nple",
                                      "https://\xc3\xa9.example"}) {
    const auto url = parse_endpoint_url(text);
    ASSERT_FALSE(url.ok()) << text;
    EXPECT_NE(url.error().message().find("; "), std::string::npos) << text;
  }
  EXPECT_FALSE(parse_endpoint_url("https://edge.example/" + std::string(3000, 'a')).ok());
}

}  // namespace
}  // namespace hearth

#include "parley/http/url.hpp"

#include <gtest/gtest.h>

namespace parley::http {
namespace {

TEST(Rfc3986, UrlsAreTakenApart) {
  const auto url = parse_url("WSS://Example.COM:8443/a/b?x=%20#frag");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->scheme, "wss");
  EXPECT_EQ(url->host, "example.com");
  EXPECT_EQ(url->port, 8443);
  EXPECT_EQ(url->target, "/a/b?x=%20");
  EXPECT_TRUE(url->secure());
  EXPECT_EQ(url->authority(), "example.com:8443");
  EXPECT_EQ(url->origin(), "wss://example.com:8443");
  EXPECT_EQ(url->text(), "wss://example.com:8443/a/b?x=%20");
}

TEST(Rfc3986, MissingPartsGetTheirDefaults) {
  EXPECT_EQ(parse_url("http://h")->port, 80);
  EXPECT_EQ(parse_url("https://h")->port, 443);
  EXPECT_EQ(parse_url("ws://h")->port, 80);
  EXPECT_EQ(parse_url("wss://h")->port, 443);
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("http://h?a=b")->target, "/?a=b");
  EXPECT_EQ(parse_url("http://h:80/")->authority(), "h");
  EXPECT_EQ(parse_url("http://[::1]:8000/")->authority(), "[::1]:8000");
  EXPECT_EQ(parse_url("http://[::1]/")->host, "::1");
}

TEST(Rfc3986, TextsThatAreNoUrlOfOursAreRefused) {
  for (const char* bad : {"", "h", "ftp://h", "http://", "http:///a", "http://h:0",
                          "http://h:99999", "http://h:x", "http://user:password@h/", "http://h/a b",
                          "http://h/%zz", "javascript:alert(1)", "http://h\r\n.evil/", "//h/a"}) {
    const auto url = parse_url(bad);
    ASSERT_FALSE(url) << bad;
    EXPECT_EQ(url.error().kind(), ErrorKind::invalid_argument);
  }
  for (const char* secret :
       {"http://user:CANARY@h/", "http://user:CANARY@h:x/", "http://h:0/?key=CANARY"}) {
    const auto url = parse_url(secret);
    ASSERT_FALSE(url);
    EXPECT_EQ(url.error().describe().find("CANARY"), std::string::npos) << url.error().describe();
  }
}

TEST(Rfc3986_3_3, TargetsAreDecodedPerSegment) {
  const auto target = parse_target("/a%2Fb/%C3%BC/?q=1+2&q=%26&empty");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"a/b", "\xc3\xbc", ""}));
  EXPECT_EQ(target->parameter("q").value_or(""), "1 2");
  EXPECT_EQ(target->query.size(), 3u);
  EXPECT_EQ(target->query[1].second, "&");
  EXPECT_EQ(target->parameter("empty").value_or("?"), "");
  EXPECT_FALSE(target->parameter("none"));
}

TEST(Rfc3986_2_1, BadEscapesAreRefused) {
  for (const char* bad : {"/%", "/%4", "/%zz", "/%00", "/%ff", "/%c3"})
    EXPECT_FALSE(parse_target(bad)) << bad;
}

TEST(Rfc3986_2_3, EncodingKeepsOnlyUnreservedCharacters) {
  EXPECT_EQ(percent_encode("aZ09-._~ /?&\xc3\xbc"), "aZ09-._~%20%2F%3F%26%C3%BC");
}

}  // namespace
}  // namespace parley::http

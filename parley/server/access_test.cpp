#include "parley/server/access.hpp"

#include <gtest/gtest.h>

namespace parley::server {
namespace {

http::Request request_with(std::string_view host, std::string_view origin = "") {
  http::Request request("GET", "/ws");
  if (!host.empty()) request.headers.set("Host", host);
  if (!origin.empty()) request.headers.set("Origin", origin);
  return request;
}

TEST(Security_S1_S3, OnlyTheServersOwnOriginIsAllowedByDefault) {
  const auto access = Access::make(Access::Options());
  const auto verdict = [&](std::string_view origin) {
    return access->check(request_with("localhost:8000", origin));
  };
  EXPECT_EQ(verdict("http://localhost:8000"), Access::Verdict::allowed);
  EXPECT_EQ(verdict(""), Access::Verdict::allowed) << "no browser";
  for (const std::string_view foreign : {"null",
                                         "http://localhost",
                                         "http://localhost:8001",
                                         "https://localhost:8000",
                                         "http://127.0.0.1:8000",
                                         "http://evil-localhost:8000",
                                         "http://localhost.evil.com:8000",
                                         "http://localhost:8000.evil.com",
                                         "HTTP://LOCALHOST:8000",
                                         "http://localhost.:8000",
                                         "http://[::1]:8000",
                                         "http://evil.com",
                                         "file://",
                                         "http://localhost:8000/",
                                         "http://localhost:8000@evil.com",
                                         "http://evil.com#localhost:8000",
                                         "localhost:8000",
                                         "http://xn--lcalhost-54a:8000",
                                         "*",
                                         "ws://localhost:8000"})
    EXPECT_EQ(verdict(foreign), Access::Verdict::bad_origin) << foreign;
  auto doubled = request_with("localhost:8000", "http://localhost:8000");
  doubled.headers.add("Origin", "http://evil.com");
  EXPECT_EQ(access->check(doubled), Access::Verdict::bad_origin);
}

TEST(Security_S1_S3, ListedOriginsAreAllowed) {
  Access::Options options;
  options.origins = {"https://chat.example.org"};
  const auto access = Access::make(options);
  EXPECT_EQ(access->check(request_with("localhost:8000", "https://chat.example.org")),
            Access::Verdict::allowed);
  EXPECT_EQ(access->check(request_with("localhost:8000", "http://chat.example.org")),
            Access::Verdict::bad_origin);
  options.origins = {"not an origin"};
  EXPECT_EQ(Access::make(options).error().kind(), ErrorKind::invalid_argument);
}

TEST(Security_S5, AHostThatIsNotOursIsRefused) {
  Access::Options options;
  options.hosts = {"chat.example.org"};
  const auto access = Access::make(options);
  for (const std::string_view good : {"localhost", "localhost:8000", "127.0.0.1:8000", "127.9.9.9",
                                      "[::1]:8000", "chat.example.org", "CHAT.example.org:443"})
    EXPECT_EQ(access->check(request_with(good)), Access::Verdict::allowed) << good;
  for (const std::string_view bad :
       {"evil.com", "evil.com:8000", "localhost.evil.com", "127.0.0.1.nip.io", "[::2]", "10.0.0.1"})
    EXPECT_EQ(access->check(request_with(bad)), Access::Verdict::bad_host) << bad;
  EXPECT_EQ(access->check(request_with("")), Access::Verdict::bad_host);
}

TEST(ChatContract_A36, ForwardedAddressesCountOnlyFromTrustedProxies) {
  Access::Options options;
  options.proxies = {"10.0.0.0/8", "::1"};
  const auto access = Access::make(options);
  auto request = request_with("localhost");
  request.headers.set("X-Forwarded-For", "1.1.1.1, 203.0.113.7, 10.2.3.4");
  EXPECT_EQ(access->client_address(request, "192.0.2.9"), "192.0.2.9") << "not a proxy";
  EXPECT_EQ(access->client_address(request, "10.0.0.1"), "203.0.113.7") << "right-most untrusted";
  request.headers.set("X-Forwarded-For", "1.1.1.1, junk, 10.2.3.4");
  EXPECT_EQ(access->client_address(request, "::1"), "10.2.3.4");
  request.headers.remove("X-Forwarded-For");
  EXPECT_EQ(access->client_address(request, "10.0.0.1"), "10.0.0.1");
  options.proxies = {"10.0.0.0/33"};
  EXPECT_FALSE(Access::make(options));
}

}  // namespace
}  // namespace parley::server

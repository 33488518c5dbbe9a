#include "parley/net/proxy.hpp"

#include <cstdlib>

#include <gtest/gtest.h>

#include "parley/net/detail/connect_race.hpp"
#include "parley/net/detail/test_sockets.hpp"

namespace parley::net {
namespace {

using namespace testing;
namespace asio = boost::asio;
using asio::ip::tcp;

TEST(Proxy, ItsUrlIsTakenApart) {
  const auto http = Proxy::parse("http://user:p%40ss@proxy.example:8080/");
  ASSERT_TRUE(http);
  EXPECT_EQ(http->kind, Proxy::Kind::http_connect);
  EXPECT_EQ(http->address(), "proxy.example:8080");
  EXPECT_EQ(http->user, "user");
  EXPECT_EQ(http->password.reveal(), "p@ss");
  EXPECT_EQ(Proxy::parse("proxy")->address(), "proxy:3128");
  EXPECT_EQ(Proxy::parse("http://proxy:80")->address(), "proxy:80");
  EXPECT_EQ(Proxy::parse("socks5h://[::1]")->address(), "[::1]:1080");
  EXPECT_EQ(Proxy::parse("SOCKS5://10.0.0.1:9050")->kind, Proxy::Kind::socks5);
  const auto bad = Proxy::parse("ftp://user:secret@proxy");
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().kind(), ErrorKind::invalid_argument);
  for (const auto* wrong : {"ftp://u:secret@p", "http://u:secret@p:99999", "http://u:secret@"})
    EXPECT_EQ(Proxy::parse(wrong).error().message().find("secret"), std::string::npos) << wrong;
}

bool direct(const std::string& address, std::vector<std::string> bypass) {
  ProxySettings settings;
  settings.http = settings.https = "proxy:1";
  settings.bypass = std::move(bypass);
  return !choose_proxy(*http::parse_url(address), settings)->has_value();
}

TEST(Proxy, TheListOfDirectHostsIsKept) {
  EXPECT_FALSE(direct("ws://example.org", {}));
  EXPECT_TRUE(direct("ws://example.org", {"*"}));
  EXPECT_TRUE(direct("wss://example.org", {"other", "Example.ORG"}));
  EXPECT_TRUE(direct("wss://api.example.org", {"example.org"}));
  EXPECT_TRUE(direct("wss://api.example.org", {".example.org"}));
  EXPECT_TRUE(direct("wss://api.example.org", {"*.example.org"}));
  EXPECT_FALSE(direct("wss://badexample.org", {"example.org"}));
  EXPECT_FALSE(direct("wss://example.org.evil", {"example.org"}));
  EXPECT_TRUE(direct("ws://example.org:8080", {"example.org:8080"}));
  EXPECT_FALSE(direct("ws://example.org", {"example.org:8080"}));
  EXPECT_TRUE(direct("ws://10.1.2.3", {"10.0.0.0/8"}));
  EXPECT_FALSE(direct("ws://11.1.2.3", {"10.0.0.0/8"}));
  EXPECT_TRUE(direct("ws://[::1]:80", {"::1"}));
  EXPECT_TRUE(direct("ws://[fd00::5]", {"fd00::/8"}));
  EXPECT_TRUE(direct("ws://127.0.0.1", {"127.0.0.1"}));
  EXPECT_FALSE(direct("ws://example.org", {"", ".", "10.0.0.0/99"}));
}

TEST(Proxy, SecureAddressesHaveTheirOwn) {
  ProxySettings settings;
  settings.http = "plain:1";
  EXPECT_EQ((*choose_proxy(*http::parse_url("ws://h"), settings))->address(), "plain:1");
  EXPECT_FALSE(choose_proxy(*http::parse_url("wss://h"), settings)->has_value());
  settings.https = "ftp://x";
  EXPECT_FALSE(choose_proxy(*http::parse_url("https://h"), settings));
}

TEST(Proxy, TheEnvironmentIsReadAsOthersReadIt) {
  const std::vector<const char*> names = {"http_proxy",  "HTTP_PROXY", "https_proxy",
                                          "HTTPS_PROXY", "all_proxy",  "ALL_PROXY",
                                          "no_proxy",    "NO_PROXY",   "REQUEST_METHOD"};
  std::vector<std::pair<const char*, std::string>> before;
  for (const auto* name : names) {
    if (const char* value = std::getenv(name)) before.emplace_back(name, value);
    ::unsetenv(name);
  }
  EXPECT_TRUE(ProxySettings::from_environment().http.empty());
  ::setenv("ALL_PROXY", "socks5://all", 1);
  ::setenv("HTTPS_PROXY", "upper", 1);
  ::setenv("https_proxy", "lower", 1);
  ::setenv("NO_PROXY", "localhost, .example.org ,,10.0.0.0/8", 1);
  const auto settings = ProxySettings::from_environment();
  EXPECT_EQ(settings.http, "socks5://all");
  EXPECT_EQ(settings.https, "lower");
  EXPECT_EQ(settings.bypass, (std::vector<std::string>{"localhost", ".example.org", "10.0.0.0/8"}));
  ::setenv("HTTP_PROXY", "by a request's header", 1);
  ::setenv("REQUEST_METHOD", "GET", 1);
  EXPECT_EQ(ProxySettings::from_environment().http, "socks5://all");
  for (const auto* name : names) ::unsetenv(name);
  for (const auto& [name, value] : before) ::setenv(name, value.c_str(), 1);
}

// A proxy of either kind; what it was asked for stands in `asked`.
struct FakeProxy {
  explicit FakeProxy(Executor executor)
      : acceptor(executor, {asio::ip::address_v4::loopback(), 0}),
        port(acceptor.local_endpoint().port()) {}
  tcp::acceptor acceptor;
  std::uint16_t port;
  std::string asked;
};

Task<void> splice(std::shared_ptr<tcp::socket> from, std::shared_ptr<tcp::socket> to) {
  boost::system::error_code code;
  std::string buffer(16 * 1024, '\0');
  while (!code) {
    const auto got = co_await from->async_read_some(
        asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, code));
    if (!code)
      co_await asio::async_write(*to, asio::buffer(buffer, got),
                                 asio::redirect_error(asio::use_awaitable, code));
  }
  to->shutdown(tcp::socket::shutdown_send, code);
}

Task<void> join(std::shared_ptr<tcp::socket> client, std::uint16_t port) {
  auto server = std::make_shared<tcp::socket>(client->get_executor());
  co_await server->async_connect({asio::ip::address_v4::loopback(), port}, asio::use_awaitable);
  asio::co_spawn(client->get_executor(), splice(client, server), asio::detached);
  asio::co_spawn(client->get_executor(), splice(server, client), asio::detached);
}

Task<std::string> read_bytes(tcp::socket& socket, std::size_t size) {
  std::string bytes(size, '\0');
  co_await asio::async_read(socket, asio::buffer(bytes), asio::use_awaitable);
  co_return bytes;
}

Task<void> serve_connect(FakeProxy& proxy, std::string reply, std::uint16_t target) {
  auto client =
      std::make_shared<tcp::socket>(co_await proxy.acceptor.async_accept(asio::use_awaitable));
  while (!proxy.asked.ends_with("\r\n\r\n")) {
    const auto byte = co_await read_bytes(*client, 1);
    proxy.asked += byte;
  }
  co_await asio::async_write(*client, asio::buffer(reply), asio::use_awaitable);
  if (target) co_await join(client, target);
}

Task<void> serve_socks(FakeProxy& proxy, bool login, unsigned char reply, std::uint16_t target) {
  auto client =
      std::make_shared<tcp::socket>(co_await proxy.acceptor.async_accept(asio::use_awaitable));
  proxy.asked = co_await read_bytes(*client, 3);
  const std::string method{'\x05', static_cast<char>(login ? 2 : 0)};
  co_await asio::async_write(*client, asio::buffer(method), asio::use_awaitable);
  if (login) {
    const auto sent = co_await read_bytes(*client, 2 + 4 + 1 + 6);
    const std::string verdict{'\x01', static_cast<char>(sent.substr(2, 4) == "user" ? 0 : 1)};
    co_await asio::async_write(*client, asio::buffer(verdict), asio::use_awaitable);
  }
  const auto request = co_await read_bytes(*client, 4 + 4 + 2);
  proxy.asked += request;
  const std::string answer{'\x05', static_cast<char>(reply), 0, 1, 0, 0, 0, 0, 0, 0};
  co_await asio::async_write(*client, asio::buffer(answer), asio::use_awaitable);
  if (reply == 0) co_await join(client, target);
}

Task<void> through_http() {
  const auto executor = co_await asio::this_coro::executor;
  World world(executor);
  FakeProxy proxy(executor);
  ConnectOptions options;
  options.dial.proxies.http = "http://user:secret@127.0.0.1:" + std::to_string(proxy.port);
  asio::co_spawn(executor,
                 serve_connect(proxy, "HTTP/1.1 200 Connection established\r\n\r\n", world.port),
                 asio::detached);
  auto socket = co_await connect_websocket(world.url(), options);
  EXPECT_TRUE(socket.has_value()) << socket.error().describe();
  EXPECT_TRUE(co_await socket->send_text("through"));
  EXPECT_EQ((co_await socket->next())->data, "through");
  const std::string address = "127.0.0.1:" + std::to_string(world.port);
  EXPECT_EQ(proxy.asked, "CONNECT " + address + " HTTP/1.1\r\nHost: " + address +
                             "\r\nProxy-Authorization: Basic dXNlcjpzZWNyZXQ=\r\n\r\n");
  for (const auto& [reply, kind, status] : std::vector<std::tuple<std::string, ErrorKind, int>>{
           {"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
            ErrorKind::permission_denied, 407},
           {"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", ErrorKind::connect_failed,
            502},
           {"SSH-2.0-other\r\n\r\n", ErrorKind::connect_failed, 0}}) {
    proxy.asked.clear();
    asio::co_spawn(executor, serve_connect(proxy, reply, 0), asio::detached);
    const auto refused = co_await connect_websocket(world.url(), options);
    EXPECT_EQ(refused.error().kind(), kind);
    EXPECT_EQ(refused.error().stage(), Stage::proxy);
    EXPECT_EQ(refused.error().http_status(), status);
    EXPECT_EQ(refused.error().describe().find("secret"), std::string::npos);
  }
}
TEST(Proxy, HttpConnectOpensATunnelOrSaysWhyNot) {
  drive(through_http());
}

Task<void> through_socks() {
  const auto executor = co_await asio::this_coro::executor;
  World world(executor);
  FakeProxy proxy(executor);
  for (const bool login : {false, true}) {
    ConnectOptions options;
    options.dial.proxies.http = std::string("socks5://") + (login ? "user:secret@" : "") +
                                "127.0.0.1:" + std::to_string(proxy.port);
    asio::co_spawn(executor, serve_socks(proxy, login, 0, world.port), asio::detached);
    auto socket = co_await connect_websocket(world.url(), options);
    EXPECT_TRUE(socket.has_value()) << socket.error().describe();
    EXPECT_TRUE(co_await socket->send_text("through"));
    EXPECT_EQ((co_await socket->next())->data, "through");
    EXPECT_EQ(proxy.asked.substr(3, 8), std::string("\x05\x01\x00\x01\x7f\x00\x00\x01", 8));
    asio::co_spawn(executor, serve_socks(proxy, login, 5, 0), asio::detached);
    const auto refused = co_await connect_websocket(world.url(), options);
    EXPECT_EQ(refused.error().kind(), ErrorKind::connect_failed);
    EXPECT_NE(refused.error().message().find("connection refused"), std::string::npos);
  }
  ConnectOptions wrong;
  wrong.dial.proxies.http = "socks5://root:secret@127.0.0.1:" + std::to_string(proxy.port);
  asio::co_spawn(executor, serve_socks(proxy, true, 0, world.port), asio::detached);
  const auto refused = co_await connect_websocket(world.url(), wrong);
  EXPECT_EQ(refused.error().kind(), ErrorKind::permission_denied);
}
TEST(Proxy, Socks5OpensATunnelOrSaysWhyNot) {
  drive(through_socks());
}

Task<void> silent_proxy() {
  const auto executor = co_await asio::this_coro::executor;
  FakeProxy proxy(executor);
  ConnectOptions options;
  options.dial.proxies.http = "127.0.0.1:" + std::to_string(proxy.port);
  options.dial.proxy_timeout = milliseconds(20);
  const auto late = co_await connect_websocket(url_of(1, "/", "ws"), options);
  EXPECT_EQ(late.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(late.error().stage(), Stage::proxy);
  proxy.acceptor.close();
  const auto gone = co_await connect_websocket(url_of(1, "/", "ws"), options);
  EXPECT_EQ(gone.error().kind(), ErrorKind::connect_failed);
  EXPECT_EQ(gone.error().stage(), Stage::proxy);
}
TEST(Proxy, OneThatIsSilentOrGoneIsNamed) {
  drive(silent_proxy());
}

TEST(Rfc8305_4, FamiliesTakeTurns) {
  const auto endpoint = [](const char* text) {
    return tcp::endpoint(asio::ip::make_address(text), 1);
  };
  const std::vector<tcp::endpoint> found = {endpoint("::1"), endpoint("::2"), endpoint("::3"),
                                            endpoint("10.0.0.1"), endpoint("10.0.0.2")};
  const std::vector<tcp::endpoint> order = {endpoint("::1"), endpoint("10.0.0.1"), endpoint("::2"),
                                            endpoint("10.0.0.2"), endpoint("::3")};
  EXPECT_EQ(detail::interleave_families(found), order);
  EXPECT_TRUE(detail::interleave_families({}).empty());
}

// The first address takes no connection and gives no answer: its queue is full.
Task<void> race() {
  const auto executor = co_await asio::this_coro::executor;
  tcp::acceptor full(executor);
  full.open(tcp::v4());
  full.bind({asio::ip::make_address("127.0.0.2"), 0});
  full.listen(0);
  std::vector<tcp::socket> fillers;
  for (int i = 0; i < 3; ++i) {
    fillers.emplace_back(executor);
    fillers.back().async_connect(full.local_endpoint(), [](auto) {});
  }
  co_await sleep_for(milliseconds(20));
  tcp::acceptor good(executor, {asio::ip::address_v4::loopback(), 0});
  const tcp::endpoint nobody(asio::ip::address_v4::loopback(), 1);
  auto race = detail::ConnectRace::start(
      executor, {full.local_endpoint(), nobody, good.local_endpoint()}, milliseconds(30));
  co_await detail::ConnectRace::wait(race);
  EXPECT_TRUE(race->winner().has_value());
  EXPECT_EQ(race->winner()->remote_endpoint(), good.local_endpoint());
  auto lost = detail::ConnectRace::start(executor, {nobody, nobody}, milliseconds(30));
  co_await detail::ConnectRace::wait(lost);
  EXPECT_FALSE(lost->winner().has_value());
  EXPECT_EQ(lost->error(), asio::error::connection_refused);
}
TEST(Rfc8305_5, ASlowAddressDoesNotHoldUpTheOthers) {
  drive(race());
}

}  // namespace
}  // namespace parley::net

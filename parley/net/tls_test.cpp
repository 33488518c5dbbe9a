#include <gtest/gtest.h>

#include "parley/net/detail/test_sockets.hpp"
#include "parley/net/self_signed.hpp"
#include "parley/net/system.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {
namespace {

using testing::drive;
using testing::TestServer;

// For one name or address, valid for a day.
struct Pem {
  explicit Pem(const std::string& name) {
    auto made = make_self_signed({name}, SystemClock().wall_now(), std::chrono::hours(24));
    EXPECT_TRUE(made) << made.error().describe();
    if (!made) return;
    certificate = made->certificate;
    key = made->key.reveal();
  }
  std::string certificate;
  std::string key;
};
Task<void> answer(Exchange& exchange) {
  if (ws::is_upgrade(exchange.request())) {
    auto socket = co_await exchange.upgrade(ws::ServerPolicy(), ws::Options());
    while (auto message = co_await socket->next()) co_await socket->send_text(message->data);
    co_return;
  }
  http::Response response;
  response.body = exchange.secure() ? "secret" : "open";
  co_await exchange.respond(std::move(response));
}

Task<void> over_tls() {
  const auto pem = Pem("127.0.0.1");
  Router router;
  router.add("GET", "/", answer);
  HttpServerOptions options;
  options.tls = *TlsIdentity::from_pem(pem.certificate, pem.key);
  TestServer server(co_await boost::asio::this_coro::executor, router, options);
  HttpClientOptions trusting;
  trusting.dial.trust = *TlsTrust::from_pem(pem.certificate);
  HttpClient client(trusting);
  auto response = co_await client.send(server.url("/", "https"), http::Request());
  EXPECT_TRUE(response.has_value()) << response.error().describe();
  EXPECT_EQ(response->body, "secret");

  ConnectOptions connect;
  connect.dial = trusting.dial;
  auto socket = co_await connect_websocket(server.url("/", "wss"), connect);
  EXPECT_TRUE(socket.has_value()) << socket.error().describe();
  const std::string large(2'000'000, 'y');
  EXPECT_TRUE(co_await socket->send_text(large));
  const auto back = co_await socket->next();
  EXPECT_TRUE(back && back->data == large);
  socket->close();
  EXPECT_EQ(co_await socket->next(), std::nullopt);
  EXPECT_TRUE(socket->outcome());
}
TEST(Tls, HttpAndWebSocketsRunOverIt) {
  drive(over_tls());
}

Task<void> distrust() {
  const auto ours = Pem("127.0.0.1");
  const auto other_name = Pem("elsewhere.example");
  for (const auto& [identity, trusted] :
       {std::pair(ours, std::string()), std::pair(other_name, other_name.certificate)}) {
    Router router;
    router.add("GET", "/", answer);
    HttpServerOptions options;
    options.tls = *TlsIdentity::from_pem(identity.certificate, identity.key);
    TestServer server(co_await boost::asio::this_coro::executor, router, options);
    HttpClientOptions client_options;
    if (!trusted.empty()) client_options.dial.trust = *TlsTrust::from_pem(trusted);
    HttpClient client(client_options);
    auto response = co_await client.send(server.url("/", "https"), http::Request());
    EXPECT_FALSE(response);
    EXPECT_EQ(response.error().kind(), ErrorKind::tls_failed);
    EXPECT_EQ(response.error().stage(), Stage::tls);
  }
}
TEST(Tls, AnUnknownAuthorityOrAnotherNameIsRefused) {
  drive(distrust());
}

// Mutual TLS, on a server whose sockets are driven from the epoll set.
Task<void> client_certificates() {
  const auto executor = co_await boost::asio::this_coro::executor;
  const auto server_pem = Pem("127.0.0.1");
  const auto client_pem = Pem("client.example");
  WebSocketServerOptions options;
  options.tls = *TlsIdentity::from_pem(server_pem.certificate, server_pem.key);
  EXPECT_TRUE(options.tls->require_clients(client_pem.certificate));
  testing::World world(executor, options);
  auto url = world.url();
  url.scheme = "wss";
  ConnectOptions connect;
  connect.dial.trust = *TlsTrust::from_pem(server_pem.certificate);
  const auto stranger = co_await connect_websocket(url, connect);
  EXPECT_FALSE(stranger.has_value());
  EXPECT_TRUE(connect.dial.trust.present(client_pem.certificate, client_pem.key));
  auto socket = co_await connect_websocket(url, connect);
  EXPECT_TRUE(socket.has_value()) << socket.error().describe();
  for (const std::size_t size : {5u, 20'000u, 3'000'000u}) {
    EXPECT_TRUE(co_await socket->send_text(std::string(size, 't')));
    EXPECT_EQ((co_await socket->next())->data, std::string(size, 't'));
  }
  socket->close(1000, "done");
  EXPECT_EQ(co_await socket->next(), std::nullopt);
  EXPECT_TRUE(socket->outcome());
  co_await testing::until([&] { return world.handler.closed.size() == 1; });
  EXPECT_EQ(world.handler.closed[0], std::pair(1000, std::string("done")));
  EXPECT_FALSE(connect.dial.trust.present(client_pem.certificate, server_pem.key));
}
TEST(Tls, AServerMayAskForTheClientsCertificate) {
  drive(client_certificates());
}

TEST(SelfSigned, NamesThatFitNoCertificateAreNamed) {
  const auto now = SystemClock().wall_now();
  for (const std::string bad : {"", "a b", "x,DNS:elsewhere", "name\nother"}) {
    const auto made = make_self_signed({"localhost", bad}, now);
    ASSERT_FALSE(made) << bad;
    EXPECT_EQ(made.error().kind(), ErrorKind::invalid_argument);
    EXPECT_NE(made.error().message().find('"' + bad + '"'), std::string::npos);
  }
  EXPECT_FALSE(make_self_signed({}, now));
  const auto good = make_self_signed({"localhost", "127.0.0.1", "::1", "*.example"}, now);
  ASSERT_TRUE(good) << good.error().describe();
  EXPECT_TRUE(TlsIdentity::from_pem(good->certificate, good->key.reveal()));
}

TEST(Tls, AFileThatIsNoCertificateIsNamed) {
  const auto identity = TlsIdentity::from_files("/nonexistent/chain.pem", "/nonexistent/key.pem");
  ASSERT_FALSE(identity);
  EXPECT_NE(identity.error().message().find("/nonexistent/chain.pem"), std::string::npos);
  EXPECT_FALSE(TlsTrust::from_pem("no certificate"));
}

}  // namespace
}  // namespace parley::net

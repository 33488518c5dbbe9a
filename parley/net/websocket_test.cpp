#include "parley/net/websocket.hpp"

#include <gtest/gtest.h>

#include "parley/net/detail/test_world.hpp"

namespace parley::net {
namespace {

using testing::drive;
using testing::RawClient;
using testing::TestServer;

ws::Options quick_options() {
  ws::Options options;
  options.close_timeout = std::chrono::milliseconds(30);
  return options;
}

Task<void> echo(Exchange& exchange) {
  ws::ServerPolicy policy;
  policy.subprotocols = {"chat.v2", "chat.v1"};
  auto socket = co_await exchange.upgrade(policy, quick_options());
  if (!socket) co_return;
  while (auto message = co_await socket->next()) {
    if (message->binary) {
      const auto bytes = as_bytes(message->data);
      co_await socket->send_binary(Bytes(bytes.begin(), bytes.end()));
    } else if (message->data == "close me") {
      socket->close(4001, "as you wish");
    } else if (message->data == "drop me") {
      socket->abort();
    } else {
      co_await socket->send_text(message->data);
    }
  }
}

Task<void> forbidden(Exchange& exchange) {
  http::Response response(403);
  response.headers.set("X-Why", "origin");
  response.body = std::string(5000, 'n');
  co_await exchange.respond(std::move(response));
}

Task<void> silent(Exchange& exchange) {
  co_await sleep_for(std::chrono::hours(1));
  exchange.abort();
}

// Accepts and never reads.
Task<void> deaf(Exchange& exchange) {
  auto socket = co_await exchange.upgrade(ws::ServerPolicy(), quick_options());
  co_await sleep_for(std::chrono::hours(1));
}

Router make_router() {
  Router router;
  router.add("GET", "/echo", echo);
  router.add("GET", "/forbidden", forbidden);
  router.add("GET", "/silent", silent);
  router.add("GET", "/deaf", deaf);
  return router;
}

Task<void> echoes() {
  auto router = make_router();
  TestServer server(co_await boost::asio::this_coro::executor, router);
  ConnectOptions options;
  options.offer.subprotocols = {"other", "chat.v1"};
  auto socket = co_await connect_websocket(server.url("/echo", "ws"), options);
  EXPECT_TRUE(socket.has_value()) << socket.error().describe();
  EXPECT_EQ(socket->agreement().subprotocol, "chat.v1");
  for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 3'000'000u}) {
    const std::string text(size, 'x');
    EXPECT_TRUE(co_await socket->send_text(text));
    auto back = co_await socket->next();
    EXPECT_TRUE(back && !back->binary && back->data == text) << size;
    EXPECT_TRUE(co_await socket->send_binary(Bytes(size, std::byte{7})));
    back = co_await socket->next();
    EXPECT_TRUE(back && back->binary && back->data == std::string(size, '\7')) << size;
  }
  socket->close(1000, "done");
  EXPECT_EQ(co_await socket->next(), std::nullopt);
  EXPECT_TRUE(socket->outcome());
  EXPECT_EQ(socket->close_code(), 1000);
  while (server.server.connections() != 0) co_await sleep_for(std::chrono::milliseconds(1));
}
TEST(WebSocket, MessagesOfAllSizesComeBack) {
  drive(echoes());
}

Task<void> ends() {
  auto router = make_router();
  TestServer server(co_await boost::asio::this_coro::executor, router);
  auto socket = co_await connect_websocket(server.url("/echo", "ws"), ConnectOptions());
  co_await socket->send_text("close me");
  EXPECT_EQ(co_await socket->next(), std::nullopt);
  const auto outcome = socket->outcome();
  EXPECT_EQ(outcome.error().kind(), ErrorKind::disconnected);
  EXPECT_EQ(outcome.error().close_code(), 4001);
  EXPECT_EQ(outcome.error().close_reason(), "as you wish");
  EXPECT_EQ(socket->post_text("late").error().kind(), ErrorKind::invalid_state);

  auto dropped = co_await connect_websocket(server.url("/echo", "ws"), ConnectOptions());
  co_await dropped->send_text("drop me");
  EXPECT_EQ(co_await dropped->next(), std::nullopt);
  EXPECT_EQ(dropped->outcome().error().close_code(), 1006);

  // A peer that never answers our close frame: the limit ends it.
  EXPECT_EQ(ConnectOptions().upgrade_timeout, std::chrono::seconds(10));
  ConnectOptions impatient;
  impatient.protocol = quick_options();
  auto waiting = co_await connect_websocket(server.url("/deaf", "ws"), impatient);
  waiting->close();
  EXPECT_EQ(co_await waiting->next(), std::nullopt);
}
TEST(Rfc6455_7, EachWayToEndIsToldApart) {
  drive(ends());
}

Task<void> refusals() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  TestServer server(executor, router);
  auto refused = co_await connect_websocket(server.url("/forbidden", "ws"), ConnectOptions());
  EXPECT_EQ(refused.error().kind(), ErrorKind::upgrade_refused);
  EXPECT_EQ(refused.error().http_status(), 403);
  EXPECT_EQ(refused.error().detail("body")->size(), 4096u);
  auto missing = co_await connect_websocket(server.url("/none", "ws"), ConnectOptions());
  EXPECT_EQ(missing.error().http_status(), 404);
  EXPECT_EQ(ConnectOptions().upgrade_timeout, std::chrono::seconds(10));
  ConnectOptions impatient;
  impatient.upgrade_timeout = std::chrono::milliseconds(20);
  auto late = co_await connect_websocket(server.url("/silent", "ws"), impatient);
  EXPECT_EQ(late.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(late.error().stage(), Stage::upgrade);

  RawClient raw(executor);
  co_await raw.connect(server.port);
  co_await raw.write(
      "GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 8\r\n\r\n");
  const auto answer = co_await raw.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 426")) << answer;
  EXPECT_NE(answer.find("Sec-WebSocket-Version: 13"), std::string::npos) << answer;
}
TEST(Rfc6455_4_B5, RefusedUpgradesCarryStatusAndBodyAndTheWaitIsTheUpgradesOwn) {
  drive(refusals());
}

Task<void> slow_reader() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  TestServer server(executor, router);
  ConnectOptions options;
  options.protocol.max_output = 100'000;
  auto socket = co_await connect_websocket(server.url("/deaf", "ws"), options);
  const std::string piece(10'000, 'x');
  Result<void> posted;
  std::size_t count = 0;
  for (; posted && count < 100'000; ++count) posted = socket->post_text(piece);
  EXPECT_EQ(posted.error().kind(), ErrorKind::too_large) << count;
  EXPECT_LE(socket->queued_bytes(), 100'000u);
}
TEST(WebSocket, AReaderThatNeverReadsFillsOnlyItsQueue) {
  drive(slow_reader());
}

Task<void> keepalive() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  TestServer server(executor, router);
  ConnectOptions options;
  options.protocol.ping_interval = std::chrono::milliseconds(5);
  options.protocol.idle_timeout = std::chrono::milliseconds(60);
  auto socket = co_await connect_websocket(server.url("/deaf", "ws"), options);
  EXPECT_EQ(co_await socket->next(), std::nullopt) << "nobody answers the pings";
  EXPECT_EQ(socket->outcome().error().close_code(), 1006);
}
TEST(WebSocket, ASilentPeerIsFoundDead) {
  drive(keepalive());
}

Task<void> together() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  TestServer server(executor, router);
  RawClient raw(executor);
  co_await raw.connect(server.port);
  // The first frame comes in one packet with the handshake: "hi", masked with zeros.
  co_await raw.write(
      std::string("GET /echo HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                  "\r\n") +
      std::string("\x81\x82\0\0\0\0hi", 8));
  const auto answer = co_await raw.read_until(std::string("\x81\x02hi"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101"));
  EXPECT_NE(answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), std::string::npos) << "RFC 6455, 1.3";
  raw.reset();
  while (server.server.connections() != 0) co_await sleep_for(std::chrono::milliseconds(1));
}
TEST(Rfc6455_4_2_2, AFrameMayFollowTheHandshakeAtOnce) {
  drive(together());
}

}  // namespace
}  // namespace parley::net

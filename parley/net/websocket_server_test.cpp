#include "parley/net/websocket_server.hpp"

#include <gtest/gtest.h>

#include "parley/net/detail/test_sockets.hpp"

namespace parley::net {
namespace {

using std::chrono::milliseconds;
using testing::drive;
using testing::RawClient;
using testing::url_of;
using namespace testing;

Task<void> echoes() {
  World world(co_await boost::asio::this_coro::executor, deflating());
  for (const bool compress : {false, true}) {
    ConnectOptions options;
    if (compress) options.offer.deflate = ws::DeflateOptions();
    auto socket = co_await connect_websocket(world.url(), options);
    EXPECT_TRUE(socket.has_value()) << socket.error().describe();
    EXPECT_EQ(socket->agreement().deflate.has_value(), compress);
    for (const std::size_t size : {0u, 1u, 125u, 126u, 65'535u, 65'536u, 3'000'000u}) {
      const std::string text(size, 'x');
      EXPECT_TRUE(co_await socket->send_text(text));
      auto back = co_await socket->next();
      EXPECT_TRUE(back && !back->binary && back->data == text) << size;
      EXPECT_TRUE(co_await socket->send_binary(Bytes(size, std::byte{7})));
      back = co_await socket->next();
      EXPECT_TRUE(back && back->binary && back->data == std::string(size, '\7')) << size;
    }
    socket->close(1000, "bye");
    EXPECT_EQ(co_await socket->next(), std::nullopt);
  }
  co_await until([&] { return world.server.sockets().size() == 0; });
  EXPECT_EQ(world.handler.closed,
            (std::vector<std::pair<int, std::string>>{{1000, "bye"}, {1000, "bye"}}));
}
TEST(WebSocketServer, MessagesOfAllSizesComeBack) {
  drive(echoes());
}

Task<void> endings() {
  World world(co_await boost::asio::this_coro::executor);
  auto& closed = world.handler.closed;
  auto one = co_await connect_websocket(world.url(), ConnectOptions());
  EXPECT_TRUE(co_await one->send_text("close me"));
  EXPECT_EQ(co_await one->next(), std::nullopt);
  EXPECT_EQ(one->close_code(), 4001);
  EXPECT_EQ(one->close_reason(), "as you wish");
  auto two = co_await connect_websocket(world.url(), ConnectOptions());
  EXPECT_TRUE(co_await two->send_text("drop me"));
  EXPECT_EQ(co_await two->next(), std::nullopt);
  EXPECT_EQ(two->close_code(), 1006);
  auto three = co_await connect_websocket(world.url(), ConnectOptions());
  three->abort();
  co_await until([&] { return closed.size() == 3; });
  EXPECT_EQ(closed[0], std::pair(4001, std::string("as you wish")));
  EXPECT_EQ(closed[1].first, 1006);
  EXPECT_EQ(closed[2].first, 1006);
  co_await until([&] { return world.server.sockets().size() == 0; });
}
TEST(WebSocketServer, EachWayToEndIsToldApart) {
  drive(endings());
}

Task<void> early() {
  World world(co_await boost::asio::this_coro::executor);
  world.handler.greeting = "hello";
  RawClient client(co_await boost::asio::this_coro::executor);
  co_await client.connect(world.port);
  const std::string request =
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
  co_await client.write(request + std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"
                                              "\x88\x80\x00\x00\x00\x00",
                                              17));
  const auto answer = co_await client.read_to_end();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(answer.ends_with(std::string("\r\n\r\n\x81\x05hello\x81\x05Hello\x88\x00", 20)));
}
TEST(WebSocketServer, FramesBehindTheRequestAreRead) {
  drive(early());
}

Task<std::string> ask(std::uint16_t port, std::string request) {
  RawClient client(co_await boost::asio::this_coro::executor);
  co_await client.connect(port);
  co_await client.write(std::move(request));
  co_return co_await client.read_to_end();
}

Task<void> refusals() {
  WebSocketServerOptions options;
  options.policy.origins = {"https://example.org"};
  std::vector<std::string> refused;
  options.events = [&refused](const Event& event) {
    refused.push_back(event.name + " " + std::string(event.field("status")));
  };
  options.admit = [](const http::Request& request, const std::string& address,
                     std::unique_ptr<ServerSocket::Data>& data) -> std::optional<http::Response> {
    EXPECT_EQ(address, "127.0.0.1");
    data = std::make_unique<Name>(request.target);
    if (request.target != "/forbidden") return std::nullopt;
    http::Response response(401);
    response.headers.set("WWW-Authenticate", "Bearer");
    return response;
  };
  World world(co_await boost::asio::this_coro::executor, options);
  const std::string upgrade =
      "Host: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
  const auto plain = co_await ask(world.port, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  EXPECT_TRUE(plain.starts_with("HTTP/1.1 426 ")) << plain;
  const auto broken = co_await ask(world.port, "GET / HTTP/1.1\nHost: h\n\n");
  EXPECT_TRUE(broken.starts_with("HTTP/1.1 400 ")) << broken;
  const auto origin = co_await ask(
      world.port, "GET / HTTP/1.1\r\nOrigin: https://evil.example\r\n" + upgrade + "\r\n");
  EXPECT_TRUE(origin.starts_with("HTTP/1.1 403 ")) << origin;
  const auto denied = co_await ask(world.port, "GET /forbidden HTTP/1.1\r\n" + upgrade + "\r\n");
  EXPECT_TRUE(denied.starts_with("HTTP/1.1 401 ") &&
              denied.find("WWW-Authenticate: Bearer\r\n") != std::string::npos)
      << denied;
  EXPECT_EQ(refused,
            (std::vector<std::string>{"net.handshake_refused 426", "net.handshake_refused 400",
                                      "net.handshake_refused 403", "net.handshake_refused 401"}));
  ConnectOptions connect;
  connect.offer.headers.set("Origin", "https://EXAMPLE.org");
  auto url = world.url();
  url.target = "/named";
  auto socket = co_await connect_websocket(url, connect);
  EXPECT_TRUE(socket.has_value());
  EXPECT_TRUE(co_await socket->send_text("name"));
  EXPECT_EQ((co_await socket->next())->data, "/named");
  EXPECT_EQ(world.handler.last->peer_address(), "127.0.0.1");
}
TEST(WebSocketServer, RefusalsSayWhyAndAreReported) {
  drive(refusals());
}

Task<void> limits() {
  WebSocketServerOptions options;
  options.max_connections_per_address = 2;
  options.handshake_timeout = milliseconds(20);
  World world(co_await boost::asio::this_coro::executor, options);
  auto one = co_await connect_websocket(world.url(), ConnectOptions());
  auto two = co_await connect_websocket(world.url(), ConnectOptions());
  EXPECT_TRUE(one && two);
  auto three = co_await connect_websocket(world.url(), ConnectOptions());
  EXPECT_EQ(three.error().http_status(), 429);
  one->abort();
  co_await until([&] { return world.server.sockets().size() == 1; });
  {
    // A connection that says nothing is dropped, and counts no more.
    RawClient silent(co_await boost::asio::this_coro::executor);
    co_await silent.connect(world.port);
    EXPECT_EQ(co_await silent.read_to_end(), "");
  }
  auto four = co_await connect_websocket(world.url(), ConnectOptions());
  EXPECT_TRUE(four.has_value());
  WebSocketServerOptions small;
  small.max_connections = 1;
  World tiny(co_await boost::asio::this_coro::executor, small);
  auto first = co_await connect_websocket(tiny.url(), ConnectOptions());
  auto second = co_await connect_websocket(tiny.url(), ConnectOptions());
  EXPECT_TRUE(first.has_value());
  EXPECT_EQ(second.error().http_status(), 503);
}
TEST(WebSocketServer, ConnectionsAreLimitedByAddressAndInAll) {
  drive(limits());
}

Task<void> flow_control() {
  WebSocketServerOptions options;
  options.sockets.protocol.max_output = 4'000'000;
  World world(co_await boost::asio::this_coro::executor, options);
  ConnectOptions connect;
  connect.protocol.max_output = 200'000'000;
  auto socket = co_await connect_websocket(world.url(), connect);
  const std::string text(100'000, 'f');
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(socket->post_text(text));
  co_await until([&] { return world.handler.last && world.handler.last->queued_bytes() > 0; });
  for (int i = 0; i < 1000; ++i) EXPECT_EQ((co_await socket->next())->data.size(), text.size());
  EXPECT_TRUE(world.handler.send_errors.empty()) << "it does not read faster than it can answer";
  EXPECT_GT(world.handler.drained, 0);
}
TEST(WebSocketServer, NothingIsReadFromAPeerThatDoesNotReadItsAnswers) {
  drive(flow_control());
}

Task<void> parts() {
  World world(co_await boost::asio::this_coro::executor, deflating());
  ConnectOptions options;
  options.offer.deflate = ws::DeflateOptions();
  options.protocol.stream_messages = true;
  auto socket = co_await connect_websocket(world.url(), options);
  const std::string piece(300'000, 'p');
  for (int i = 0; i < 3; ++i)
    EXPECT_TRUE(co_await socket->send_part(ws::MessageKind::binary,
                                           Bytes(piece.size(), std::byte{'p'}), i == 2));
  std::string back;
  int count = 0;
  for (bool last = false; !last; ++count) {
    auto part = co_await socket->next();
    EXPECT_EQ(part->first, count == 0);
    back += part->data;
    last = part->last;
  }
  EXPECT_TRUE(back == piece + piece + piece);
  EXPECT_EQ(world.handler.messages, 1);
}
TEST(WebSocket, AMessageIsSentAndReadInParts) {
  drive(parts());
}

Task<void> timeouts() {
  WebSocketServerOptions options;
  options.sockets.protocol.ping_interval = milliseconds(60);
  options.sockets.protocol.idle_timeout = milliseconds(400);
  World world(co_await boost::asio::this_coro::executor, options);
  auto alive = co_await connect_websocket(world.url(), ConnectOptions());
  RawClient dead(co_await boost::asio::this_coro::executor);
  co_await dead.connect(world.port);
  co_await dead.write(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  boost::asio::co_spawn(
      co_await boost::asio::this_coro::executor,
      [](WebSocket& socket) -> Task<void> { (void)co_await socket.next(); }(*alive),
      boost::asio::detached);
  co_await until([&] { return world.handler.closed.size() == 1; });
  EXPECT_EQ(world.handler.closed[0].second, "nothing was received for too long");
  EXPECT_EQ(world.server.sockets().size(), 1u);
  alive->abort();
  co_await until([&] { return world.server.sockets().size() == 0; });
}
TEST(WebSocketServer, PingsGoOutAndTheDeadAreFound) {
  drive(timeouts());
}

Task<void> drains() {
  WebSocketServerOptions options;
  World world(co_await boost::asio::this_coro::executor, options);
  auto polite = co_await connect_websocket(world.url(), ConnectOptions());
  RawClient deaf(co_await boost::asio::this_coro::executor);
  co_await deaf.connect(world.port);
  co_await deaf.write(
      "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  co_await until([&] { return world.handler.opened == 2; });
  std::optional<std::uint16_t> code;
  boost::asio::co_spawn(
      co_await boost::asio::this_coro::executor,
      [](WebSocket& socket, std::optional<std::uint16_t>& seen) -> Task<void> {
        (void)co_await socket.next();
        seen = socket.close_code();
      }(*polite, code),
      boost::asio::detached);
  co_await world.server.stop(milliseconds(100));
  EXPECT_EQ(world.server.sockets().size(), 0u);
  co_await until([&] { return code.has_value(); });
  EXPECT_EQ(code, 1001);
  EXPECT_EQ(world.handler.closed.size(), 2u);
  EXPECT_FALSE(co_await connect_websocket(world.url(), ConnectOptions()));
}
TEST(WebSocketServer, StoppingClosesAllAndWaitsNoLongerThanItsGrace) {
  drive(drains());
}

Task<void> many() {
  World world(co_await boost::asio::this_coro::executor);
  for (int round = 0; round < 3; ++round) {
    std::vector<WebSocket> sockets;
    for (int i = 0; i < 100; ++i) {
      auto socket = co_await connect_websocket(world.url(), ConnectOptions());
      sockets.push_back(std::move(*socket));
      EXPECT_TRUE(sockets.back().post_text("from " + std::to_string(i)));
    }
    for (std::size_t i = 0; i < sockets.size(); ++i)
      EXPECT_EQ((co_await sockets[i].next())->data, "from " + std::to_string(i));
    if (round == 1)
      for (auto& socket : sockets) socket.close();
  }
  co_await until([&] { return world.server.sockets().size() == 0; });
  EXPECT_EQ(world.handler.opened, 300);
  EXPECT_EQ(world.handler.closed.size(), 300u);
}
TEST(WebSocketServer, ManyConnectionsComeAndGo) {
  drive(many());
}

TEST(WebSocketServer, AnAddressThatCannotBeUsedIsNamed) {
  boost::asio::io_context loop;
  TestHandler handler;
  WebSocketServerOptions options;
  options.address = "no address";
  WebSocketServer server(loop.get_executor(), options, handler);
  const auto port = server.listen();
  ASSERT_FALSE(port);
  EXPECT_NE(port.error().message().find("no address"), std::string::npos);
  options.address = "127.0.0.1";
  WebSocketServer first(loop.get_executor(), options, handler);
  options.port = first.listen().value();
  WebSocketServer second(loop.get_executor(), options, handler);
  EXPECT_EQ(second.listen().error().kind(), ErrorKind::connect_failed);
  options.port = 0;
  options.reuse_port = true;
  WebSocketServer third(loop.get_executor(), options, handler);
  options.port = third.listen().value();
  WebSocketServer fourth(loop.get_executor(), options, handler);
  EXPECT_TRUE(fourth.listen());
}

}  // namespace
}  // namespace parley::net

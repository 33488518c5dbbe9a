#include <gtest/gtest.h>

#include "parley/net/detail/test_sockets.hpp"

namespace parley::net {
namespace {

using namespace testing;

Task<void> groups() {
  World world(co_await boost::asio::this_coro::executor, deflating());
  std::vector<WebSocket> members;
  for (int i = 0; i < 5; ++i) {
    ConnectOptions options;
    if (i % 2 == 0) options.offer.deflate = ws::DeflateOptions();
    members.push_back(std::move(*(co_await connect_websocket(world.url(), options))));
    EXPECT_TRUE(co_await members.back().send_text("join"));
    EXPECT_TRUE(co_await members.back().send_text("join"));
  }
  co_await until([&] { return world.handler.messages == 10; });
  EXPECT_EQ(world.handler.room.size(), 5u);
  const std::string news(1000, 'n');
  EXPECT_TRUE(co_await members[0].send_text("all:" + news));
  for (std::size_t i = 1; i < members.size(); ++i)
    EXPECT_EQ((co_await members[i].next())->data, news);
  EXPECT_EQ(world.handler.published, 4u);
  EXPECT_TRUE(co_await members[1].send_text("leave"));
  members[2].abort();
  co_await until([&] { return world.handler.room.size() == 3; });
  EXPECT_TRUE(co_await members[4].send_text("all:again"));
  EXPECT_EQ((co_await members[3].next())->data, "again");
  EXPECT_EQ((co_await members[0].next())->data, "again");
  EXPECT_EQ(world.server.sockets().publish(ws::PreparedMessage::text("everybody")), 4u);
  EXPECT_EQ((co_await members[1].next())->data, "everybody");
}
TEST(SocketGroup, AMessageReachesItsMembersOnce) {
  drive(groups());
}

Task<void> slow_reader() {
  for (const bool close : {true, false}) {
    WebSocketServerOptions options;
    options.sockets.protocol.max_output = 300'000;
    options.sockets.protocol.close_timeout = milliseconds(100);
    options.sockets.slow_reader.close = close;
    World world(co_await boost::asio::this_coro::executor, options);
    RawClient deaf(co_await boost::asio::this_coro::executor);
    co_await deaf.connect(world.port);
    co_await deaf.write(
        "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
    co_await until([&] { return world.handler.opened == 1; });
    auto reader = co_await connect_websocket(world.url(), ConnectOptions());
    const auto message = ws::PreparedMessage::text(std::string(100'000, 'm'));
    int reached = 0;
    for (int i = 0; i < 200; ++i) {
      if (world.server.sockets().publish(message) == 2) ++reached;
      EXPECT_EQ((co_await reader->next())->data.size(), 100'000u) << "others are not disturbed";
    }
    EXPECT_LT(reached, 200);
    const std::size_t left = close ? 1 : 2;  // or it misses messages
    co_await until([&] { return world.server.sockets().size() == left; });
  }
}
TEST(SocketGroup, AReaderTooSlowIsClosedOrMissesMessages) {
  drive(slow_reader());
}

}  // namespace
}  // namespace parley::net

#include "parley/api/value_channel.hpp"

#include <gtest/gtest.h>

#include "parley/json/value.hpp"
#include "parley/net/http_server.hpp"

namespace parley::api {
namespace {

using std::chrono::milliseconds;

// Sends each message back as it came; keeps what it saw.
struct Echo {
  explicit Echo(Executor executor)
      : server(executor, net::HttpServerOptions(),
               [this](net::Exchange& exchange) { return serve(exchange); }) {
    port = server.listen().value();
  }
  Task<void> serve(net::Exchange& exchange) {
    auto socket = co_await exchange.upgrade(ws::ServerPolicy(), ws::Options());
    if (!socket) co_return;
    while (auto message = co_await socket->next()) {
      seen.push_back(*message);
      co_await socket->send(std::move(*message));
    }
  }
  std::vector<net::Message> seen;
  net::HttpServer server;
  std::uint16_t port = 0;
};

Task<ValueChannel> connect(const Echo& echo, ChannelOptions options) {
  auto url = *http::parse_url("ws://127.0.0.1:" + std::to_string(echo.port) + "/");
  net::ConnectOptions connecting;
  auto socket = co_await net::connect_websocket(std::move(url), std::move(connecting));
  co_return ValueChannel(std::move(*socket), std::move(options));
}

Task<void> codecs() {
  Echo echo(co_await boost::asio::this_coro::executor);
  const auto value = *json::parse(R"({"user":1,"list":[true,null,2.5,"\u00fc"]})");
  for (const auto codec :
       {json::PayloadCodec::json, json::PayloadCodec::cbor, json::PayloadCodec::message_pack}) {
    ChannelOptions options;
    options.codec = codec;
    auto channel = co_await connect(echo, options);
    EXPECT_TRUE(co_await channel.send(value));
    EXPECT_EQ(co_await channel.next(), value) << json::to_string(codec);
    EXPECT_EQ(echo.seen.back().binary, json::is_binary(codec));
    EXPECT_TRUE(co_await channel.close());
    EXPECT_FALSE(co_await channel.next());
    EXPECT_TRUE(channel.outcome());
    EXPECT_EQ((co_await channel.send(value)).error().kind(), ErrorKind::invalid_state);
  }
}
TEST(ValueChannel_A20, ValuesGoInTheFormThatWasAskedFor) {
  run(codecs());
}

Task<void> batches() {
  Echo echo(co_await boost::asio::this_coro::executor);
  ChannelOptions options;
  options.batching.emplace();
  options.batching->max_wait = milliseconds(5);
  options.unbatch = true;
  auto channel = co_await connect(echo, options);
  for (int n = 0; n < 23; ++n) {
    json::Value value(n);
    EXPECT_TRUE(co_await channel.send(std::move(value)));
  }
  for (int n = 0; n < 23; ++n) EXPECT_EQ(co_await channel.next(), json::Value(n));
  EXPECT_EQ(echo.seen.size(), 3u) << "ten, ten, and three when their time was over";
  EXPECT_EQ(channel.batches(), 3u);
  EXPECT_EQ(channel.values(), 23u);
  EXPECT_EQ(echo.seen.at(2).data, "[20,21,22]");
  json::Value last("last");
  EXPECT_TRUE(co_await channel.send(last));
  EXPECT_TRUE(co_await channel.close());
  EXPECT_FALSE(co_await channel.next());
  EXPECT_EQ(echo.seen.back().data, R"(["last"])") << "what waited went out first";
}
TEST(ValueChannel_A21, ValuesGoTogether) {
  run(batches());
}

Task<void> dropped() {
  Echo echo(co_await boost::asio::this_coro::executor);
  ChannelOptions options;
  options.batching.emplace();
  {
    auto channel = co_await connect(echo, options);
    json::Value value(1);
    EXPECT_TRUE(co_await channel.send(std::move(value)));
  }
  co_await sleep_for(milliseconds(1));
  EXPECT_TRUE(echo.seen.empty());
}
TEST(ValueChannel_A21, DroppingItEndsItsClock) {
  run(dropped());
}

Task<void> refuses() {
  Echo echo(co_await boost::asio::this_coro::executor);
  ChannelOptions options;
  options.codec = json::PayloadCodec::cbor;
  auto channel = co_await connect(echo, options);
  EXPECT_TRUE(co_await channel.socket().send_text("{}"));
  EXPECT_FALSE(co_await channel.next());
  EXPECT_EQ(channel.outcome().error().kind(), ErrorKind::invalid_response);
  EXPECT_EQ(channel.outcome().error().close_code(), 1003);
  auto other = co_await connect(echo, options);
  EXPECT_TRUE(co_await other.socket().send_binary(Bytes(3, std::byte(0xff))));
  EXPECT_FALSE(co_await other.next());
  EXPECT_EQ(other.outcome().error().close_code(), 1007);
  EXPECT_NE(other.outcome().error().cause(), nullptr);
}
TEST(ValueChannel_A20_A31, WhatIsNoPayloadEndsTheChannel) {
  run(refuses());
}

}  // namespace
}  // namespace parley::api

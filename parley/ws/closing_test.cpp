#include <gtest/gtest.h>

#include "parley/ws/detail/test_peer.hpp"

namespace parley::ws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::close_payload;
using testing::frame;
using testing::Peer;

// Carries output from one end to the other until both are silent.
void talk(Peer& a, Peer& b) {
  for (int i = 0; i < 4; ++i) {
    b.receive(a.output(), 1);
    a.receive(b.output(), 1);
  }
}

TEST(Rfc6455_7_1, BothSidesSeeTheSameCodeAndReason) {
  for (const auto starter : {Role::client, Role::server}) {
    Peer client(Role::client), server(Role::server);
    Peer& first = starter == Role::client ? client : server;
    ASSERT_TRUE(first.connection.close(4001, "gr\xc3\xbc\xc3\x9f", first.now));
    EXPECT_FALSE(first.connection.open());
    EXPECT_FALSE(first.connection.send_text("late"));
    talk(client, server);
    for (auto* peer : {&client, &server}) {
      EXPECT_EQ(peer->closed(), 4001);
      EXPECT_EQ(peer->connection.close_code(), 4001);
      EXPECT_EQ(peer->connection.close_reason(), "gr\xc3\xbc\xc3\x9f");
      EXPECT_TRUE(peer->connection.closed());
      EXPECT_FALSE(peer->connection.next_timeout());
    }
  }
}

TEST(Rfc6455_7_1_5, AFrameWithoutACodeIsOneThousandAndFive) {
  Peer client(Role::client), server(Role::server);
  ASSERT_TRUE(client.connection.close(close_code::no_status, "", client.now));
  const auto wire = client.output();
  EXPECT_EQ(wire.size(), 6u);
  server.receive(wire);
  EXPECT_EQ(server.closed(), 1005);
  EXPECT_EQ(server.output(), std::string("\x88\x00", 2));
}

TEST(Rfc6455_7_4, OnlyCodesThatMayBeSentAreTakenAndSent) {
  for (int code = 0; code < 5100; ++code) {
    const bool good = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                      (code >= 3000 && code <= 4999);
    Peer server(Role::server), client(Role::client);
    server.receive(frame(0x88, close_payload(code)));
    ASSERT_EQ(server.closed(), good ? code : 1002) << code;
    if (code == close_code::no_status) continue;
    ASSERT_EQ(bool(client.connection.close(static_cast<std::uint16_t>(code), "", client.now)), good)
        << code;
  }
}

TEST(Rfc6455_5_5_1, HalfACodeOrABadReasonIsRefused) {
  Peer half(Role::server), reason(Role::server);
  half.receive(frame(0x88, "\x03"));
  EXPECT_EQ(half.closed(), 1002);
  reason.receive(frame(0x88, close_payload(1000, "\xff")));
  EXPECT_EQ(reason.closed(), 1007);
}

TEST(Rfc6455_5_5_1, ALongReasonIsCutAtACodePoint) {
  Peer server(Role::server), client(Role::client);
  std::string reason(122, 'a');
  reason += "\xe2\x82\xac";
  ASSERT_TRUE(server.connection.close(1000, reason, server.now));
  client.receive(server.output());
  EXPECT_EQ(client.connection.close_reason(), std::string(122, 'a'));
}

TEST(Rfc6455_1_4, MessagesOnTheWayWhenWeCloseAreReadAway) {
  Peer client(Role::client), server(Role::server);
  ASSERT_TRUE(client.connection.send_text("on the way"));
  ASSERT_TRUE(server.connection.close(1001, "bye", server.now));
  talk(client, server);
  EXPECT_EQ(client.closed(), 1001);
  EXPECT_EQ(server.closed(), 1001);
  EXPECT_TRUE(server.texts().empty());
}

TEST(Rfc6455_7_1_1, ASilentPeerEndsTheHandshakeInTime) {
  Peer server(Role::server);
  server.advance(std::chrono::hours(2));  // long idle before the close
  ASSERT_TRUE(server.connection.close(1000, "", server.now));
  EXPECT_EQ(*server.connection.next_timeout() - server.now, seconds(5));
  server.advance(milliseconds(4999));
  EXPECT_EQ(server.closed(), 0);
  server.advance(milliseconds(1));
  EXPECT_EQ(server.closed(), 1006);
  EXPECT_EQ(server.connection.timed_out(), Stage::close);
}

TEST(Rfc6455_7_1_5, AnEndWithoutACloseFrameIsOneThousandAndSix) {
  Peer client(Role::client);
  client.connection.receive_end();
  client.drain();
  EXPECT_EQ(client.closed(), 1006);
}

TEST(Keepalive_A18_B42, PingsGoOutAndADeadPeerIsFound) {
  Options options;
  options.ping_interval = seconds(25);
  options.idle_timeout = seconds(60);
  Peer server(Role::server, options);
  server.advance(seconds(24));
  EXPECT_TRUE(server.output().empty());
  server.advance(seconds(1));
  EXPECT_EQ(server.output(), std::string("\x89\x00", 2));
  server.receive(frame(0x8a, ""));
  EXPECT_EQ(server.seen.back().kind, Event::Kind::pong);
  server.advance(seconds(25));
  EXPECT_EQ(server.output().size(), 2u) << "the next ping";
  server.advance(seconds(34));
  EXPECT_EQ(server.closed(), 0);
  server.advance(seconds(1));
  EXPECT_EQ(server.closed(), 1006) << "60 s after the last byte";
  EXPECT_EQ(server.connection.timed_out(), Stage::idle);
}

TEST(Keepalive_A18_B42, AnyByteCountsAsLife) {
  Options options;
  options.ping_interval = seconds(25);
  options.idle_timeout = seconds(60);
  Peer server(Role::server, options);
  for (int i = 0; i < 20; ++i) {
    server.advance(seconds(20));
    server.receive(frame(0x81, "alive"));
  }
  EXPECT_EQ(server.closed(), 0);
  EXPECT_TRUE(server.output().empty()) << "no ping is needed";
}

TEST(Keepalive_A18_B42, WithoutAnIntervalNothingIsTimed) {
  Peer client(Role::client);
  EXPECT_FALSE(client.connection.next_timeout());
}

}  // namespace
}  // namespace parley::ws

#include <gtest/gtest.h>

#include "parley/ws/detail/test_peer.hpp"

namespace parley::ws {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::frame;
using testing::Peer;
using Texts = std::vector<std::string>;

Agreement deflating() {
  Agreement agreement;
  agreement.deflate = DeflateAgreement();
  return agreement;
}

TEST(Parts, AMessageIsGivenAsItComesAndNeverHeldWhole) {
  for (const auto& agreement : {Agreement(), deflating()}) {
    Options options;
    options.stream_messages = true;
    Peer server(Role::server, options, agreement), client(Role::client, Options(), agreement);
    const std::string text(100'000, 'a');
    ASSERT_TRUE(client.connection.send_text(text));
    server.receive(client.output(), 4096 / (agreement.deflate ? 64 : 1));
    ASSERT_GT(server.seen.size(), agreement.deflate ? 1u : 20u);
    std::string all;
    for (std::size_t i = 0; i < server.seen.size(); ++i) {
      EXPECT_EQ(server.seen[i].first, i == 0);
      EXPECT_EQ(server.seen[i].last, i + 1 == server.seen.size());
      all += server.seen[i].data;
    }
    EXPECT_EQ(all, text);
    server.seen.clear();
    ASSERT_TRUE(client.connection.send_text("short"));
    server.receive(client.output());
    ASSERT_EQ(server.texts(), Texts{"short"});
    EXPECT_TRUE(server.seen[0].first && server.seen[0].last);
  }
}

TEST(Parts, TheLimitHoldsAndBadTextStopsAtOnce) {
  Options options;
  options.stream_messages = true;
  options.max_message = 1000;
  Peer server(Role::server, options);
  server.receive(frame(0x01, std::string(600, 'a')) + frame(0x80, std::string(401, 'a')));
  EXPECT_EQ(server.closed(), 1009);
  Peer bad(Role::server, options);
  bad.receive(frame(0x01, "fine") + frame(0x00, "\xed\xa0"));
  EXPECT_EQ(bad.closed(), 1007);
  EXPECT_EQ(bad.texts(), Texts{"fine"});
}

TEST(Parts, AMessageIsSentInPartsWithControlFramesBetween) {
  for (const auto& agreement : {Agreement(), deflating()}) {
    Peer server(Role::server, Options(), agreement), client(Role::client, Options(), agreement);
    auto& out = server.connection;
    ASSERT_TRUE(out.send_part(MessageKind::text, as_bytes("Gr\xc3"), false));
    EXPECT_EQ(out.send_text("between").error().kind(), ErrorKind::invalid_state);
    ASSERT_TRUE(out.ping(as_bytes("ping")));
    ASSERT_TRUE(out.send_part(MessageKind::text, as_bytes("\xbc\xc3\x9f"), false));
    ASSERT_TRUE(out.send_part(MessageKind::text, {}, true));
    ASSERT_TRUE(out.send_text("after"));
    client.receive(server.output(), 1);
    EXPECT_EQ(client.texts(), (Texts{"Gr\xc3\xbc\xc3\x9f", "after"}));
    EXPECT_EQ(client.seen[0].kind, Event::Kind::ping);
  }
}

TEST(Parts, TextThatIsNoUtf8IsRefusedBeforeItIsSent) {
  Peer server(Role::server);
  auto& out = server.connection;
  EXPECT_FALSE(out.send_part(MessageKind::text, as_bytes("\xff"), false));
  EXPECT_TRUE(out.send_text("no message was begun"));
  (void)server.output();
  ASSERT_TRUE(out.send_part(MessageKind::text, as_bytes("\xc3"), false));
  (void)server.output();
  EXPECT_FALSE(out.send_part(MessageKind::text, as_bytes("x"), true));
  EXPECT_TRUE(server.output().empty());
  ASSERT_TRUE(out.send_part(MessageKind::text, as_bytes("\xbc"), true)) << "the part may be mended";
}

TEST(Rfc6455_5_4, LongMessagesAreSplitWhereAskedFor) {
  Options options;
  options.fragment_size = 10;
  Peer server(Role::server, options), client(Role::client);
  ASSERT_TRUE(server.connection.send_text("0123456789abcdefghijXYZ"));
  const auto wire = server.output();
  EXPECT_EQ(wire, frame(0x01, "0123456789", false) + frame(0x00, "abcdefghij", false) +
                      frame(0x80, "XYZ", false));
  client.receive(wire);
  ASSERT_TRUE(server.connection.send_text("0123456789"));
  EXPECT_EQ(server.output(), frame(0x81, "0123456789", false));
  EXPECT_EQ(client.texts(), Texts{"0123456789abcdefghijXYZ"});
}

TEST(Rfc6455_10_4, FragmentsAreCounted) {
  Options options;
  options.max_fragments = 3;
  Peer server(Role::server, options);
  server.receive(frame(0x01, "a") + frame(0x00, "") + frame(0x80, "b"));
  EXPECT_EQ(server.texts(), Texts{"ab"});
  server.receive(frame(0x01, "") + frame(0x00, "") + frame(0x00, "") + frame(0x00, ""));
  EXPECT_EQ(server.closed(), 1009);
}

// Autobahn's limits: 16 MiB in one frame, and in 65,536 fragments.
TEST(Rfc6455_5_4, SixteenMebibytesInOneFrameAndInManyFragments) {
  const std::string text(16 * 1024 * 1024, '*');
  Options split;
  split.max_output = 64 * 1024 * 1024;
  for (const std::size_t fragment : {std::size_t(0), std::size_t(256)}) {
    split.fragment_size = fragment;
    Peer server(Role::server, split), client(Role::client);
    ASSERT_TRUE(server.connection.send_text(text));
    client.receive(server.output(), 1 << 20);
    ASSERT_EQ(client.seen.size(), 1u);
    EXPECT_TRUE(client.seen[0].data == text);
  }
}

TEST(Keepalive_W5, TheLimitForAPongFollowsTheMeasuredRoundTrip) {
  Options options;
  options.ping_interval = seconds(20);
  options.pong_timeout = seconds(5);
  options.max_pong_timeout = seconds(40);
  Peer server(Role::server, options);
  EXPECT_FALSE(server.connection.round_trip());
  for (int i = 0; i < 6; ++i) {
    server.advance(seconds(20));
    const auto ping = server.output();
    ASSERT_EQ(ping.size(), 6u) << "a ping that can be told from the others";
    server.advance(seconds(4));
    server.receive(frame(0x8a, ping.substr(2)));
  }
  EXPECT_EQ(server.connection.round_trip(), Duration(seconds(4)));
  server.advance(seconds(20));
  ASSERT_EQ(server.output().size(), 6u);
  server.advance(seconds(15));
  EXPECT_EQ(server.closed(), 0) << "slow pongs are this peer's way";
  server.advance(seconds(26));
  EXPECT_EQ(server.closed(), 1006);
  EXPECT_EQ(server.connection.close_reason(), "no pong came in time");
}

TEST(Keepalive_W5, WithoutAMeasureTheLimitIsTheOption) {
  Options options;
  options.ping_interval = seconds(20);
  options.pong_timeout = seconds(5);
  Peer server(Role::server, options);
  server.advance(seconds(20));
  server.receive(frame(0x8a, "another"));
  EXPECT_EQ(*server.connection.next_timeout() - server.now, seconds(5));
  server.advance(milliseconds(4999));
  EXPECT_EQ(server.closed(), 0);
  server.advance(milliseconds(1));
  EXPECT_EQ(server.closed(), 1006);
}

TEST(Sending, APeerThatIsAlwaysALittleBehindGetsEveryByte) {
  Peer server(Role::server), client(Role::client);
  std::string wire, expected;
  for (int i = 0; i < 400; ++i) {
    const std::string text(1000 + static_cast<std::size_t>(i), static_cast<char>('a' + i % 26));
    ASSERT_TRUE(server.connection.send_text(text));
    expected += text;
    if (i % 50 == 0) server.receive(frame(0x89, "p"));
    const auto output = server.connection.poll_output();
    const std::size_t taken = output.size() - std::min<std::size_t>(output.size(), 700);
    wire += as_text(output.first(taken));
    server.connection.consume_output(taken);
  }
  wire += server.output();
  client.receive(wire, 5000);
  std::string got;
  for (const auto& text : client.texts()) got += text;
  EXPECT_EQ(got, expected);
}

TEST(Rfc6455_5_5_2, EachPingIsAnsweredInOrder) {
  Peer server(Role::server);
  std::string pings, pongs;
  for (int i = 0; i < 30; ++i) {
    pings += frame(0x89, "payload-" + std::to_string(i));
    pongs += frame(0x8a, "payload-" + std::to_string(i), false);
  }
  server.receive(pings);
  EXPECT_EQ(server.output(), pongs);
}

TEST(Rfc6455_5_5_3, AFloodOfPingsThatNobodyReadsCannotFillTheQueue) {
  Options options;
  options.max_output = 20'000;
  Peer server(Role::server, options);
  for (int i = 0; i < 10'000; ++i) server.receive(frame(0x89, std::string(125, 'p')));
  server.receive(frame(0x89, "the last"));
  EXPECT_LT(server.connection.poll_output().size(), 10'000u);
  EXPECT_TRUE(server.output().ends_with(frame(0x8a, "the last", false)));
  for (int i = 0; i < 1000; ++i) {
    server.receive(frame(0x89, std::string(125, 'p')));
    (void)server.connection.send_text("data between them");
  }
  EXPECT_LE(server.connection.poll_output().size(), 20'000u);
  EXPECT_EQ(server.closed(), 0);
}

}  // namespace
}  // namespace parley::ws

#include "parley/ws/connection.hpp"

#include <gtest/gtest.h>

#include "parley/ws/detail/mask.hpp"
#include "parley/ws/detail/test_peer.hpp"

namespace parley::ws {
namespace {

using testing::close_payload;
using testing::frame;
using testing::Peer;
using Texts = std::vector<std::string>;

// RFC 6455, 5.7: the examples of the document, byte for byte.
TEST(Rfc6455_5_7, TheExamplesOfTheDocument) {
  Peer server(Role::server), client(Role::client);
  server.receive(std::string("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58", 11));
  client.receive(std::string("\x81\x05\x48\x65\x6c\x6c\x6f", 7));
  client.receive(std::string("\x01\x03\x48\x65\x6c\x80\x02\x6c\x6f", 9));
  EXPECT_EQ(server.texts(), Texts{"Hello"});
  EXPECT_EQ(client.texts(), (Texts{"Hello", "Hello"}));
  client.receive(std::string("\x89\x05\x48\x65\x6c\x6c\x6f", 7));
  EXPECT_EQ(client.seen.back().kind, Event::Kind::ping);
  EXPECT_EQ(client.output().size(), 11u) << "the pong, masked";
}

TEST(Rfc6455_5_2, LengthsAtTheirBordersComeBackInBothRoles) {
  for (const std::size_t size : {0, 1, 125, 126, 127, 65535, 65536, 70000}) {
    Peer server(Role::server), client(Role::client);
    const std::string text(size, 'x');
    ASSERT_TRUE(client.connection.send_text(text));
    const std::string wire = client.output();
    EXPECT_EQ(wire.size(), size + 6 + (size > 65535 ? 8u : size > 125 ? 2u : 0u));
    for (const std::size_t piece :
         {std::size_t(1), std::size_t(3), std::size_t(4096), wire.size()}) {
      if (piece == 1 && size > 1000) continue;
      server.receive(wire, piece);
      ASSERT_EQ(server.texts().back(), text) << size << " in " << piece;
    }
    ASSERT_TRUE(server.connection.send_binary(as_bytes(text)));
    client.receive(server.output(), 1000);
    EXPECT_EQ(client.seen.back().data, text);
    EXPECT_EQ(client.seen.back().kind, Event::Kind::binary);
  }
}

TEST(Rfc6455_5_2, LengthsThatAreNotMinimalOrTooGreatAreRefused) {
  for (const auto& bad :
       {frame(0x81, "abc", true, 2), frame(0x81, "abc", true, 8),
        frame(0x81, std::string(200, 'a'), true, 8),
        std::string("\x82\xff\x80\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00", 14)}) {
    Peer server(Role::server);
    server.receive(bad);
    EXPECT_EQ(server.closed(), 1002);
  }
}

TEST(Rfc6455_5_2, ReservedBitsAndOpcodesAreRefused) {
  for (int first = 0; first < 256; ++first) {
    const int opcode = first & 0x0f;
    const bool known = opcode <= 2 || (opcode >= 8 && opcode <= 10);
    const bool reserved = (first & 0x70) != 0;
    if (known && !reserved) continue;
    Peer server(Role::server);
    server.receive(frame(static_cast<unsigned char>(first), "a"));
    EXPECT_EQ(server.closed(), 1002) << first;
  }
}

TEST(Rfc6455_5_1, EachSideMasksAsItsRoleSays) {
  Peer server(Role::server), client(Role::client);
  server.receive(frame(0x81, "a", false));
  client.receive(frame(0x81, "a", true));
  EXPECT_EQ(server.closed(), 1002);
  EXPECT_EQ(client.closed(), 1002);
}

TEST(Rfc6455_5_3, MaskingAtEveryPhaseAndSizeIsItsOwnInverse) {
  const detail::MaskKey key{std::byte{0x12}, std::byte{0x34}, std::byte{0x56}, std::byte{0x78}};
  for (std::size_t size = 0; size < 700; size += size < 200 ? 1 : 7)
    for (std::size_t phase = 0; phase < 4; ++phase) {
      std::string data(size, '\0');
      for (std::size_t i = 0; i < size; ++i) data[i] = static_cast<char>(i * 7);
      std::string expected = data;
      for (std::size_t i = 0; i < size; ++i)
        expected[i] = static_cast<char>(expected[i] ^ static_cast<char>(key[(i + phase) % 4]));
      std::string got = data;
      detail::apply_mask({reinterpret_cast<std::byte*>(got.data()), got.size()}, key, phase);
      ASSERT_EQ(got, expected) << size << " " << phase;
    }
}

TEST(Rfc6455_10_3, EachFrameOfAClientHasItsOwnKey) {
  Peer client(Role::client);
  ASSERT_TRUE(client.connection.send_text("a"));
  const auto first = client.output();
  ASSERT_TRUE(client.connection.send_text("a"));
  EXPECT_NE(first.substr(2, 4), client.output().substr(2, 4));
}

TEST(Rfc6455_5_4, FragmentsAreJoinedAndControlFramesMayStandBetween) {
  const std::string wire = frame(0x01, "Gr\xc3") + frame(0x89, "mid") + frame(0x00, "\xbc\xc3") +
                           frame(0x00, "") +
                           frame(0x80,
                                 "\x9f"
                                 "e");
  for (std::size_t piece = 1; piece <= wire.size(); ++piece) {
    Peer server(Role::server);
    server.receive(wire, piece);
    ASSERT_EQ(server.texts(), Texts{"Gr\xc3\xbc\xc3\x9f"
                                    "e"})
        << piece;
    ASSERT_EQ(server.seen[0].kind, Event::Kind::ping) << "it is not held back";
    ASSERT_EQ(server.output(), frame(0x8a, "mid", false));
  }
}

TEST(Rfc6455_5_4, FragmentsOutOfOrderAreRefused) {
  for (const auto& bad : {frame(0x80, "a"), frame(0x00, "a"), frame(0x01, "a") + frame(0x81, "b"),
                          frame(0x02, "a") + frame(0x01, "b")}) {
    Peer server(Role::server);
    server.receive(bad);
    EXPECT_EQ(server.closed(), 1002);
    EXPECT_TRUE(server.texts().empty());
  }
}

TEST(Rfc6455_5_5, ControlFramesAreShortAndNotFragmented) {
  for (const int opcode : {0x8, 0x9, 0xa}) {
    Peer fragmented(Role::server), large(Role::server);
    fragmented.receive(frame(static_cast<unsigned char>(opcode), ""));
    large.receive(frame(static_cast<unsigned char>(0x80 | opcode), std::string(126, 'a'), true, 2));
    EXPECT_EQ(fragmented.closed(), 1002);
    EXPECT_EQ(large.closed(), 1002);
  }
}

TEST(Rfc6455_8_1, TextThatIsNoUtf8IsRefusedAtOnce) {
  for (const std::string bad :
       {"\xff", "\xc0\xaf", "\xe0\x80", "\xed\xa0", "\xf4\x90", "a\x80", "\xf8\x88\x80\x80\x80"}) {
    Peer whole(Role::server), early(Role::server);
    whole.receive(frame(0x81, bad));
    EXPECT_EQ(whole.closed(), 1007);
    std::string rest = bad + std::string(1000, 'x');
    early.receive(frame(0x01, rest).substr(0, 8 + bad.size()));
    EXPECT_EQ(early.closed(), 1007) << "before the rest of the message has come";
  }
  Peer half(Role::server);
  half.receive(frame(0x81, "\xe2\x82"));
  EXPECT_EQ(half.closed(), 1007);
  Peer binary(Role::server);
  binary.receive(frame(0x82, "\xff\xfe"));
  EXPECT_EQ(binary.closed(), 0);
}

TEST(Rfc6455_10_4, MessagesOverTheLimitAreRefusedBeforeTheyAreHeld) {
  Options options;
  options.max_message = 100;
  Peer one(Role::server, options), parts(Role::server, options), fits(Role::server, options);
  one.receive(frame(0x81, std::string(101, 'a')).substr(0, 8));
  EXPECT_EQ(one.closed(), 1009) << "by the header alone";
  parts.receive(frame(0x01, std::string(60, 'a')) + frame(0x80, std::string(41, 'a')).substr(0, 6));
  EXPECT_EQ(parts.closed(), 1009);
  fits.receive(frame(0x01, std::string(60, 'a')) + frame(0x80, std::string(40, 'a')));
  EXPECT_EQ(fits.texts().size(), 1u);
}

TEST(Sending, LimitsAndBadInputAreErrorsThatSendNothing) {
  Options options;
  options.max_output = 100;
  Peer client(Role::client, options);
  EXPECT_EQ(client.connection.send_text("\xff").error().kind(), ErrorKind::invalid_argument);
  EXPECT_EQ(client.connection.send_text(std::string(101, 'a')).error().kind(),
            ErrorKind::too_large);
  EXPECT_EQ(client.connection.ping(as_bytes(std::string(126, 'a'))).error().kind(),
            ErrorKind::invalid_argument);
  EXPECT_EQ(client.connection.send_prepared(PreparedMessage::text("a")).error().kind(),
            ErrorKind::invalid_state);
  EXPECT_TRUE(client.output().empty());
  EXPECT_TRUE(client.connection.send_text("a"));
}

TEST(Sending, APreparedFrameIsTheFrame) {
  for (const std::size_t size : {0, 125, 126, 65535, 65536}) {
    Peer a(Role::server), b(Role::server);
    const std::string text(size, 'x');
    ASSERT_TRUE(a.connection.send_text(text));
    ASSERT_TRUE(b.connection.send_prepared(PreparedMessage::text(text)));
    EXPECT_EQ(a.output(), b.output());
  }
}

TEST(Robustness, RandomBytesNeverDoMoreThanEndTheConnection) {
  SeededRandom random(11);
  for (int round = 0; round < 3000; ++round) {
    Peer server(round % 2 ? Role::server : Role::client);
    std::string bytes;
    for (auto left = random.below(60); left > 0; --left)
      bytes += static_cast<char>(random.below(4) ? random.next() : 0x81);
    server.receive(bytes, 1 + random.below(9));
    if (server.closed() != 0) {
      EXPECT_FALSE(server.connection.open());
      const auto before = server.seen.size();
      server.receive(frame(0x81, "late"));
      EXPECT_EQ(server.seen.size(), before) << "nothing follows the end";
    }
  }
}

}  // namespace
}  // namespace parley::ws

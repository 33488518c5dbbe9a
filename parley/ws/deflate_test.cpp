#include <zlib.h>

#include <gtest/gtest.h>

#include "parley/ws/detail/deflate_stream.hpp"
#include "parley/ws/detail/test_peer.hpp"

namespace parley::ws {
namespace {

using testing::frame;
using testing::Peer;
using Texts = std::vector<std::string>;

Agreement deflating(int server_bits = 15, int client_bits = 15, bool no_takeover = false) {
  Agreement agreement;
  agreement.deflate = DeflateAgreement();
  agreement.deflate->server_max_window_bits = server_bits;
  agreement.deflate->client_max_window_bits = client_bits;
  agreement.deflate->server_no_context_takeover = no_takeover;
  agreement.deflate->client_no_context_takeover = no_takeover;
  agreement.deflate->min_size = 0;
  return agreement;
}

struct Pair {
  explicit Pair(const Agreement& agreement, const Options& options = Options())
      : client(Role::client, options, agreement), server(Role::server, options, agreement) {}
  Peer client, server;
};

// Text whose words come back at many distances, the same on every machine.
std::string prose(std::size_t size, std::uint64_t seed = 1) {
  SeededRandom random(seed);
  std::string text;
  while (text.size() < size) {
    text += "word";
    text += std::to_string(random.below(200));
    text += random.below(10) == 0 ? ".\n" : " ";
  }
  text.resize(size);
  return text;
}

std::string noise(std::size_t size) {
  SeededRandom random(7);
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random.below(256));
  return bytes;
}

std::string unhex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 3)
    bytes += static_cast<char>(std::stoi(std::string(hex.substr(i, 2)), nullptr, 16));
  return bytes;
}

// RFC 7692, 7.2.3: the examples of the document, byte for byte.
TEST(Rfc7692_7_2_3, TheExamplesOfTheDocument) {
  const std::string hello = unhex("f2 48 cd c9 c9 07 00");
  Peer client(Role::client, Options(), deflating());
  client.receive(frame(0xc1, hello, false));
  client.receive(frame(0x41, hello.substr(0, 3), false) + frame(0x80, hello.substr(3), false));
  client.receive(frame(0xc1, unhex("f2 00 11 00 00"), false));  // context takeover
  client.receive(frame(0xc1, unhex("00 05 00 fa ff 48 65 6c 6c 6f 00"), false));  // stored
  client.receive(frame(0xc1, unhex("f3 48 cd c9 c9 07 00 00"), false));           // BFINAL
  client.receive(frame(0xc1, unhex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), false));
  EXPECT_EQ(client.texts(), (Texts{"Hello", "Hello", "Hello", "Hello", "Hello", "Hello"}));
  EXPECT_EQ(client.closed(), 0);
  Peer server(Role::server, Options(), deflating());
  ASSERT_TRUE(server.connection.send_text("Hello", Compress::always));
  EXPECT_EQ(server.output(), frame(0xc1, hello, false));
  ASSERT_TRUE(server.connection.send_text("Hello", Compress::always));
  EXPECT_EQ(server.output(), frame(0xc1, unhex("f2 00 11 00 00"), false));
}

TEST(Rfc7692_7_2_3_6, AnEmptyMessageIsOneByte) {
  Pair pair(deflating());
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(pair.server.connection.send_text("", Compress::always));
    const auto wire = pair.server.output();
    EXPECT_EQ(wire, frame(0xc1, std::string(1, '\0'), false));
    pair.client.receive(wire);
  }
  pair.client.receive(frame(0xc1, "", false));
  EXPECT_EQ(pair.client.texts(), (Texts{"", "", "", ""}));
}

TEST(Rfc7692_7_2_3_4, AFinalBlockMayEndAMessageAndTheWindowStays) {
  Peer client(Role::client, Options(), deflating());
  client.receive(frame(0xc1, unhex("f3 48 cd c9 c9 07 00"), false));  // no empty block after it
  client.receive(frame(0xc1, unhex("f2 00 11 00 00"), false));
  client.receive(frame(0x41, unhex("f3 48 cd c9 c9 07 00 00"), false) + frame(0x80, "", false));
  EXPECT_EQ(client.texts(), (Texts{"Hello", "Hello", "Hello"}));
  EXPECT_EQ(client.closed(), 0);
}

TEST(Rfc7692_7_2, MessagesComeBackWithEveryWindowAndTakeover) {
  for (int bits = 8; bits <= 15; ++bits)
    for (const bool no_takeover : {false, true}) {
      Pair pair(deflating(bits, 23 - bits, no_takeover));
      for (const std::size_t size : {1, 100, 5000, 300, 70000, 0, 33000}) {
        const std::string text = prose(size, size);
        ASSERT_TRUE(pair.server.connection.send_text(text));
        pair.client.receive(pair.server.output(), 997);
        ASSERT_EQ(pair.client.texts().back(), text) << bits << " " << no_takeover;
        ASSERT_TRUE(pair.client.connection.send_binary(as_bytes(noise(size))));
        pair.server.receive(pair.client.output(), 1013);
        ASSERT_EQ(pair.server.seen.back().data, noise(size));
      }
      EXPECT_EQ(pair.client.closed() + pair.server.closed(), 0);
    }
}

// A strict reader: one byte of output at a time, so that all history comes from its window.
TEST(Rfc7692_7_1_2_1, NothingRefersBackFurtherThanTheWindow) {
  for (int bits = 8; bits <= 15; ++bits) {
    detail::Deflater deflater(bits, 6, 8);
    z_stream reader{};
    ASSERT_EQ(inflateInit2(&reader, -bits), Z_OK);
    for (int message = 0; message < 3; ++message) {
      const std::string text = prose(100'000, static_cast<std::uint64_t>(message));
      std::string packed, unpacked;
      deflater.append(packed, as_bytes(text), true);
      packed += std::string("\x00\x00\xff\xff", 4);
      reader.next_in = reinterpret_cast<Bytef*>(packed.data());
      reader.avail_in = static_cast<uInt>(packed.size());
      while (reader.avail_in > 0 || unpacked.size() < text.size()) {
        Bytef byte = 0;
        reader.next_out = &byte;
        reader.avail_out = 1;
        const int result = inflate(&reader, Z_SYNC_FLUSH);
        if (reader.avail_out == 0) unpacked += static_cast<char>(byte);
        if (result != Z_OK) break;
      }
      ASSERT_EQ(unpacked, text) << bits;
    }
    inflateEnd(&reader);
  }
}

TEST(Rfc7692_6, ReservedBitOneStandsOnTheFirstFrameOfAMessageOnly) {
  const std::string hello = unhex("f2 48 cd c9 c9 07 00");
  for (const auto& bad :
       {frame(0x41, hello.substr(0, 3)) + frame(0xc0, hello.substr(3)), frame(0xc9, "ping"),
        frame(0xc8, ""), frame(0xca, ""), frame(0xa1, hello), frame(0x91, hello)}) {
    Peer server(Role::server, Options(), deflating());
    server.receive(bad);
    EXPECT_EQ(server.closed(), 1002);
  }
  Peer plain(Role::server);
  plain.receive(frame(0xc1, hello));
  EXPECT_EQ(plain.closed(), 1002) << "nothing was agreed on";
}

TEST(Rfc7692_6_1, CompressedAndPlainMessagesMayMix) {
  Pair pair(deflating());
  const std::string text = prose(500);
  for (const auto compress : {Compress::always, Compress::never, Compress::automatic}) {
    ASSERT_TRUE(pair.client.connection.send_text(text, compress));
    const auto wire = pair.client.output();
    EXPECT_EQ((wire[0] & 0x40) != 0, compress != Compress::never);
    pair.server.receive(wire);
  }
  EXPECT_EQ(pair.server.texts(), (Texts{text, text, text}));
  Agreement agreement = deflating();
  agreement.deflate->min_size = 64;
  Peer server(Role::server, Options(), agreement);
  ASSERT_TRUE(server.connection.send_text("short"));
  EXPECT_EQ(server.output(), frame(0x81, "short", false));
}

TEST(Rfc7692_6_1, FragmentsOfACompressedMessageAreJoined) {
  Options split;
  split.fragment_size = 50;
  Agreement agreement = deflating();
  Peer server(Role::server, split, agreement), client(Role::client, Options(), agreement);
  const std::string text = prose(3000);
  ASSERT_TRUE(server.connection.send_text(text));
  const auto wire = server.output();
  EXPECT_EQ(static_cast<unsigned char>(wire[0]), 0x41);
  EXPECT_EQ(wire[1], 50);
  EXPECT_EQ(static_cast<unsigned char>(wire[52]), 0x00);
  client.receive(wire.substr(0, 52) + frame(0x89, "mid", false) + wire.substr(52), 7);
  EXPECT_EQ(client.texts(), Texts{text});
}

TEST(Rfc7692_7_2_2, BrokenDataFailsTheConnection) {
  const std::string hello = unhex("f2 48 cd c9 c9 07 00");
  for (const auto& bad :
       {unhex("ff ff ff ff"), unhex("07 ff"), hello.substr(0, 4), unhex("00 05 00 fa fe 48"),
        unhex("00 05 00 fa ff 48"), unhex("f2 00 11 00 00"), std::string("\x06", 1)}) {
    Peer server(Role::server, Options(), deflating());
    server.receive(frame(0xc1, bad));
    EXPECT_EQ(server.closed(), 1007) << bad.size();
    EXPECT_TRUE(server.texts().empty());
  }
}

TEST(Rfc7692_8, ABombIsRefusedWhileItIsInflated) {
  Options small;
  small.max_message = 100'000;
  for (const std::size_t size : {100'000, 100'001, 10'000'000}) {
    Peer sender(Role::client, Options(), deflating()), server(Role::server, small, deflating());
    ASSERT_TRUE(sender.connection.send_binary(as_bytes(std::string(size, 'x'))));
    const auto wire = sender.output();
    EXPECT_LT(wire.size(), size / 90);
    server.receive(wire, 100);
    EXPECT_EQ(server.closed(), size > 100'000 ? 1009 : 0) << size;
  }
}

TEST(Rfc7692_8, DataThatMeansNothingDoesNotGoOnForEver) {
  Options small;
  small.max_message = 1000;
  Peer server(Role::server, small, deflating());
  std::string empty_blocks;
  for (int i = 0; i < 200; ++i) empty_blocks += unhex("00 00 00 ff ff");
  server.receive(frame(0x42, empty_blocks));
  for (int i = 0; i < 3; ++i) server.receive(frame(0x00, empty_blocks));
  EXPECT_EQ(server.closed(), 1009);
}

TEST(Rfc6455_8_1, CompressedTextFailsAtItsFirstBadByte) {
  Pair pair(deflating());
  std::string bad = prose(50'000);
  bad[100] = '\xff';
  ASSERT_TRUE(pair.client.connection.send_valid_text(bad));
  const auto wire = pair.client.output();
  pair.server.receive(wire.substr(0, wire.size() / 4), 50);
  EXPECT_EQ(pair.server.closed(), 1007) << "before the message ends";
}

TEST(PreparedMessages, OneCompressedFrameServesConnectionsOfBothKinds) {
  const std::string text = prose(2000);
  const auto prepared = PreparedMessage::text(text);
  for (const bool no_takeover : {false, true}) {
    Pair pair(deflating(15, 15, no_takeover));
    for (int round = 0; round < 3; ++round) {
      ASSERT_TRUE(pair.server.connection.send_text(text + "own"));
      ASSERT_TRUE(pair.server.connection.send_prepared(prepared));
      pair.client.receive(pair.server.output());
    }
    EXPECT_EQ(pair.client.texts(),
              (Texts{text + "own", text, text + "own", text, text + "own", text}));
  }
  Pair plain{Agreement()};
  ASSERT_TRUE(plain.server.connection.send_prepared(prepared));
  plain.client.receive(plain.server.output());
  EXPECT_EQ(plain.client.texts(), Texts{text});
  Pair noisy(deflating());
  ASSERT_TRUE(noisy.server.connection.send_prepared(PreparedMessage::binary(as_bytes(noise(99)))));
  EXPECT_EQ(noisy.server.output(), frame(0x82, noise(99), false)) << "it would not be shorter";
}

TEST(Context, ConnectionsShareItsMemoryWithoutSharingTheirData) {
  SeededRandom random(1);
  Context context(Options(), random);
  const TimePoint now{};
  std::vector<Connection> servers;
  std::vector<std::unique_ptr<Peer>> clients;
  for (int i = 0; i < 6; ++i) {
    servers.emplace_back(Role::server, context, deflating(15, 15, i % 2 == 0), now);
    clients.push_back(
        std::make_unique<Peer>(Role::client, Options(), deflating(15, 15, i % 2 == 0)));
  }
  std::vector<std::string> halves(servers.size());
  for (int round = 0; round < 5; ++round)
    for (const bool second : {false, true})
      for (std::size_t i = 0; i < servers.size(); ++i) {
        const std::string text = prose(4000, i * 10 + static_cast<std::uint64_t>(round));
        if (!second) {
          ASSERT_TRUE(clients[i]->connection.send_text(text));
          halves[i] = clients[i]->output();
        }
        std::string part = second ? halves[i].substr(500) : halves[i].substr(0, 500);
        servers[i].receive({reinterpret_cast<std::byte*>(part.data()), part.size()}, now);
        const auto event = servers[i].poll_event();
        ASSERT_EQ(event.has_value(), second);
        if (!event) continue;
        ASSERT_EQ(event->text(), text);
        ASSERT_TRUE(servers[i].send_valid_text(event->text()));
        ASSERT_FALSE(servers[i].poll_event());
        clients[i]->receive(std::string(as_text(servers[i].poll_output())));
        servers[i].consume_output(servers[i].poll_output().size());
        ASSERT_EQ(clients[i]->texts().back(), text);
      }
}

}  // namespace
}  // namespace parley::ws

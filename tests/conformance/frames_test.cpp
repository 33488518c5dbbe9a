// Groups 1 to 5 and 7 of the public suite: framing, pings, reserved bits, opcodes, fragments,
// closes.

#include "wire.hpp"

namespace parley::testing {
namespace {

class Conformance : public ::testing::TestWithParam<Side> {
 protected:
  Heard hear(std::vector<Frame> frames, std::size_t piece = 0) {
    Script script(std::move(frames));
    script.piece = piece;
    return run_script(GetParam(), script);
  }
  // The script's messages come back, then the close frame does, and the server ends TCP first.
  void expect_echo(const std::vector<Frame>& sent, const std::vector<Frame>& back,
                   std::size_t piece = 0) {
    const auto heard = hear(sent, piece);
    EXPECT_EQ(heard.messages(), back);
    EXPECT_EQ(heard.close_code(), 1000);
    EXPECT_EQ(heard.ended_first, GetParam() == Side::server);
  }
  void expect_failure(const std::vector<Frame>& sent, int code,
                      const std::vector<Frame>& before = {}) {
    const auto heard = hear(sent);
    EXPECT_EQ(heard.close_code(), code);
    EXPECT_EQ(heard.messages(), before);
  }
};

INSTANTIATE_TEST_SUITE_P(Both, Conformance, ::testing::Values(Side::server, Side::client),
                         [](const auto& which) {
                           return which.param == Side::server ? "server" : "client";
                         });

TEST_P(Conformance, Rfc6455_5_6_MessagesOfAllSizesInAllPieces) {
  for (const int opcode : {0x81, 0x82})
    for (const std::size_t size : {0, 1, 125, 126, 127, 128, 65535, 65536}) {
      const Frame message(opcode, std::string(size, '*'));
      expect_echo({message}, {message});
      if (size > 60'000) expect_echo({message}, {message}, 997);
    }
}

TEST_P(Conformance, Rfc6455_5_5_2_EachPingIsAnsweredWithItsPayload) {
  std::vector<Frame> pings, pongs;
  for (const std::string& payload :
       {std::string(), std::string("Hello"), std::string("\x00\xff\xfe\xfd\xfc\xfb\x00\xff", 8),
        std::string(125, '\xfe')}) {
    pings.emplace_back(0x89, payload);
    pongs.emplace_back(0x8a, payload);
  }
  for (int i = 0; i < 10; ++i) {
    pings.emplace_back(0x89, "payload-" + std::to_string(i));
    pongs.emplace_back(0x8a, "payload-" + std::to_string(i));
  }
  expect_echo(pings, pongs);
  expect_echo(pings, pongs, 1);
  expect_failure({Frame(0x89, std::string(126, 'x'))}, 1002);
}

TEST_P(Conformance, Rfc6455_5_5_3_UnaskedPongsAreIgnored) {
  const Frame ping(0x89, "asked"), pong(0x8a, "unasked");
  expect_echo({pong, Frame(0x8a, ""), ping}, {Frame(0x8a, "asked")});
}

TEST_P(Conformance, Rfc6455_5_2_ReservedBitsFailTheConnection) {
  const Frame good(0x81, "before");
  for (int bits = 1; bits < 8; ++bits)
    for (const int opcode : {0x81, 0x82, 0x88, 0x89, 0x8a})
      expect_failure({good, Frame(opcode | bits << 4, "x"), Frame(0x89, "late")}, 1002, {good});
}

TEST_P(Conformance, Rfc6455_5_2_ReservedOpcodesFailTheConnection) {
  const Frame good(0x81, "before");
  for (const int opcode : {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
    for (const std::string& payload : {std::string(), std::string("unknown")})
      expect_failure({good, Frame(0x80 | opcode, payload), Frame(0x89, "late")}, 1002, {good});
}

TEST_P(Conformance, Rfc6455_5_4_FragmentsWithPingsBetweenThem) {
  const Frame whole(0x81, "fragment1fragment2fragment3"), pong(0x8a, "ping");
  const std::vector<Frame> sent = {Frame(0x01, "fragment1"), Frame(0x89, "ping"),
                                   Frame(0x00, "fragment2"), Frame(0x00, ""),
                                   Frame(0x80, "fragment3")};
  expect_echo(sent, {pong, whole});
  expect_echo(sent, {pong, whole}, 1);
  const std::vector<Frame> empty = {Frame(0x02, ""), Frame(0x00, ""), Frame(0x80, "")};
  expect_echo(empty, {Frame(0x82, "")});
}

TEST_P(Conformance, Rfc6455_5_4_FragmentsOutOfOrderFailTheConnection) {
  const Frame first(0x01, "fragment1"), more(0x00, "fragment2"), last(0x80, "fragment3");
  const Frame text(0x81, "whole");
  expect_failure({Frame(0x09, "fragmented ping"), Frame(0x80, "rest")}, 1002);
  expect_failure({Frame(0x0a, "fragmented pong"), Frame(0x80, "rest")}, 1002);
  expect_failure({last, text}, 1002);
  expect_failure({more, text}, 1002);
  expect_failure({first, text}, 1002);
  expect_failure({first, more, first, last}, 1002);
  expect_failure({text, more}, 1002, {text});
}

TEST_P(Conformance, Rfc6455_7_4_CloseCodesAreEchoedOrRefused) {
  for (int code = 0; code <= 5001; code += code > 1100 && code < 2990 ? 97 : 1) {
    if (code > 30 && code < 990) continue;
    if (code > 3010 && code < 3995) continue;
    if (code > 4010 && code < 4990) continue;
    const bool good = (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
                      (code >= 3000 && code <= 4999);
    Script script({Frame(0x88, close_payload(code, "reason"))});
    script.end_with_close = false;
    ASSERT_EQ(run_script(GetParam(), script).close_code(), good ? code : 1002) << code;
  }
  Script empty({Frame(0x88, "")}), half({Frame(0x88, "\x03")}),
      bad({Frame(0x88, close_payload(1000, "\xce\xba\xff"))});
  Script longest({Frame(0x88, close_payload(1000, std::string(123, 'r')))});
  Script too_long({Frame(0x88, close_payload(1000, std::string(124, 'r')))});
  EXPECT_EQ(run_script(GetParam(), empty).close_code(), 1005);
  EXPECT_EQ(run_script(GetParam(), half).close_code(), 1002);
  EXPECT_EQ(run_script(GetParam(), bad).close_code(), 1007);
  EXPECT_EQ(run_script(GetParam(), longest).close_code(), 1000);
  EXPECT_EQ(run_script(GetParam(), too_long).close_code(), 1002);
}

TEST_P(Conformance, Rfc6455_5_5_1_NothingIsAnsweredBehindTheCloseFrame) {
  const Frame close(0x88, close_payload(1000)), text(0x81, "late"), ping(0x89, "late");
  const auto heard = hear({Frame(0x81, "early"), close, text, ping, close});
  EXPECT_EQ(heard.messages(), std::vector<Frame>{Frame(0x81, "early")});
  EXPECT_EQ(heard.close_code(), 1000);
  const auto inside = hear({Frame(0x01, "half"), close});
  EXPECT_TRUE(inside.messages().empty());
  EXPECT_EQ(inside.close_code(), 1000);
}

TEST_P(Conformance, Rfc6455_5_1_MaskingIsRequiredOfClientsOnly) {
  Script script;
  script.raw = encode(Frame(0x81, "x"), GetParam() == Side::client);
  EXPECT_EQ(run_script(GetParam(), script).close_code(), 1002);
}

TEST_P(Conformance, Rfc6455_10_4_SixteenMebibytesAndManyFragments) {
  const std::string text(16 * 1024 * 1024, '*');
  expect_echo({Frame(0x81, text)}, {Frame(0x81, text)});
  expect_echo({Frame(0x82, text)}, {Frame(0x82, text)}, 65'536);
  std::vector<Frame> fragments(65'536, Frame(0x00, std::string(64, 'f')));
  fragments.front().first = 0x01;
  fragments.back().first = 0x80;
  expect_echo(fragments, {Frame(0x81, std::string(4 * 1024 * 1024, 'f'))});
  const auto refused = hear({Frame(0x82, text + "x")});
  EXPECT_EQ(refused.close_code(), 1009);
}

}  // namespace
}  // namespace parley::testing

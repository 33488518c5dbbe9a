// Group 6 of the public suite: UTF-8, and how soon a mistake in it is noticed.

#include <array>

#include "parley/ws/connection.hpp"

#include "wire.hpp"

namespace parley::testing {
namespace {

const std::vector<std::string> kValid = {
    "",
    "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!",
    "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5",
    std::string(1, '\0'),
    "\xc2\x80",
    "\xe0\xa0\x80",
    "\xf0\x90\x80\x80",
    "\x7f",
    "\xdf\xbf",
    "\xef\xbf\xbf",
    "\xf4\x8f\xbf\xbf",
    "\xed\x9f\xbf",
    "\xee\x80\x80",
    "\xef\xbf\xbd",
    "\xef\xbf\xbe",
    "\xf0\x9f\xbf\xbf"};
// What is wrong becomes certain with the byte at `certain`.
struct Invalid {
  std::string text;
  std::size_t certain;
};
const std::vector<Invalid> kInvalid = {{"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80"
                                        "edited",
                                        12},
                                       {"\xce\xba\xe1\xbd\xb9\xf4\x90\x80\x80"
                                        "edited",
                                        6},
                                       {"\x80", 0},
                                       {"\xbf", 0},
                                       {"\xc0 ", 0},
                                       {"\xc1\xbf", 0},
                                       {"\xe0\x80\xaf", 1},
                                       {"\xe0\x9f\xbf", 1},
                                       {"\xf0\x80\x80\xaf", 1},
                                       {"\xf0\x8f\xbf\xbf", 1},
                                       {"\xf5\x80\x80\x80", 0},
                                       {"\xf8\x88\x80\x80\x80", 0},
                                       {"\xfe", 0},
                                       {"\xff", 0},
                                       {"\xed\xa0\x80", 1},
                                       {"\xed\xbf\xbf", 1},
                                       {"\xe2\x82x", 2},
                                       {"\xf0\x9d\x84x", 3}};
const std::vector<std::string> kUnfinished = {"\xc2", "\xe1\xbd", "\xf0\x9d\x84", "text\xe1"};

TEST(Rfc6455_8_1, ValidTextComesBackFromBothSides) {
  for (const Side side : {Side::server, Side::client}) {
    std::vector<Frame> sent, back;
    for (const auto& text : kValid) {
      sent.emplace_back(0x81, text);
      back.emplace_back(0x81, text);
      for (std::size_t i = 0; i < text.size(); ++i)  // one byte in each fragment
        sent.emplace_back(i == 0 ? 0x01 : 0x00, text.substr(i, 1));
      sent.emplace_back(text.empty() ? 0x81 : 0x80, "");
      back.emplace_back(0x81, text);
    }
    Script script(sent);
    EXPECT_EQ(run_script(side, script).messages(), back);
    script.piece = 1;
    EXPECT_EQ(run_script(side, script).messages(), back);
  }
}

TEST(Rfc6455_8_1, InvalidTextFailsTheConnectionOfBothSides) {
  for (const Side side : {Side::server, Side::client})
    for (const auto& bad : kInvalid) {
      const auto heard = run_script(side, Script({Frame(0x81, bad.text)}));
      EXPECT_EQ(heard.close_code(), 1007);
      EXPECT_TRUE(heard.messages().empty());
    }
  for (const auto& text : kUnfinished) {
    const auto heard = run_script(Side::server, Script({Frame(0x81, text)}));
    EXPECT_EQ(heard.close_code(), 1007) << "it ends inside a code point";
  }
}

// The rest of the frame, and of the message, is not waited for.
TEST(Rfc6455_8_1, AMistakeIsNoticedAtTheByteThatMakesItCertain) {
  SeededRandom random(1);
  for (const auto& bad : kInvalid)
    for (const bool fragments : {false, true}) {
      ws::Connection server(ws::Role::server, ws::Options(), random, TimePoint());
      std::string wire;
      if (fragments)
        for (std::size_t i = 0; i < bad.text.size(); ++i)
          wire += encode(Frame(i == 0 ? 0x01 : 0x00, bad.text.substr(i, 1)), true);
      else
        wire = encode(Frame(0x81, bad.text + std::string(50, 'x')), true);
      const std::size_t certain = fragments ? bad.certain * 7 + 6 : 6 + bad.certain;
      for (std::size_t i = 0; i <= certain; ++i) {
        ASSERT_FALSE(server.closed()) << i;
        server.receive({reinterpret_cast<std::byte*>(wire.data()) + i, 1}, TimePoint());
        while (server.poll_event()) continue;
      }
      EXPECT_TRUE(server.closed()) << bad.certain;
      EXPECT_EQ(server.close_code(), 1007);
    }
}

}  // namespace
}  // namespace parley::testing

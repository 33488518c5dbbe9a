// The opening handshake over raw bytes, which the public suite leaves out, and every split of the
// bytes.

#include <gtest/gtest.h>

#include "parley/http/parser.hpp"
#include "parley/ws/connection.hpp"

#include "wire.hpp"

namespace parley::testing {
namespace {

const std::string kFields =
    "Host: example.org\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";

struct Answer {
  Answer() = default;
  int status = 0;  // 0: more bytes are awaited
  http::Headers headers;
};

// What a server answers to these bytes, given in pieces.
Answer answer(const std::string& bytes, std::size_t piece = std::string::npos) {
  http::RequestParser parser;
  Answer answer;
  for (std::size_t at = 0; at < bytes.size() && !parser.done();) {
    const auto part = std::string_view(bytes).substr(at, piece);
    at += part.size();
    const auto used = parser.receive(as_bytes(part));
    if (!used) {
      answer.status = used.error().http_status();
      return answer;
    }
  }
  if (!parser.done()) return answer;
  const auto acceptance = ws::accept(parser.request());
  answer.status = acceptance.response.status;
  answer.headers = acceptance.response.headers;
  return answer;
}

std::string replaced(std::string text, std::string_view what, std::string_view by) {
  const auto at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), by);
}

std::string request(const std::string& fields) {
  return "GET /chat HTTP/1.1\r\n" + fields + "\r\n";
}

TEST(Rfc6455_4_2_1, ACorrectRequestIsAcceptedHoweverItIsWritten) {
  EXPECT_EQ(answer(request(kFields)).status, 101);
  for (const auto& [what, by] : std::vector<std::pair<std::string, std::string>>{
           {"Upgrade: websocket", "uPGRADE:\tWebSocket  "},
           {"Connection: Upgrade", "Connection: keep-alive , upgrade"},
           {"Connection: Upgrade", "Connection: keep-alive\r\nConnection: Upgrade"},
           {"Upgrade: websocket", "Upgrade: h2c, websocket"},
           {"Host: example.org", "Host: example.org\r\nContent-Length: 0"}})
    EXPECT_EQ(answer(request(replaced(kFields, what, by))).status, 101) << by;
}

TEST(Rfc6455_4_2_1, FieldsThatAreMissingDoubledOrMalformedAreRefused) {
  const std::vector<std::tuple<std::string, std::string, int>> cases = {
      {"Host: example.org\r\n", "", 400},
      {"Host: example.org", "Host: a\r\nHost: b", 400},
      {"Upgrade: websocket\r\n", "", 426},
      {"Upgrade: websocket", "Upgrade: websockets", 426},
      {"Connection: Upgrade\r\n", "", 426},
      {"Connection: Upgrade", "Connection: close", 426},
      {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400},
      {"dGhlIHNhbXBsZSBub25jZQ==", "", 400},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ", 400},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", 400},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZQ==AAAA", 400},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j!Q==", 400},
      {"Sec-WebSocket-Version: 13",
       "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", 400},
      {"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Version: 13", 400},
      {"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: a b",
       400},
      {"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Extensions: a;",
       400},
      {"Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13\r\nContent-Length: 5", 0},
      {"Upgrade: websocket", "Upgrade : websocket", 400},
      {"Upgrade: websocket", "Upgrade: web\r\n socket", 400},
      {"Upgrade: websocket", "Upgrade: websocket\x01", 400},
      {"Upgrade: websocket", "Upgrade websocket", 400}};
  for (const auto& [what, by, status] : cases)
    EXPECT_EQ(answer(request(replaced(kFields, what, by))).status, status) << by;
  EXPECT_EQ(answer(request(kFields + "Content-Length: 4\r\n") + "body").status, 400);
  EXPECT_EQ(
      answer(request(kFields + "Transfer-Encoding: chunked\r\n") + "4\r\nbody\r\n0\r\n\r\n").status,
      400);
}

TEST(Rfc6455_4_2_2, AnotherVersionIsToldWhichOneIsSpoken) {
  for (const std::string version : {"0", "7", "8", "12", "14", "013", "13, 8", "x", ""}) {
    const auto refused = answer(request(replaced(kFields, "Version: 13", "Version: " + version)));
    EXPECT_EQ(refused.status, 426) << version;
    EXPECT_EQ(refused.headers.find("Sec-WebSocket-Version").value_or(""), "13");
  }
}

TEST(Rfc6455_4_2_1, TheRequestLineIsGetInHttpOneOne) {
  EXPECT_EQ(answer("POST /chat HTTP/1.1\r\n" + kFields + "\r\n").status, 405);
  EXPECT_EQ(answer("HEAD /chat HTTP/1.1\r\n" + kFields + "\r\n").status, 405);
  EXPECT_EQ(answer("GET /chat HTTP/1.0\r\n" + kFields + "\r\n").status, 505);
  EXPECT_GE(answer("GET /chat HTTP/0.9\r\n" + kFields + "\r\n").status, 400);
  EXPECT_EQ(answer("GET /chat HTTP/2.0\r\n" + kFields + "\r\n").status, 505);
  EXPECT_EQ(answer("GET  HTTP/1.1\r\n" + kFields + "\r\n").status, 400);
}

TEST(Rfc9112_2_2, BareLineFeedsAreRefused) {
  std::string bytes = request(kFields);
  std::erase(bytes, '\r');
  EXPECT_EQ(answer(bytes).status, 400);
  EXPECT_EQ(
      answer(replaced(request(kFields), "Upgrade: websocket\r\n", "Upgrade: websocket\n")).status,
      400);
}

TEST(Rfc6455_4_2_1, EverySplitOfARequestMeansTheSame) {
  for (const auto& [bytes, status] : std::vector<std::pair<std::string, int>>{
           {request(kFields), 101},
           {request(replaced(kFields, "Version: 13", "Version: 8")), 426},
           {request(replaced(kFields, "Upgrade: websocket", "Upgrade: web\r\n socket")), 400}})
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece)
      ASSERT_EQ(answer(bytes, piece).status, status) << piece;
}

// Texts, fragments, control frames, compressed messages and a close, for each role.
std::string conversation(bool masked) {
  std::string bytes;
  const std::string hello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);
  for (const auto& frame :
       {Frame(0x81, "Gr\xc3\xbc\xc3\x9f"), Frame(0x82, std::string(126, 'b')), Frame(0x89, "ping"),
        Frame(0x01, "a\xe2"), Frame(0x8a, ""), Frame(0x00, "\x82\xac"), Frame(0x80, "z"),
        Frame(0xc1, hello), Frame(0x41, hello.substr(0, 2)), Frame(0x89, ""),
        Frame(0x80, hello.substr(2)), Frame(0x82, ""), Frame(0x88, close_payload(4000, "bye"))})
    bytes += encode(frame, masked);
  return bytes;
}

std::string events(ws::Connection& connection, const std::string& bytes, std::size_t first,
                   std::size_t piece) {
  std::string all;
  for (std::size_t at = 0; at < bytes.size();) {
    std::string part = bytes.substr(at, at == 0 ? first : piece);
    at += part.size();
    connection.receive({reinterpret_cast<std::byte*>(part.data()), part.size()}, TimePoint());
    while (const auto event = connection.poll_event())
      all += std::to_string(static_cast<int>(event->kind)) + std::string(event->text()) + "|" +
             std::to_string(event->code) + "\n";
  }
  return all + std::string(as_text(connection.poll_output()));
}

TEST(Rfc6455_5, EverySplitOfFramesGivesTheSameEventsAndAnswers) {
  for (const auto role : {ws::Role::server, ws::Role::client}) {
    const std::string bytes = conversation(role == ws::Role::server);
    const auto read = [&](std::size_t first, std::size_t piece) {
      SeededRandom random(3);
      ws::Agreement agreement;
      agreement.deflate = ws::DeflateAgreement();
      ws::Connection connection(role, ws::Options(), random, TimePoint(), agreement);
      return events(connection, bytes, first, piece);
    };
    const std::string whole = read(bytes.size(), 1);
    EXPECT_NE(whole.find("0Gr\xc3\xbc\xc3\x9f|"), std::string::npos);
    EXPECT_NE(whole.find("5bye|4000"), std::string::npos);
    for (std::size_t first = 1; first < bytes.size(); ++first) {
      ASSERT_EQ(read(first, bytes.size()), whole) << first;
      ASSERT_EQ(read(first, 1), whole) << first;
      ASSERT_EQ(read(first, 7), whole) << first;
    }
  }
}

}  // namespace
}  // namespace parley::testing

#include "parley/http/parser.hpp"

#include <gtest/gtest.h>

namespace parley::http {
namespace {

struct Parsed {
  int status = 0;  // of a refusal; 0: none
  bool done = false;
  std::size_t used = 0;
  Request request;
};

// Feeds the text in pieces of `piece` bytes, as a server would.
Parsed parse(std::string_view text, std::size_t piece = std::string_view::npos,
             const ParserLimits& limits = ParserLimits()) {
  RequestParser parser(limits);
  Parsed parsed;
  std::string waiting;
  while (!text.empty() && !parser.done()) {
    const auto next = text.substr(0, piece);
    waiting += next;
    text.remove_prefix(next.size());
    const auto used = parser.receive(as_bytes(waiting));
    if (!used) {
      parsed.status = used.error().http_status();
      return parsed;
    }
    waiting.erase(0, *used);
    parsed.used += *used;
  }
  parsed.done = parser.done();
  if (parsed.done) parsed.request = parser.take();
  return parsed;
}

constexpr std::string_view kPost =
    "POST /a?b=c HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
    "Content-Length: 4\r\n\r\n{\"\":";
constexpr std::string_view kChunked =
    "POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3;x=y\r\nabc\r\n0a\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n";

TEST(Rfc9112_3, ARequestIsTakenApart) {
  const auto parsed = parse(kPost);
  ASSERT_TRUE(parsed.done);
  EXPECT_EQ(parsed.request.method, "POST");
  EXPECT_EQ(parsed.request.target, "/a?b=c");
  EXPECT_EQ(parsed.request.headers.find("content-type").value_or(""), "application/json");
  EXPECT_EQ(parsed.request.body, "{\"\":");
}

TEST(Rfc9112_7_1, ChunksAreJoinedAndExtensionsDropped) {
  const auto parsed = parse(kChunked);
  ASSERT_TRUE(parsed.done);
  EXPECT_EQ(parsed.request.body, "abc0123456789");
}

TEST(Rfc9112_2, EverySplitGivesTheSameRequest) {
  for (const auto text : {kPost, kChunked})
    for (std::size_t piece = 1; piece <= text.size(); ++piece) {
      const auto parsed = parse(text, piece);
      ASSERT_TRUE(parsed.done) << piece;
      EXPECT_EQ(parsed.request.body, parse(text).request.body);
      EXPECT_EQ(parsed.used, text.size());
    }
}

TEST(Rfc9112_2_2, EmptyLinesBeforeARequestArePassedOver) {
  for (const std::size_t piece : {1, 2, 3, 100})
    EXPECT_TRUE(parse("\r\n\r\n" + std::string(kPost), piece).done) << piece;
}

TEST(Rfc9112_9_3, WhatFollowsBelongsToTheNextRequest) {
  const auto parsed = parse(std::string(kPost) + "GET / HTTP/1.1\r\n");
  ASSERT_TRUE(parsed.done);
  EXPECT_EQ(parsed.used, kPost.size());
}

TEST(Rfc9112_11_2, WhatTwoReadersCouldReadInTwoWaysIsRefused) {
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  const std::pair<std::string, int> cases[] = {
      {start + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {start + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400},
      {start + "Content-Length: +1\r\n\r\n", 400},
      {start + "Content-Length: 0x1\r\n\r\n", 400},
      {start + "Content-Length: 1, 2\r\n\r\n", 400},
      {start + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {start + "Content-Length : 1\r\n\r\n", 400},
      {start + "X: a\r\n folded\r\n\r\n", 400},
      {start + "X: a\nY: b\r\n\r\n", 400},
      {start + std::string("X: a\0b\r\n\r\n", 10), 400},
      {start + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {start + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {start + "Transfer-Encoding: chunked\r\n\r\n1\r\naXY\r\n", 400},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505},
      {"GET /a b HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400},
      {"\x16\x03\x01\x02\x00\x01", 400},
  };
  for (const auto& [text, status] : cases) {
    SCOPED_TRACE(text);
    EXPECT_EQ(parse(text).status, status);
    EXPECT_EQ(parse(text, 1).status, status) << "byte by byte";
  }
}

TEST(Rfc9110_15_5, EachLimitHasItsStatus) {
  ParserLimits limits;
  limits.max_header = 300;
  limits.max_header_fields = 3;
  limits.max_target = 20;
  limits.max_body = 5;
  const std::string start = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(parse("GET /" + std::string(30, 'a') + " HTTP/1.1\r\nHost: h\r\n\r\n",
                  std::string_view::npos, limits)
                .status,
            414);
  EXPECT_EQ(parse(start + "A: " + std::string(400, 'a') + "\r\n\r\n", 7, limits).status, 431);
  EXPECT_EQ(parse(start + "A: a\r\nB: b\r\nC: c\r\nD: d\r\n\r\n", 7, limits).status, 431);
  EXPECT_EQ(parse(start + "Content-Length: 6\r\n\r\n", 7, limits).status, 413);
  EXPECT_EQ(
      parse(start + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n3\r\nabc\r\n", 7, limits).status,
      413);
  EXPECT_TRUE(parse(start + "Content-Length: 5\r\n\r\n12345", 7, limits).done);
}

Result<Response> answer(std::string_view text, bool to_head = false, bool end = false) {
  ResponseParser parser(ParserLimits(), to_head);
  for (const char c : text) {
    if (parser.done()) break;
    auto used = parser.receive(as_bytes(std::string_view(&c, 1)));
    if (!used) return fail(used.error());
  }
  if (end)
    if (auto finished = parser.finish(); !finished) return fail(finished.error());
  if (!parser.done()) return fail(ErrorKind::internal, "not done");
  return parser.take();
}

TEST(Rfc9112_6_3, AnAnswersBodyEndsWhereItsHeadersSay) {
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab")->body, "ab");
  EXPECT_EQ(answer("HTTP/1.1 204 No Content\r\n\r\n")->body, "");
  EXPECT_EQ(answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n")->body, "");
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n", true)->body, "");
  EXPECT_EQ(answer("HTTP/1.1 200 OK\r\n\r\nto the end", false, true)->body, "to the end");
  EXPECT_EQ(answer("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: "
                   "0\r\n\r\n")
                ->status,
            200);
}

TEST(Rfc9112_8, AnAnswerThatEndsEarlyIsADisconnection) {
  const auto cut = answer("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", false, true);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind(), ErrorKind::disconnected);
  const auto chunks =
      answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", false, true);
  ASSERT_FALSE(chunks);
  EXPECT_EQ(chunks.error().kind(), ErrorKind::disconnected);
}

TEST(Rfc9112_4, AnAnswerThatIsNoneIsAProtocolViolation) {
  for (const char* text : {"SSH-2.0-OpenSSH_9\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n",
                           "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"}) {
    const auto read = answer(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().kind(), ErrorKind::protocol_violation);
  }
}

TEST(Rfc9110_5, HeadersKeepOrderAndIgnoreCase) {
  Headers headers;
  headers.add("Set-Cookie", "a");
  headers.add("set-cookie", "b");
  headers.add("Connection", "keep-alive, Upgrade");
  EXPECT_EQ(headers.count("SET-COOKIE"), 2u);
  EXPECT_EQ(headers.find("Set-cookie").value_or(""), "a");
  EXPECT_TRUE(headers.has_token("connection", "upgrade"));
  EXPECT_FALSE(headers.has_token("connection", "up"));
  headers.set("Set-Cookie", "c");
  EXPECT_EQ(headers.count("set-cookie"), 1u);
  headers.remove("SET-COOKIE");
  EXPECT_FALSE(headers.find("Set-Cookie"));
}

TEST(Rfc9110_5_5, AFieldCannotSmuggleALineEnd) {
  Request request("GET", "/");
  request.headers.add("X", "a\r\nEvil: 1");
  const auto head = serialize_head(request);
  EXPECT_EQ(head.find("\r\nEvil"), std::string::npos);
  EXPECT_TRUE(head.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace parley::http

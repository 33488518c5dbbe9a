#include "parley/ws/handshake.hpp"

#include <gtest/gtest.h>

namespace parley::ws {
namespace {

constexpr std::string_view kKey = "dGhlIHNhbXBsZSBub25jZQ==";

http::Request upgrade() {
  http::Request request("GET", "/ws");
  request.headers.set("Host", "h");
  request.headers.set("Upgrade", "websocket");
  request.headers.set("Connection", "keep-alive, Upgrade");
  request.headers.set("Sec-WebSocket-Key", kKey);
  request.headers.set("Sec-WebSocket-Version", "13");
  return request;
}

TEST(Rfc6455_1_3, TheExampleOfTheDocument) {
  const auto answer = accept(upgrade());
  ASSERT_TRUE(answer.accepted());
  EXPECT_EQ(answer.response.headers.find("Sec-WebSocket-Accept").value_or(""),
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_TRUE(answer.response.headers.has_token("Connection", "upgrade"));
  EXPECT_TRUE(check_response(answer.response, ClientOffer(), kKey));
}

TEST(Rfc6455_4_2_1, RequestsThatDoNotFitGetTheirStatus) {
  const auto status = [](auto change) {
    auto request = upgrade();
    change(request);
    const auto answer = accept(request);
    EXPECT_FALSE(answer.accepted());
    EXPECT_FALSE(answer.response.body.empty()) << "the refusal says why";
    return answer.response.status;
  };
  using Request = http::Request;
  EXPECT_EQ(status([](Request& r) { r.method = "POST"; }), 405);
  EXPECT_EQ(status([](Request& r) { r.version = 10; }), 505);
  EXPECT_EQ(status([](Request& r) { r.headers.remove("Upgrade"); }), 426);
  EXPECT_EQ(status([](Request& r) { r.headers.set("Connection", "keep-alive"); }), 426);
  EXPECT_EQ(status([](Request& r) { r.headers.remove("Sec-WebSocket-Key"); }), 400);
  EXPECT_EQ(status([](Request& r) { r.headers.set("Sec-WebSocket-Key", "short"); }), 400);
  EXPECT_EQ(status([](Request& r) { r.headers.add("Sec-WebSocket-Key", kKey); }), 400);
  EXPECT_EQ(status([](Request& r) { r.headers.set("Sec-WebSocket-Version", "8"); }), 426);
  EXPECT_EQ(status([](Request& r) { r.headers.remove("Sec-WebSocket-Version"); }), 426);
  auto old = upgrade();
  old.headers.set("Sec-WebSocket-Version", "8");
  EXPECT_EQ(accept(old).response.headers.find("Sec-WebSocket-Version").value_or(""), "13");
}

TEST(Rfc6455_4_2_2_A17, TheServersFirstChoiceOfTheOfferIsTaken) {
  ServerPolicy policy;
  policy.subprotocols = {"parley.v2", "parley.v1"};
  auto request = upgrade();
  request.headers.add("Sec-WebSocket-Protocol", "other, parley.v1");
  request.headers.add("Sec-WebSocket-Protocol", "parley.v2");
  EXPECT_EQ(accept(request, policy).agreement.subprotocol, "parley.v2");
  EXPECT_EQ(accept(upgrade(), policy).agreement.subprotocol, "");
  request.headers.set("Sec-WebSocket-Protocol", "other");
  const auto none = accept(request, policy);
  EXPECT_TRUE(none.accepted());
  EXPECT_FALSE(none.response.headers.find("Sec-WebSocket-Protocol"));
}

TEST(Rfc6455_4_1, TheClientsRequestIsComplete) {
  const auto url = http::parse_url("ws://example.org:81/chat?x=1");
  ClientOffer offer;
  offer.subprotocols = {"a", "b"};
  offer.headers.set("Origin", "https://example.org");
  const auto request = make_request(*url, offer, kKey);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target, "/chat?x=1");
  EXPECT_EQ(request->headers.find("Host").value_or(""), "example.org:81");
  EXPECT_EQ(request->headers.find("Sec-WebSocket-Protocol").value_or(""), "a, b");
  EXPECT_EQ(request->headers.find("Origin").value_or(""), "https://example.org");
  EXPECT_TRUE(is_upgrade(*request));
  EXPECT_TRUE(accept(*request).accepted());
  SeededRandom random(1);
  const auto one = make_key(random), two = make_key(random);
  EXPECT_EQ(one.size(), 24u);
  EXPECT_NE(one, two);
}

TEST(Rfc6455_4_1, OffersThatCannotBeMadeAreErrors) {
  const auto url = http::parse_url("ws://h/");
  for (const std::vector<std::string>& bad :
       {std::vector<std::string>{"a b"}, {""}, {"a", "a"}, {"a,b"}}) {
    ClientOffer offer;
    offer.subprotocols = bad;
    EXPECT_FALSE(make_request(*url, offer, kKey));
  }
  ClientOffer own;
  own.headers.set("sec-websocket-key", "x");
  EXPECT_FALSE(make_request(*url, own, kKey));
}

TEST(Rfc6455_4_1, AnswersThatDoNotFitAreTold) {
  ClientOffer offer;
  offer.subprotocols = {"a"};
  const auto kind = [&](auto change) {
    auto response = accept(upgrade()).response;
    change(response);
    const auto read = check_response(response, offer, kKey);
    return read ? ErrorKind::internal : read.error().kind();
  };
  using Response = http::Response;
  const auto broken = ErrorKind::protocol_violation;
  EXPECT_EQ(kind([](Response& r) { r.headers.remove("Upgrade"); }), broken);
  EXPECT_EQ(kind([](Response& r) { r.headers.remove("Connection"); }), broken);
  EXPECT_EQ(kind([](Response& r) { r.headers.set("Sec-WebSocket-Accept", "x"); }), broken);
  EXPECT_EQ(kind([](Response& r) { r.headers.remove("Sec-WebSocket-Accept"); }), broken);
  EXPECT_EQ(kind([](Response& r) { r.headers.set("Sec-WebSocket-Protocol", "b"); }), broken);
  EXPECT_EQ(kind([](Response& r) { r.headers.set("Sec-WebSocket-Extensions", "x"); }), broken);
  const auto refused = ErrorKind::upgrade_refused;
  EXPECT_EQ(kind([](Response& r) { r.status = 403; }), refused);
  EXPECT_EQ(kind([](Response& r) { r.status = 302; }), refused);
  Response forbidden(403);
  forbidden.body = std::string(10'000, 'x');
  forbidden.headers.set("Retry-After", "7");
  const auto read = check_response(forbidden, offer, kKey);
  EXPECT_EQ(read.error().http_status(), 403);
  EXPECT_EQ(read.error().retry_after(), std::chrono::seconds(7));
  EXPECT_EQ(read.error().detail("body").value_or("").size(), 4096u);
}

}  // namespace
}  // namespace parley::ws

#include <gtest/gtest.h>

#include "parley/http/coding.hpp"
#include "parley/net/detail/test_world.hpp"

namespace parley::net {
namespace {

using testing::drive;
using testing::TestServer;

// Answers in the coding that its path names: "/gzip/TEXT"; "/bomb" is 20 MiB in some KiB.
Task<void> packed(Exchange& exchange) {
  const auto coding = *http::coding_of(exchange.parameter("coding"));
  http::Response response(200);
  response.headers.set("Content-Encoding", http::to_string(coding));
  response.headers.set("X-Asked", exchange.request().headers.find("Accept-Encoding").value_or(""));
  response.body = http::encode_content(coding, exchange.parameter("text"));
  co_await exchange.respond(std::move(response));
}
Task<void> bomb(Exchange& exchange) {
  http::Response response(200);
  response.headers.set("Content-Encoding", "gzip");
  response.body = http::encode_content(http::Coding::gzip, std::string(20 << 20, '0'), 9);
  co_await exchange.respond(std::move(response));
}
Task<void> pieces(Exchange& exchange) {
  http::Response head(200);
  head.headers.set("Content-Encoding", "gzip");
  co_await exchange.begin(std::move(head));
  const auto whole = http::encode_content(http::Coding::gzip, std::string(100'000, 'x') + "end");
  for (std::size_t at = 0; at < whole.size(); at += 10) {
    auto piece = whole.substr(at, 10);
    co_await exchange.write(std::move(piece));
  }
  co_await exchange.finish();
}
Task<void> broken(Exchange& exchange) {
  http::Response response(200);
  response.headers.set("Content-Encoding", "gzip");
  response.body = "this is plain";
  co_await exchange.respond(std::move(response));
}

Router make_router() {
  Router router;
  router.add("GET", "/packed/{coding}/{text}", packed);
  router.add("GET", "/bomb", bomb);
  router.add("GET", "/pieces", pieces);
  router.add("GET", "/broken", broken);
  return router;
}

HttpClientOptions unpacking() {
  HttpClientOptions options;
  options.accept_packed = true;
  options.max_body = 1 << 20;
  return options;
}

Task<Result<http::Response>> get(HttpClient& client, const TestServer& server, std::string path) {
  http::Request request("GET", path);
  co_return co_await client.send(server.url(), std::move(request));
}

Task<void> unpacks() {
  Router router = make_router();
  TestServer server(co_await boost::asio::this_coro::executor, router);
  HttpClient client(unpacking()), plain;
  for (const auto coding : {http::Coding::gzip, http::Coding::deflate, http::Coding::br}) {
    const std::string path = "/packed/" + std::string(http::to_string(coding)) + "/hello";
    const auto answer = co_await get(client, server, path);
    EXPECT_EQ(answer->body, "hello");
    EXPECT_EQ(answer->headers.find("X-Asked"), "gzip, deflate, br");
    const auto raw = co_await get(plain, server, path);
    EXPECT_EQ(raw->body, http::encode_content(coding, "hello")) << "not asked for: as it comes";
    EXPECT_EQ(raw->headers.find("X-Asked"), "");
  }
  const auto whole = co_await get(client, server, "/pieces");
  EXPECT_EQ(whole->body, std::string(100'000, 'x') + "end");
  EXPECT_EQ(client.idle_connections(), 1u) << "the connection is used again";
}
TEST(HttpClient_A36, PackedAnswersAreUnpackedWhereAskedFor) {
  drive(unpacks());
}

Task<void> stops() {
  Router router = make_router();
  TestServer server(co_await boost::asio::this_coro::executor, router);
  HttpClient client(unpacking());
  const auto large = co_await get(client, server, "/bomb");
  EXPECT_EQ(large.error().kind(), ErrorKind::too_large);
  const auto wrong = co_await get(client, server, "/broken");
  EXPECT_EQ(wrong.error().kind(), ErrorKind::protocol_violation);
  http::Request request("GET", "/bomb");
  auto stream = co_await client.open(server.url(), std::move(request));
  std::size_t total = 0;
  while (auto piece = co_await stream->next()) {
    EXPECT_LE(piece->size(), 64u * 1024) << "never more than that is held";
    total += piece->size();
  }
  EXPECT_EQ(total, 20u << 20);
  EXPECT_TRUE(stream->outcome());
}
TEST(HttpClient_A36, ABombIsStoppedAndABrokenBodyNamed) {
  drive(stops());
}

}  // namespace
}  // namespace parley::net

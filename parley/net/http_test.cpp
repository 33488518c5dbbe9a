#include <gtest/gtest.h>

#include "parley/net/detail/test_world.hpp"

namespace parley::net {
namespace {

using testing::drive;
using testing::RawClient;
using testing::TestServer;

http::Response text_response(int status, std::string body) {
  http::Response response(status);
  response.headers.set("Content-Type", "text/plain");
  response.body = std::move(body);
  return response;
}

Task<void> hello(Exchange& exchange) {
  co_await exchange.respond(text_response(200, "hello " + std::string(exchange.parameter("name"))));
}
Task<void> echo(Exchange& exchange) {
  co_await exchange.respond(text_response(200, exchange.request().body));
}
Task<void> pieces(Exchange& exchange) {
  co_await exchange.begin(http::Response(200));
  for (const char* piece : {"one ", "two ", "three"}) co_await exchange.write(piece);
  co_await exchange.finish();
}
Task<void> half(Exchange& exchange) {
  co_await exchange.begin(http::Response(200));
  co_await exchange.write("half");
}
Task<void> cut(Exchange& exchange) {
  exchange.cut_after(std::stoul(std::string(exchange.target().parameter("at").value_or("0"))));
  co_await exchange.respond(text_response(200, "a body that is cut somewhere"));
}
Task<void> forget(Exchange&) {
  co_return;
}
Task<void> throws(Exchange&) {
  throw std::runtime_error("a bug");
  co_return;
}

Router make_router() {
  Router router;
  router.add("GET", "/hello/{name}", hello);
  router.add("GET", "/models/{name}:generate", hello);
  router.add("GET", "/rest/{name...}", hello);
  router.add("POST", "/echo", echo);
  router.add("GET", "/pieces", pieces);
  router.add("GET", "/half", half);
  router.add("GET", "/cut", cut);
  router.add("GET", "/forget", forget);
  router.add("GET", "/throws", throws);
  return router;
}

Task<std::string> ask(HttpClient& client, const TestServer& server, std::string method,
                      std::string target, std::string body = "") {
  http::Request request(method, target);
  request.body = std::move(body);
  auto response = co_await client.send(server.url(), std::move(request));
  if (!response) co_return response.error().describe();
  co_return std::to_string(response->status) + " " + response->body;
}

Task<std::string> ask_raw(Executor executor, const TestServer& server, std::string bytes) {
  RawClient client(executor);
  co_await client.connect(server.port);
  co_await client.write(std::move(bytes));
  co_return co_await client.read_to_end();
}

Task<void> routes() {
  auto router = make_router();
  TestServer server(co_await boost::asio::this_coro::executor, router);
  HttpClient client;
  EXPECT_EQ(co_await ask(client, server, "GET", "/hello/you"), "200 hello you");
  EXPECT_EQ(co_await ask(client, server, "GET", "/hello/a%2Fb%20c"), "200 hello a/b c");
  EXPECT_EQ(co_await ask(client, server, "GET", "/models/m-1:generate"), "200 hello m-1");
  EXPECT_EQ(co_await ask(client, server, "GET", "/rest/a/b/c"), "200 hello a/b/c");
  EXPECT_EQ(co_await ask(client, server, "GET", "/nothing"), "404 {\"detail\":\"Not Found\"}");
  EXPECT_EQ(co_await ask(client, server, "GET", "/echo"),
            "405 {\"detail\":\"Method Not Allowed\"}");
  EXPECT_EQ(co_await ask(client, server, "HEAD", "/hello/you"), "200 ");
  EXPECT_EQ(co_await ask(client, server, "OPTIONS", "/echo"), "204 ");
  EXPECT_EQ(co_await ask(client, server, "POST", "/echo", std::string(300'000, 'x')),
            "200 " + std::string(300'000, 'x'));
  EXPECT_EQ(co_await ask(client, server, "GET", "/pieces"), "200 one two three");
  EXPECT_EQ(client.idle_connections(), 1u) << "all went over one kept connection";
  EXPECT_EQ(server.server.connections(), 1u);
}
TEST(Rfc9110_7, RequestsReachTheirHandlersOverOneKeptConnection) {
  drive(routes());
}

Task<void> bad_handlers() {
  auto router = make_router();
  std::vector<std::string> bugs;
  HttpServerOptions options;
  options.events = [&bugs](const Event& event) { bugs.emplace_back(event.field("what")); };
  TestServer server(co_await boost::asio::this_coro::executor, router, options);
  HttpClient client;
  EXPECT_EQ(co_await ask(client, server, "GET", "/forget"),
            "500 {\"detail\":\"Internal Server Error\"}");
  EXPECT_EQ(co_await ask(client, server, "GET", "/throws"),
            "500 {\"detail\":\"Internal Server Error\"}");
  EXPECT_EQ(bugs, std::vector<std::string>{"a bug"});
  const auto unfinished = co_await ask(client, server, "GET", "/half");
  EXPECT_TRUE(unfinished.starts_with("disconnected")) << unfinished;
  EXPECT_EQ(co_await ask(client, server, "GET", "/hello/you"), "200 hello you");
}
TEST(HttpServer, AHandlerThatFailsHarmsOnlyItsExchange) {
  drive(bad_handlers());
}

Task<void> cuts() {
  auto router = make_router();
  TestServer server(co_await boost::asio::this_coro::executor, router);
  HttpClient client;
  const auto whole = co_await ask_raw(co_await boost::asio::this_coro::executor, server,
                                      "GET /cut?at=100000 HTTP/1.1\r\nHost: x\r\nConnection: "
                                      "close\r\n\r\n");
  for (std::size_t at = 0; at < whole.size() - 1; ++at) {
    const auto answer = co_await ask(client, server, "GET", "/cut?at=" + std::to_string(at));
    EXPECT_TRUE(answer.starts_with("disconnected")) << at << ": " << answer;
  }
}
TEST(HttpClient, AnAnswerCutAtAnyByteIsADisconnection) {
  drive(cuts());
}

Task<void> raw_requests() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  TestServer server(executor, router);
  const auto pipelined = co_await ask_raw(
      executor, server,
      "GET /hello/a HTTP/1.1\r\nHost: x\r\n\r\nPOST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: "
      "3\r\n\r\nabcGET /hello/b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const auto first = pipelined.find("hello a");
  const auto second = pipelined.find("abc");
  const auto third = pipelined.find("hello b");
  EXPECT_TRUE(first < second && second < third && third != std::string::npos) << pipelined;

  const auto old = co_await ask_raw(executor, server, "GET /pieces HTTP/1.0\r\n\r\n");
  EXPECT_TRUE(old.ends_with("\r\n\r\none two three")) << old;
  EXPECT_EQ(old.find("Transfer-Encoding"), std::string::npos);

  for (const std::string bad :
       {"GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", "nonsense\r\n\r\n"})
    EXPECT_TRUE((co_await ask_raw(executor, server, bad + "GET /hello/smuggled HTTP/1.1\r\n"))
                    .starts_with("HTTP/1.1 400"))
        << bad;
  const auto huge = co_await ask_raw(
      executor, server, "GET / HTTP/1.1\r\nHost: x\r\nX: " + std::string(40'000, 'a') + "\r\n\r\n");
  EXPECT_TRUE(huge.starts_with("HTTP/1.1 431")) << huge.substr(0, 80);
}
TEST(Rfc9112, PipelinedOldAndBrokenRequestsGetTheirAnswers) {
  drive(raw_requests());
}

Task<void> continued() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  TestServer server(executor, router);
  RawClient client(executor);
  co_await client.connect(server.port);
  co_await client.write(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nExpect: 100-continue\r\n"
      "Connection: close\r\n\r\n");
  EXPECT_EQ(co_await client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  co_await client.write("body");
  EXPECT_TRUE((co_await client.read_to_end()).ends_with("body"));
}
TEST(Rfc9110_10_1_1, AClientThatExpectsContinueGetsIt) {
  drive(continued());
}

Task<void> limits() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  HttpServerOptions options;
  options.header_timeout = std::chrono::milliseconds(30);
  options.body_timeout = std::chrono::milliseconds(30);
  options.idle_timeout = std::chrono::milliseconds(30);
  options.limits.max_body = 100;
  TestServer server(executor, router, options);
  for (const std::string partial :
       {"", "GET /hello", "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nab"})
    EXPECT_EQ(co_await ask_raw(executor, server, partial), "") << partial;
  const auto big = co_await ask_raw(
      executor, server, "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n");
  EXPECT_TRUE(big.starts_with("HTTP/1.1 413")) << big;
  while (server.server.connections() != 0) co_await sleep_for(std::chrono::milliseconds(1));
}
TEST(HttpServer, HalfRequestsAreDroppedAndLargeBodiesRefused) {
  drive(limits());
}

Task<void> client_errors() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto router = make_router();
  HttpClientOptions options;
  options.response_timeout = std::chrono::milliseconds(30);
  options.max_body = 5;
  HttpClient client(options);
  std::uint16_t free_port = 0;
  {
    TestServer server(executor, router);
    free_port = server.port;
    const auto big = co_await ask(client, server, "GET", "/pieces");
    EXPECT_TRUE(big.starts_with("too_large")) << big;
    co_await server.server.stop(std::chrono::milliseconds(100));
  }
  auto refused = co_await client.send(testing::url_of(free_port), http::Request());
  EXPECT_EQ(refused.error().kind(), ErrorKind::connect_failed);
  EXPECT_EQ(refused.error().stage(), Stage::connect);
  auto unknown_url = testing::url_of(80);
  unknown_url.host = "no-such-host.invalid";
  auto unknown = co_await client.send(unknown_url, http::Request());
  EXPECT_EQ(unknown.error().kind(), ErrorKind::resolve_failed);

  boost::asio::ip::tcp::acceptor silent(executor, {boost::asio::ip::address_v4::loopback(), 0});
  auto waited =
      co_await client.send(testing::url_of(silent.local_endpoint().port()), http::Request());
  EXPECT_EQ(waited.error().kind(), ErrorKind::timeout);
  EXPECT_TRUE(waited.error().retryable());
}
TEST(HttpClient, EachFailureNamesItsStage) {
  drive(client_errors());
}

Task<void> first_piece(std::shared_ptr<bool> gate, Exchange& exchange) {
  co_await exchange.begin(http::Response(200));
  co_await exchange.write("first");
  while (!*gate) co_await sleep_for(std::chrono::milliseconds(1));
  co_await exchange.write("second");
  co_await exchange.finish();
}

Task<void> streams_early() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto gate = std::make_shared<bool>(false);
  Router router;
  router.add("GET", "/", std::bind_front(first_piece, gate));
  TestServer server(executor, router);
  HttpClient client;
  auto stream = co_await client.open(server.url(), http::Request());
  EXPECT_TRUE(stream.has_value());
  EXPECT_EQ(co_await stream->next(), "first") << "arrives while the server holds the rest";
  *gate = true;
  EXPECT_EQ(co_await stream->next(), "second");
  EXPECT_EQ(co_await stream->next(), std::nullopt);
  EXPECT_TRUE(stream->outcome());
  EXPECT_EQ(client.idle_connections(), 1u);
}
TEST(HttpClient, APieceArrivesBeforeTheBodyEnds) {
  drive(streams_early());
}

Task<void> endless(Exchange& exchange) {
  co_await exchange.begin(http::Response(200));
  for (;;) {
    auto written = co_await exchange.write("more ");
    if (!written) co_return;
    co_await sleep_for(std::chrono::milliseconds(1));
  }
}

Task<void> dropped() {
  const auto executor = co_await boost::asio::this_coro::executor;
  Router router;
  router.add("GET", "/", endless);
  TestServer server(executor, router);
  HttpClient client;
  {
    auto stream = co_await client.open(server.url(), http::Request());
    EXPECT_TRUE(co_await stream->next());
  }
  while (server.server.connections() != 0) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(client.idle_connections(), 0u);
}
TEST(HttpClient, DroppingAStreamClosesItsSocket) {
  drive(dropped());
}

Task<void> stopping() {
  const auto executor = co_await boost::asio::this_coro::executor;
  auto gate = std::make_shared<bool>(false);
  Router router;
  router.add("GET", "/", std::bind_front(first_piece, gate));
  router.add("GET", "/hello/{name}", hello);
  TestServer server(executor, router);
  HttpClient client;
  (void)co_await ask(client, server, "GET", "/hello/idle");  // leaves an idle connection
  auto stream = co_await client.open(server.url(), http::Request());
  (void)co_await stream->next();
  boost::asio::co_spawn(executor, server.server.stop(std::chrono::seconds(30)),
                        boost::asio::detached);
  *gate = true;
  EXPECT_EQ(co_await stream->next(), "second") << "a running exchange may end";
  EXPECT_EQ(co_await stream->next(), std::nullopt);
  EXPECT_TRUE(stream->outcome());
  while (server.server.connections() != 0) co_await sleep_for(std::chrono::milliseconds(1));
  auto refused = co_await client.send(server.url(), http::Request());
  EXPECT_FALSE(refused);
}
TEST(HttpServer, StopLetsRunningExchangesEnd) {
  drive(stopping());
}

}  // namespace
}  // namespace parley::net

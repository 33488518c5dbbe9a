// What a session does when its peer is too fast, goes away, or answers late.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "parley/json/value.hpp"

#include "scripts.hpp"

namespace parley {
namespace {

using testing::greet;
using testing::options_for;
using testing::ScriptedServer;
using testing::take;
using testing::tell;
namespace rpc = demo::rpc;

Task<void> flood(net::WebSocket& socket, int, const http::Request&) {
  co_await tell(socket, R"({"type":"hello"})");
  for (int i = 0; i < 500; ++i)
    co_await tell(socket, R"({"type":"reply","result":)" + std::to_string(i) + "}");
  socket.close();
}

Task<void> overflow() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, flood);
  for (const auto policy :
       {api::Overflow::block, api::Overflow::drop_oldest, api::Overflow::fail}) {
    auto options = options_for(server);
    options.overflow = policy;
    options.inbox_messages = 10;
    auto connection = co_await rpc::Connection::open(rpc::Params("r"), options);
    EXPECT_TRUE(connection) << connection.error().describe();
    if (!connection) continue;
    if (policy != api::Overflow::block)
      while (connection->counters().messages_in < 501 && connection->outcome())
        co_await sleep_for(std::chrono::milliseconds(1));
    int replies = 0;
    while (auto message = co_await connection->next())
      replies += std::holds_alternative<demo::Reply>(*message);
    const auto& counters = connection->counters();
    if (policy == api::Overflow::block) {
      EXPECT_EQ(replies, 500);
    }
    if (policy == api::Overflow::drop_oldest) {
      EXPECT_EQ(replies, 10);
      EXPECT_EQ(counters.dropped, 491u);
    }
    if (policy == api::Overflow::fail) {
      EXPECT_EQ(connection->outcome().error().kind(), ErrorKind::too_large);
    }
  }
  co_await server.stop();
}
TEST(Session_E24, AFullInboxFollowsItsPolicy) {
  run(overflow());
}

Task<void> drop_first(net::WebSocket& socket, int number, const http::Request& request) {
  co_await greet(socket, number, request);
  if (number == 1) {
    co_await tell(socket, R"({"type":"reply","result":"one"})");
    (void)co_await take(socket);
    socket.abort();
    co_return;
  }
  EXPECT_EQ(co_await take(socket), R"({"type":"call","method":"subscribe"})");
  co_await tell(socket, R"({"type":"reply","result":"two"})");
  socket.close();
}

Task<void> reconnects() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, drop_first);
  auto options = options_for(server);
  options.reconnect.max_attempts = 3;
  options.reconnect.first_delay = std::chrono::milliseconds(1);
  int seen = 0;
  const auto executor = co_await boost::asio::this_coro::executor;
  std::optional<rpc::Connection> sender;
  // Resubscribing is the caller's: through a second handle.
  options.on_reconnect = [&](const api::Reconnected& what) {
    seen = static_cast<int>(what.times);
    boost::asio::co_spawn(executor, sender->send_call(demo::Call("subscribe")),
                          boost::asio::detached);
  };
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options);
  sender = connection->share();
  EXPECT_TRUE(co_await connection->initialize());
  EXPECT_TRUE(co_await connection->send_call(demo::Call("go")));
  std::vector<std::string> results;
  while (auto message = co_await connection->next())
    if (const auto* reply = std::get_if<demo::Reply>(&*message))
      results.push_back(json::to_string(reply->result));
  EXPECT_EQ(results, (std::vector<std::string>{"\"one\"", "\"two\""}));
  EXPECT_EQ(seen, 1);
  EXPECT_EQ(server.connections(), 2);
  EXPECT_EQ(connection->counters().reconnects, 1u);
  sender.reset();
  co_await server.stop();
}
TEST(Session_E22, APolicyReconnectsAndTellsIt) {
  run(reconnects());
}

Task<void> no_policy() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, drop_first);
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(server));
  EXPECT_TRUE(co_await connection->initialize());
  EXPECT_TRUE(co_await connection->send_call(demo::Call("go")));
  while (co_await connection->next()) continue;
  EXPECT_EQ(connection->outcome().error().kind(), ErrorKind::disconnected);
  EXPECT_EQ(server.connections(), 1);
  co_await server.stop();
}
TEST(Session_E24, WithoutAPolicyNothingReconnects) {
  run(no_policy());
}

Task<void> answer_calls(net::WebSocket& socket, int number, const http::Request& request) {
  co_await greet(socket, number, request);
  // The second is answered first, the third not at all.
  EXPECT_EQ(co_await take(socket), R"({"type":"call","method":"a","req_id":1})");
  EXPECT_EQ(co_await take(socket), R"({"type":"call","method":"b","req_id":2})");
  co_await tell(socket, R"({"type":"reply","in_reply_to":2,"result":"B"})");
  co_await tell(socket, R"({"type":"reply","in_reply_to":1,"result":"A"})");
}

Task<void> call(rpc::Connection& connection, std::string method, std::string& result, int& done) {
  auto answer = co_await connection.request(rpc::ClientMessage(demo::Call(std::move(method))));
  EXPECT_TRUE(answer);
  if (answer) result = json::to_string(std::get<demo::Reply>(*answer).result);
  ++done;
}

Task<void> correlates() {
  const auto executor = co_await boost::asio::this_coro::executor;
  ScriptedServer server(executor, answer_calls);
  auto connection = co_await rpc::Connection::open(rpc::Params("r"), options_for(server));
  EXPECT_TRUE(co_await connection->initialize());
  std::string a, b;
  int done = 0;
  boost::asio::co_spawn(executor, call(*connection, "a", a, done), boost::asio::detached);
  co_await call(*connection, "b", b, done);
  while (done < 2) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(a, "\"A\"");
  EXPECT_EQ(b, "\"B\"");
  auto none = co_await connection->request(rpc::ClientMessage(demo::Call("c")));
  EXPECT_EQ(none.error().kind(), ErrorKind::timeout);
  co_await server.stop();
}
TEST(Session_E21, RequestsFindTheirAnswers) {
  run(correlates());
}

}  // namespace
}  // namespace parley

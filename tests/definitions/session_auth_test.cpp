// The ways a key is told, and sessions that end by themselves.
#include <stdexcept>

#include "auth_basic/talk.hpp"
#include "auth_bearer/talk.hpp"
#include "auth_query/talk.hpp"
#include "auth_subprotocol/talk.hpp"
#include "scripts.hpp"

namespace parley {
namespace {

using testing::options_for;
using testing::ScriptedServer;
using testing::tell;
namespace bearer = auth_bearer::talk;
namespace basic = auth_basic::talk;
namespace query = auth_query::talk;
namespace subprotocol = auth_subprotocol::talk;

struct Seen {
  http::Request request;
  ScriptedServer::Script script() {
    return [this](net::WebSocket& socket, int, const http::Request& asked) {
      return keep(socket, asked);
    };
  }
  Task<void> keep(net::WebSocket& socket, const http::Request& asked) {
    request = asked;
    socket.close();
    co_return;
  }
  std::string header(std::string_view name) const {
    return std::string(request.headers.find(name).value_or("(none)"));
  }
};

Task<void> keys() {
  Seen seen;
  ws::ServerPolicy policy;
  policy.subprotocols = {"token"};
  ScriptedServer server(co_await boost::asio::this_coro::executor, seen.script(), policy);
  auto options = options_for(server);
  EXPECT_TRUE(co_await bearer::Connection::open(bearer::Params(), options));
  EXPECT_EQ(seen.header("Authorization"), "Bearer secret-key-1");
  EXPECT_EQ(seen.request.target, "/talk");

  auto nameless = co_await basic::Connection::open(basic::Params(), options);
  EXPECT_EQ(nameless.error().message(),
            "no user name for Auth basic: set the option `user` or PARLEY_TEST_USER");
  options.user = "ann";
  EXPECT_TRUE(co_await basic::Connection::open(basic::Params(), options));
  EXPECT_EQ(seen.header("Authorization"), "Basic YW5uOnNlY3JldC1rZXktMQ==");

  options.key = Secret("a&b c");
  EXPECT_TRUE(co_await query::Connection::open(query::Params(), options));
  EXPECT_EQ(seen.request.target, "/talk?api%20key=a%26b%20c");
  EXPECT_EQ(seen.header("Authorization"), "(none)");

  options.key = Secret("k1");
  auto offered = co_await subprotocol::Connection::open(subprotocol::Params(), options);
  EXPECT_TRUE(offered) << offered.error().describe();
  EXPECT_EQ(seen.header("Sec-WebSocket-Protocol"), "token, key.k1");
  // What is no token of HTTP cannot be a subprotocol; the key is not in the error's text.
  options.key = Secret("se cret");
  auto refused = co_await subprotocol::Connection::open(subprotocol::Params(), options);
  EXPECT_EQ(refused.error().kind(), ErrorKind::invalid_argument);
  EXPECT_EQ(refused.error().describe().find("se cret"), std::string::npos);
  co_await server.stop();
}
TEST(Session_E9, EveryWayToTellAKey) {
  run(keys());
}

Task<void> stay_open(net::WebSocket& socket, int, const http::Request&) {
  co_await tell(socket, R"({"type":"other"})");
  co_await tell(socket, R"({"type":"said","text":"one"})");
}

Task<void> idles() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, stay_open);
  auto options = options_for(server);
  options.skip_unknown = true;
  options.idle_timeout = std::chrono::milliseconds(0);
  auto connection = co_await bearer::Connection::open(bearer::Params(), options);
  EXPECT_TRUE(connection);
  auto message = co_await connection->next();
  EXPECT_EQ(std::get<auth_bearer::Said>(*message).text, "one");
  EXPECT_EQ(connection->counters().unknown, 1u);
  co_await server.stop();
}
TEST(Session_E19, UnknownMessagesAreOnlyCountedWhereThatIsWanted) {
  run(idles());
}

Task<void> throws() {
  ScriptedServer server(co_await boost::asio::this_coro::executor, stay_open);
  std::optional<Result<void>> closed;
  bearer::Handlers handlers;
  handlers.on_said([](const auth_bearer::Said&) { throw std::runtime_error("out of paper"); })
      .on_closed([&closed](const Result<void>& result) { closed = result; });
  auto connection = co_await bearer::connect(bearer::Params(), handlers, options_for(server));
  EXPECT_TRUE(connection);
  while (!closed) co_await sleep_for(std::chrono::milliseconds(1));
  EXPECT_EQ(closed->error().kind(), ErrorKind::internal);
  EXPECT_EQ(closed->error().message(), "a handler threw: out of paper");
  co_await server.stop();
}
TEST(Session_E17, AHandlerThatThrowsEndsTheSession) {
  run(throws());
}

}  // namespace
}  // namespace parley

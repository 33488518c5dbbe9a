#include "parley/net/reconnect.hpp"

#include <gtest/gtest.h>

#include "parley/net/detail/test_sockets.hpp"

namespace parley::net {
namespace {

using namespace testing;
using std::chrono::seconds;

Error closed(std::uint16_t code) {
  return Error(ErrorKind::disconnected, "closed").with_close(code, "");
}

TEST(Reconnect, TheTableTellsWhatMayBeTriedAgain) {
  for (const int code : {1001, 1005, 1006, 1011, 1012, 1013, 1014})
    EXPECT_TRUE(may_reconnect(closed(static_cast<std::uint16_t>(code)))) << code;
  for (const int code : {1000, 1002, 1003, 1007, 1008, 1009, 1010, 1015, 3000, 4001})
    EXPECT_FALSE(may_reconnect(closed(static_cast<std::uint16_t>(code)))) << code;
  const auto refused = [](int status) {
    return may_reconnect(Error(ErrorKind::upgrade_refused, "").with_http_status(status));
  };
  for (const int status : {408, 425, 429, 500, 502, 503, 504}) EXPECT_TRUE(refused(status));
  for (const int status : {301, 400, 401, 403, 404, 426, 501}) EXPECT_FALSE(refused(status));
  EXPECT_TRUE(may_reconnect(Error(ErrorKind::connect_failed, "")));
  EXPECT_FALSE(may_reconnect(Error(ErrorKind::tls_failed, "")));
  EXPECT_FALSE(may_reconnect(Error(ErrorKind::protocol_violation, "")));
}

TEST(Reconnect_A5, WithoutAPolicyNothingIsTriedAgain) {
  SeededRandom random(1);
  Reconnector off(ReconnectPolicy(), random);
  EXPECT_FALSE(off.next_delay(closed(1006), TimePoint()));
}

TEST(Reconnect_A33, DelaysGrowToTheirLimitWithinTheTotal) {
  SeededRandom random(1);
  ReconnectPolicy policy;
  policy.max_attempts = 100;
  Reconnector reconnector(policy, random);
  TimePoint now{};
  double plain = 100;
  int attempts = 0;
  while (const auto delay = reconnector.next_delay(closed(1006), now)) {
    EXPECT_GE(static_cast<double>(delay->count()), plain);
    EXPECT_LE(static_cast<double>(delay->count()), plain * 1.5);
    plain = std::min(plain * 2, 10'000.0);
    now += *delay;
    ++attempts;
  }
  EXPECT_LE(now - TimePoint(), seconds(60));
  EXPECT_GT(attempts, 8);
}

TEST(Reconnect_A33, AttemptsAreCountedUntilAConnectionHolds) {
  SeededRandom random(1);
  ReconnectPolicy policy;
  policy.max_attempts = 2;
  Reconnector reconnector(policy, random);
  TimePoint now{};
  EXPECT_TRUE(reconnector.next_delay(closed(1006), now));
  reconnector.connected(now += seconds(1));
  EXPECT_TRUE(reconnector.next_delay(closed(1006), now += seconds(9)));
  EXPECT_FALSE(reconnector.next_delay(closed(1006), now += seconds(1))) << "it never held";
  reconnector.connected(now += seconds(1));
  EXPECT_TRUE(reconnector.next_delay(closed(1006), now += seconds(10))) << "this one did";
}

TEST(Reconnect, TheServersOwnDelayIsWaitedFor) {
  SeededRandom random(1);
  ReconnectPolicy policy;
  policy.max_attempts = 5;
  Reconnector reconnector(policy, random);
  const auto asked = Error(ErrorKind::rate_limited, "").with_retry_after(milliseconds(7000));
  EXPECT_EQ(reconnector.next_delay(asked, TimePoint()), milliseconds(7000));
}

Task<void> reconnects() {
  const auto executor = co_await boost::asio::this_coro::executor;
  World world(executor);
  ReconnectPolicy policy;
  policy.max_attempts = 3;
  policy.first_delay = milliseconds(5);
  std::vector<std::string> events;
  const EventSink sink = [&events](const Event& event) {
    events.push_back(event.name + " " + std::string(event.field("attempt")));
  };
  const ReconnectingWebSocket::OnReconnect again = [](WebSocket& socket) {
    (void)socket.post_text("again");
  };
  auto socket =
      co_await ReconnectingWebSocket::connect(world.url(), ConnectOptions(), policy, sink, again);
  EXPECT_TRUE(socket.has_value());
  EXPECT_TRUE(co_await socket->send_text("drop me"));
  EXPECT_EQ((co_await socket->next())->data, "again");
  EXPECT_EQ(events, (std::vector<std::string>{"net.reconnect_start 1", "net.reconnect_stop 1"}));
  EXPECT_TRUE(co_await socket->send_text("close me"));
  EXPECT_EQ(co_await socket->next(), std::nullopt) << "4001 is the application's";
  EXPECT_EQ(socket->outcome().error().close_code(), 4001);
  EXPECT_EQ(events.size(), 2u);

  auto other =
      co_await ReconnectingWebSocket::connect(world.url(), ConnectOptions(), policy, sink, again);
  events.clear();
  co_await world.server.stop(milliseconds(0));
  EXPECT_EQ(co_await other->next(), std::nullopt) << "nobody listens any more";
  EXPECT_EQ(events.size(), 6u) << "three attempts, each told";
  EXPECT_EQ(other->outcome().error().kind(), ErrorKind::connect_failed);
  const auto never = co_await ReconnectingWebSocket::connect(world.url(), ConnectOptions(),
                                                             ReconnectPolicy(), sink, nullptr);
  EXPECT_FALSE(never.has_value());
  EXPECT_EQ(events.size(), 6u) << "no policy, no attempt";
}
Task<void> states() {
  const auto executor = co_await boost::asio::this_coro::executor;
  World world(executor);
  ReconnectPolicy policy;
  policy.max_attempts = 3;
  policy.first_delay = milliseconds(1);
  std::vector<std::string_view> seen;
  std::optional<ReconnectingWebSocket> session;
  const EventSink sink = [&](const Event&) {
    if (session) seen.push_back(to_string(session->state()));
  };
  session = std::move(
      *co_await ReconnectingWebSocket::connect(world.url(), ConnectOptions(), policy, sink));
  EXPECT_EQ(session->state(), SessionState::active);
  session->pause();
  session->pause();
  EXPECT_EQ(session->state(), SessionState::paused);
  EXPECT_TRUE(co_await session->send_text("while paused"));
  std::optional<Message> got;
  boost::asio::co_spawn(
      executor,
      [](ReconnectingWebSocket& from, std::optional<Message>& to) -> Task<void> {
        to = co_await from.next();
      }(*session, got),
      boost::asio::detached);
  co_await until([&] { return world.handler.messages == 1; });
  co_await sleep_for(milliseconds(5));
  EXPECT_FALSE(got.has_value());
  session->resume();
  co_await until([&] { return got.has_value(); });
  EXPECT_EQ(got->data, "while paused");
  EXPECT_TRUE(co_await session->send_text("drop me"));
  EXPECT_TRUE(co_await session->send_text("lost"));
  got = std::nullopt;
  boost::asio::co_spawn(
      executor,
      [](ReconnectingWebSocket& from, std::optional<Message>& to) -> Task<void> {
        to = co_await from.next();
      }(*session, got),
      boost::asio::detached);
  co_await until([&] { return session->counters().reconnects == 1; });
  EXPECT_EQ(seen.front(), "reconnecting");
  session->close();
  co_await until([&] { return session->state() == SessionState::terminated; });
  const auto counters = session->counters();
  EXPECT_EQ(counters.connects, 2u);
  EXPECT_EQ(counters.errors, 1u);
  EXPECT_EQ(counters.traffic.messages_in, 1u);
  EXPECT_EQ(counters.traffic.messages_out, 3u);
}
TEST(SessionState_A11, ItFollowsPausesReconnectsAndTheEnd) {
  drive(states());
}

TEST(Reconnect_A5, EachAttemptIsVisible) {
  drive(reconnects());
}

}  // namespace
}  // namespace parley::net

#include "parley/net/websocket_pool.hpp"

#include <gtest/gtest.h>

#include "parley/net/detail/pool_book.hpp"
#include "parley/net/detail/test_sockets.hpp"

namespace parley::net {
namespace {

using namespace testing;
using detail::PoolBook;
using std::chrono::seconds;

TEST(PoolBook_A6, TheDefaultsAreTheDocuments) {
  const PoolOptions options;
  EXPECT_EQ(options.max_per_endpoint, 10u);
  EXPECT_EQ(options.max_total, 100u);
  EXPECT_EQ(options.wait_timeout, seconds(30));
  EXPECT_EQ(options.idle_timeout, seconds(300));
  EXPECT_EQ(options.cleanup_interval, seconds(60));
  EXPECT_EQ(options.health_interval, seconds(30));
  EXPECT_EQ(options.max_health_failures, 3);
}

TEST(PoolBook_A7, AFullPoolMakesWaitAndTheOldestIsServedFirst) {
  PoolOptions options;
  options.max_per_endpoint = 2;
  PoolBook book(options);
  const TimePoint t{};
  const auto one = book.acquire(1, "a", t), two = book.acquire(2, "a", t);
  ASSERT_TRUE(one && two);
  EXPECT_TRUE(one->open_new);
  EXPECT_FALSE(book.acquire(3, "a", t));
  EXPECT_FALSE(book.acquire(4, "a", t));
  EXPECT_EQ(book.size(), 2u) << "never one more";
  book.release(one->connection, true, t);
  auto grants = book.take_grants();
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].waiter, 3u);
  EXPECT_EQ(grants[0].connection, one->connection);
  EXPECT_FALSE(grants[0].open_new);
  book.release(two->connection, false, t);
  grants = book.take_grants();
  ASSERT_EQ(grants.size(), 1u);
  EXPECT_EQ(grants[0].waiter, 4u);
  EXPECT_TRUE(grants[0].open_new) << "a broken one makes place for a new one";
  EXPECT_EQ(book.waiting(), 0u);
}

TEST(PoolBook_A7, WhoGivesUpTakesNothingWithHim) {
  PoolOptions options;
  options.max_per_endpoint = 1;
  PoolBook book(options);
  const TimePoint t{};
  const auto one = book.acquire(1, "a", t);
  EXPECT_FALSE(book.acquire(2, "a", t));
  book.release(one->connection, true, t);
  book.give_up(2);  // just when it was granted
  EXPECT_TRUE(book.take_grants().empty());
  EXPECT_EQ(book.idle("a"), 1u);
  EXPECT_TRUE(book.acquire(3, "a", t));
}

TEST(PoolBook_A8, AnIdleConnectionIsClosedInTimeAndNotHandedOut) {
  PoolOptions options;
  PoolBook book(options);
  TimePoint t{};
  const auto one = book.acquire(1, "a", t);
  book.release(one->connection, true, t);
  book.sweep(t + seconds(299));
  EXPECT_TRUE(book.take_closings().empty());
  const auto late = book.acquire(2, "a", t + seconds(300));
  EXPECT_NE(late->connection, one->connection);
  book.sweep(t + seconds(300));
  EXPECT_EQ(book.take_closings(), std::vector<PoolBook::Id>{one->connection});
}

TEST(PoolBook_A6, SomeAreKeptWarmAndOthersMakePlace) {
  PoolOptions options;
  options.keep_warm = 2;
  options.max_total = 4;
  PoolBook book(options);
  TimePoint t{};
  std::vector<PoolBook::Grant> held;
  for (PoolBook::Id waiter = 1; waiter <= 4; ++waiter)
    held.push_back(*book.acquire(waiter, "a", t));
  for (const auto& grant : held) book.release(grant.connection, true, t += seconds(1));
  book.sweep(t + seconds(1000));
  EXPECT_EQ(book.take_closings().size(), 2u);
  EXPECT_EQ(book.idle("a"), 2u);
  for (PoolBook::Id waiter = 5; waiter <= 7; ++waiter) EXPECT_TRUE(book.acquire(waiter, "b", t));
  EXPECT_EQ(book.take_closings().size(), 1u) << "an idle one is put out for another endpoint";
  EXPECT_EQ(book.size(), 4u);
}

TEST(PoolBook_A9, ChecksAreDueAndLeaveTheIdleTimeAsItIs) {
  PoolBook book{PoolOptions()};
  TimePoint t{};
  const auto one = book.acquire(1, "a", t);
  EXPECT_TRUE(book.take_due_checks(t + seconds(100)).empty()) << "it is lent";
  book.release(one->connection, true, t);
  EXPECT_TRUE(book.take_due_checks(t + seconds(29)).empty());
  EXPECT_EQ(book.take_due_checks(t + seconds(30)).size(), 1u);
  EXPECT_EQ(book.idle("a"), 0u) << "nobody gets it meanwhile";
  book.release(one->connection, true, t + seconds(31), true);
  book.sweep(t + seconds(300));
  EXPECT_EQ(book.take_closings().size(), 1u);
}

TEST(ResourceGuard_A13, MarksAreToldOnceAndLimitsHold) {
  ResourceGuard guard{ResourceLimits()};
  ResourceUse use;
  use.connections = 799;
  EXPECT_TRUE(guard.look(use).empty());
  use.connections = 800;
  use.cpu = 0.9;
  EXPECT_EQ(guard.look(use), (std::vector<std::string>{"connections", "cpu"}));
  EXPECT_TRUE(guard.look(use).empty());
  use.cpu = 0.1;
  EXPECT_TRUE(guard.look(use).empty());
  use.cpu = 0.8;
  use.memory = 512 * 1024 * 1024;
  EXPECT_EQ(guard.look(use), (std::vector<std::string>{"memory", "cpu"}));
  EXPECT_EQ(guard.admit(use).error().kind(), ErrorKind::too_large);
  use.memory = 0;
  EXPECT_TRUE(guard.admit(use));
  use.connections = 1000;
  EXPECT_NE(guard.admit(use).error().message().find("the limit is 1000"), std::string::npos);
}

TEST(SampleHistory_A13, TheOldestSamplesGo) {
  const PoolOptions options;
  EXPECT_EQ(options.max_samples, 1000u);
  EXPECT_EQ(options.sample_interval, seconds(60));
  SampleHistory history(options.max_samples);
  for (std::uint64_t i = 0; i < 2500; ++i) {
    PoolSample sample;
    sample.messages = i;
    history.add(sample);
  }
  EXPECT_EQ(history.samples().size(), 1000u);
  EXPECT_EQ(history.samples().front().messages, 1500u);
}

TEST(ProcessMeter, ItSeesThisProcess) {
  ProcessMeter meter;
  const auto first = meter.read(7);
  EXPECT_EQ(first.connections, 7u);
  EXPECT_GT(first.memory, 1'000'000u);
  EXPECT_GE(meter.read(7).cpu, 0.0);
}

TEST(ConnectionState_A10, OnlyLegalTransitionsArePossible) {
  using enum ConnectionState;
  int legal = 0;
  for (const auto from : {connecting, connected, disconnected, closing, closed, error})
    for (const auto to : {connecting, connected, disconnected, closing, closed, error})
      legal += is_legal(from, to) ? 1 : 0;
  EXPECT_EQ(legal, 11);
  EXPECT_TRUE(is_legal(connecting, connected));
  EXPECT_FALSE(is_legal(closed, connected));
  EXPECT_FALSE(is_legal(connected, connecting));
  EXPECT_EQ(to_string(disconnected), "disconnected");
}

Task<void> pooled() {
  const auto executor = co_await boost::asio::this_coro::executor;
  World world(executor);
  PoolOptions options;
  options.max_per_endpoint = 2;
  options.wait_timeout = milliseconds(50);
  options.sample_interval = milliseconds(1);
  options.max_samples = 3;
  options.limits.max_memory = std::size_t{1} << 40;
  WebSocketPool pool(executor, options);
  std::uint64_t first = 0;
  {
    auto one = co_await pool.acquire(world.url(), ConnectOptions());
    EXPECT_TRUE(one.has_value());
    first = one->id();
    EXPECT_TRUE(co_await (*one)->send_text("hello"));
    EXPECT_EQ((co_await (*one)->next())->data, "hello");
    auto two = co_await pool.acquire(world.url(), ConnectOptions());
    const auto late = co_await pool.acquire(world.url(), ConnectOptions());
    EXPECT_EQ(late.error().kind(), ErrorKind::timeout);
    EXPECT_EQ(pool.size(), 2u);
  }
  EXPECT_EQ(pool.idle(world.url()), 2u);
  const auto infos = pool.connections();
  EXPECT_EQ(infos[0].id, first);
  EXPECT_EQ(infos[0].state, ConnectionState::connected);
  EXPECT_EQ(infos[0].traffic.messages_in, 1u);
  EXPECT_EQ(infos[0].traffic.messages_out, 1u);
  EXPECT_EQ(infos[0].traffic.bytes_out, 5u);
  EXPECT_FALSE(infos[0].lent);
  // The server ends one of them while nobody looks.
  world.handler.last->abort();
  co_await sleep_for(milliseconds(5));
  auto again = co_await pool.acquire(world.url(), ConnectOptions());
  auto other = co_await pool.acquire(world.url(), ConnectOptions());
  EXPECT_TRUE(co_await (*again)->send_text("again"));
  EXPECT_EQ((co_await (*again)->next())->data, "again");
  EXPECT_TRUE(co_await (*other)->send_text("other"));
  EXPECT_EQ((co_await (*other)->next())->data, "other");
  EXPECT_EQ(world.handler.opened, 3) << "the broken one was replaced";
  again->discard();
  { const auto dropped = std::move(*again); }
  EXPECT_EQ(pool.size(), 1u);
  const auto nowhere = co_await pool.acquire(url_of(1, "/", "ws"), ConnectOptions());
  EXPECT_EQ(nowhere.error().kind(), ErrorKind::connect_failed);
  EXPECT_EQ(pool.size(), 1u) << "a failed connection holds no place";
  const auto& counters = pool.counters();
  EXPECT_EQ(counters.connects, 3u);
  EXPECT_EQ(counters.reconnects, 2u);
  EXPECT_EQ(counters.reused, 1u);
  EXPECT_EQ(counters.timeouts, 1u);
  EXPECT_EQ(counters.errors, 2u) << "one ended while it was idle, one could not be opened";
  co_await until([&] { return pool.history().samples().size() == 3; });
  co_await until([&] { return pool.history().samples().back().messages == 6; });
  co_await until([&] { return pool.history().samples().back().use.connections == 1; });
}
TEST(WebSocketPool_A8, ConnectionsAreUsedAgainAndBrokenOnesDropped) {
  drive(pooled());
}

// close() while a check and a connect are under way: they end by themselves.
Task<void> closes() {
  const auto executor = co_await boost::asio::this_coro::executor;
  World world(executor);
  PoolOptions options;
  options.health_interval = milliseconds(1);
  options.health_timeout = milliseconds(20);
  WebSocketPool pool(executor, options);
  { const auto lease = co_await pool.acquire(world.url(), ConnectOptions()); }
  for (int i = 0; i < 3; ++i) co_await sleep_for(milliseconds(1));
  bool ended = false;
  boost::asio::co_spawn(
      executor,
      [](WebSocketPool& from, http::Url url, bool& done) -> Task<void> {
        const auto one = co_await from.acquire(url, ConnectOptions());
        const auto two = co_await from.acquire(url, ConnectOptions());
        const auto three = co_await from.acquire(url, ConnectOptions());
        EXPECT_FALSE(three.has_value());
        done = true;
      }(pool, world.url(), ended),
      boost::asio::detached);
  pool.close();
  co_await until([&] { return ended && pool.size() == 0; });
  EXPECT_TRUE(pool.connections().empty());
}
TEST(WebSocketPool_A8, ClosingLetsWhatIsUnderWayEnd) {
  drive(closes());
}

Task<void> wakes() {
  const auto executor = co_await boost::asio::this_coro::executor;
  World world(executor);
  PoolOptions options;
  options.max_per_endpoint = 1;
  WebSocketPool pool(executor, options);
  std::optional<WebSocketPool::Lease> lease =
      std::move(*(co_await pool.acquire(world.url(), ConnectOptions())));
  std::string order;
  const auto waiter = [](WebSocketPool& from, http::Url url, std::string name,
                         std::string& done) -> Task<void> {
    auto got = co_await from.acquire(std::move(url), ConnectOptions());
    EXPECT_TRUE(got.has_value());
    done += name;
  };
  boost::asio::co_spawn(executor, waiter(pool, world.url(), "a", order), boost::asio::detached);
  boost::asio::co_spawn(executor, waiter(pool, world.url(), "b", order), boost::asio::detached);
  co_await until([&] { return pool.waiting() == 2; });
  lease.reset();
  co_await until([&] { return order == "ab"; });
  EXPECT_EQ(world.handler.opened, 1);
}
TEST(WebSocketPool_A7, AReleasedConnectionWakesTheOldestWaiter) {
  drive(wakes());
}

Task<void> health() {
  const auto executor = co_await boost::asio::this_coro::executor;
  World world(executor);
  boost::asio::ip::tcp::acceptor deaf(executor, {boost::asio::ip::address_v4::loopback(), 0});
  PoolOptions options;
  options.health_interval = milliseconds(10);
  options.health_timeout = milliseconds(10);
  std::vector<std::string> events;
  WebSocketPool pool(executor, options, [&events](const Event& event) {
    events.push_back(event.name + " " + std::string(event.field("why")));
  });
  { const auto lease = co_await pool.acquire(world.url(), ConnectOptions()); }
  // A server that answers the upgrade and never a ping.
  boost::asio::co_spawn(
      executor,
      [](boost::asio::ip::tcp::acceptor& acceptor) -> Task<void> {
        auto socket = co_await acceptor.async_accept(boost::asio::use_awaitable);
        std::string bytes(4096, '\0');
        const auto got =
            co_await socket.async_read_some(boost::asio::buffer(bytes), boost::asio::use_awaitable);
        http::RequestParser request;
        (void)request.receive(as_bytes(std::string_view(bytes).substr(0, got)));
        const auto answer = http::serialize_head(ws::accept(request.request()).response);
        co_await boost::asio::async_write(socket, boost::asio::buffer(answer),
                                          boost::asio::use_awaitable);
        co_await sleep_for(seconds(60));
      }(deaf),
      boost::asio::detached);
  const auto deaf_url = url_of(deaf.local_endpoint().port(), "/", "ws");
  { const auto lease = co_await pool.acquire(deaf_url, ConnectOptions()); }
  EXPECT_EQ(pool.size(), 2u);
  co_await until([&] { return pool.size() == 1; });
  EXPECT_EQ(events.back(), "net.pool_unhealthy 3 pings without a pong");
  EXPECT_EQ(pool.connections()[0].endpoint, world.url().text());
  EXPECT_TRUE(pool.connections()[0].healthy);
}
Task<void> guarded() {
  const auto executor = co_await boost::asio::this_coro::executor;
  World world(executor);
  PoolOptions options;
  options.limits.max_connections = 1;
  options.limits.max_memory = std::size_t{1} << 40;
  std::vector<std::string> events;
  WebSocketPool pool(executor, options,
                     [&events](const Event& event) { events.push_back(event.name); });
  const auto one = co_await pool.acquire(world.url(), ConnectOptions());
  const auto two = co_await pool.acquire(world.url(), ConnectOptions());
  EXPECT_TRUE(one.has_value());
  EXPECT_EQ(two.error().kind(), ErrorKind::too_large);
  EXPECT_EQ(pool.size(), 1u);
  EXPECT_EQ(events, (std::vector<std::string>{"net.pool_opened", "net.pool_refused"}));
}
TEST(WebSocketPool_A13, TheGuardRefusesConnectionsBeyondItsLimits) {
  drive(guarded());
}

TEST(WebSocketPool_A9, AnIdleConnectionThatDoesNotAnswerIsDropped) {
  drive(health());
}

}  // namespace
}  // namespace parley::net

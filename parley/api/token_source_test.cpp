#include "parley/api/token_source.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace parley::api {
namespace {

using std::chrono::seconds;

class HandClock final : public Clock {
 public:
  TimePoint now() const override { return steady; }
  WallTime wall_now() const override { return wall; }
  void pass(seconds time) {
    steady += time;
    wall += time;
  }
  TimePoint steady{seconds(1000)};
  WallTime wall = from_unix_ms(1'700'000'000'000);
};

// A token server in memory: each fetch takes some turns of the loop.
struct World {
  World() {
    TokenPolicy policy;
    policy.clock = clock;
    policy.events = [this](const Event& event) { events.push_back(event); };
    source = TokenSource::make(
        "test", [this] { return fetch(*this); }, policy);
  }
  static Task<Result<AccessToken>> fetch(World& world) {
    for (int turn = 0; turn < 8; ++turn) co_await boost::asio::post(boost::asio::use_awaitable);
    if (world.throws) throw std::runtime_error("canary");
    if (world.fails) {
      Error error(ErrorKind::unavailable, "the token server answered 503");
      if (world.wait > seconds(0)) error = std::move(error).with_retry_after(world.wait);
      co_return fail(std::move(error));
    }
    AccessToken token;
    token.value = Secret("token-" + std::to_string(++world.fetched));
    token.life = world.life;
    co_return token;
  }
  Result<Secret> ask() { return run(source->token()); }
  std::string text() { return ask().value().reveal(); }

  std::shared_ptr<HandClock> clock = std::make_shared<HandClock>();
  std::shared_ptr<TokenSource> source;
  std::vector<Event> events;
  seconds life{3600}, wait{0};
  int fetched = 0;
  bool fails = false, throws = false;
};

TEST(TokenSource_B13, ATokenIsHeldAndRenewedBeforeItEnds) {
  World world;
  EXPECT_EQ(world.text(), "token-1");
  world.clock->pass(seconds(3374));
  EXPECT_EQ(world.text(), "token-1");
  world.clock->pass(seconds(1));
  EXPECT_EQ(world.text(), "token-2");
  EXPECT_EQ(world.fetched, 2);
}

TEST(TokenSource_B13, ATokenThatEndedWhileNobodyAskedIsNotGivenOut) {
  World world;
  EXPECT_EQ(world.text(), "token-1");
  world.clock->wall += seconds(7200);  // the machine slept: only the wall clock went on
  EXPECT_EQ(world.text(), "token-2");
  world.clock->wall -= seconds(86'400);  // set back: the token is not older
  EXPECT_EQ(world.text(), "token-2");
  world.clock->steady += seconds(3600);
  EXPECT_EQ(world.text(), "token-3");
}

TEST(TokenSource_B13, ManyWhoWaitCauseOneFetch) {
  World world;
  boost::asio::io_context loop(1);
  std::vector<std::string> got;
  for (int i = 0; i < 20; ++i)
    boost::asio::co_spawn(
        loop, world.source->token(),
        [&](std::exception_ptr, Result<Secret> token) { got.push_back(token.value().reveal()); });
  loop.run();
  EXPECT_EQ(got, std::vector<std::string>(20, "token-1"));
  EXPECT_EQ(world.fetched, 1);
}

TEST(TokenSource_B13, TheOneWhoAskedFirstMayLeaveWhileOthersWait) {
  World world;
  boost::asio::io_context loop(1);
  boost::asio::cancellation_signal leave;
  bool left = false;
  std::string got;
  boost::asio::co_spawn(loop, world.source->token(),
                        boost::asio::bind_cancellation_slot(
                            leave.slot(), [&](std::exception_ptr error, Result<Secret>) {
                              left = error != nullptr;
                            }));
  boost::asio::co_spawn(loop, world.source->token(), [&](std::exception_ptr, Result<Secret> token) {
    got = token.value().reveal();
  });
  boost::asio::post(loop, [&] { leave.emit(boost::asio::cancellation_type::terminal); });
  loop.run();
  EXPECT_TRUE(left);
  EXPECT_EQ(got, "token-1");
}

TEST(TokenSource_B13, ARefusedTokenIsDroppedAndANewerOneStays) {
  World world;
  const Secret first(world.text());
  world.source->drop(first);
  const Secret second(world.text());
  EXPECT_EQ(second.reveal(), "token-2");
  world.source->drop(first);  // said late by a call that was still under way
  EXPECT_EQ(world.text(), "token-2");
  EXPECT_EQ(world.fetched, 2);
}

TEST(TokenSource_B13, AFailedRenewalLeavesATokenThatIsStillGood) {
  World world;
  EXPECT_EQ(world.text(), "token-1");
  world.clock->pass(seconds(3400));
  world.fails = true;
  EXPECT_EQ(world.text(), "token-1");
  EXPECT_EQ(world.events.back().field("outcome"), "unavailable: the token server answered 503");
  const auto told = world.events.size();
  EXPECT_EQ(world.text(), "token-1");  // not asked again at once
  EXPECT_EQ(world.events.size(), told);
  world.clock->pass(seconds(10));
  EXPECT_EQ(world.text(), "token-1");
  EXPECT_EQ(world.events.size(), told + 2);
  world.clock->pass(seconds(190));
  EXPECT_EQ(world.ask().error().kind(), ErrorKind::unavailable);
  world.fails = false;
  EXPECT_EQ(world.text(), "token-2");
}

TEST(TokenSource_W30, ARenewalWaitsAsLongAsTheServerAsks) {
  World world;
  (void)world.ask();
  world.clock->pass(seconds(3400));
  world.fails = true;
  world.wait = seconds(60);
  EXPECT_EQ(world.text(), "token-1");
  world.fails = false;
  world.clock->pass(seconds(59));
  EXPECT_EQ(world.text(), "token-1");
  world.clock->pass(seconds(1));
  EXPECT_EQ(world.text(), "token-2");
}

TEST(TokenSource_B10_B49, EachFetchIsAPairOfEventsWithoutTheToken) {
  World world;
  (void)world.ask();
  world.clock->pass(seconds(4000));
  world.throws = true;
  const auto failed = world.ask();
  EXPECT_EQ(failed.error().kind(), ErrorKind::internal);
  EXPECT_EQ(failed.error().describe().find("canary"), std::string::npos);
  ASSERT_EQ(world.events.size(), 4u);
  for (std::size_t i = 0; i < 4; i += 2) {
    EXPECT_EQ(world.events[i].name, "api.token_fetch_start");
    EXPECT_EQ(world.events[i + 1].name, "api.token_fetch_stop");
    EXPECT_EQ(world.events[i].field("id"), world.events[i + 1].field("id"));
  }
  EXPECT_EQ(world.events[1].field("life_s"), "3600");
  for (const auto& event : world.events)
    for (const auto& [key, value] : event.fields) {
      EXPECT_EQ(value.find("token-"), std::string::npos) << key;
      EXPECT_EQ(value.find("canary"), std::string::npos) << key;
    }
}

TEST(TokenSource_B49, ALoopThatGoesAwayInTheMiddleLeavesTheSourceUsable) {
  World world;
  {
    boost::asio::io_context loop(1);
    boost::asio::co_spawn(loop, world.source->token(), [](std::exception_ptr, Result<Secret>) {});
    loop.poll_one();
    loop.poll_one();
  }
  EXPECT_EQ(world.events.back().name, "api.token_fetch_stop");
  EXPECT_EQ(world.text(), "token-1");
}

TEST(TokenSource_B13, AFixedTokenStaysWhatItIs) {
  const auto source = TokenSource::fixed(Secret("given"));
  EXPECT_EQ(run(source->token())->reveal(), "given");
  source->drop(Secret("given"));
  EXPECT_EQ(run(source->token())->reveal(), "given");
}

}  // namespace
}  // namespace parley::api

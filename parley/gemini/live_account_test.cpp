#include "parley/gemini/detail/live_account.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "parley/gemini/live.hpp"

namespace parley::gemini {
namespace {

using detail::LiveAccount;
using detail::TurnBegins;
using limit::Dimension;

// A session and its limiter.
struct Session {
  explicit Session(std::chrono::milliseconds renew = std::chrono::hours(1)) {
    limit::Limits limits;
    limits.requests_per_minute = 4;
    limits.requests_per_day = 100;
    limits.input_tokens_per_minute = 100'000;
    limits.output_tokens_per_minute = 100'000;
    limits.concurrency = 1;
    pool = *limiter.configure("p", "m", limits);
    LiveLimits live(limiter, pool);
    live.wait = api::WaitOptions(std::chrono::milliseconds(0));
    live.turn = limit::Usage(500, 500);
    live.renew_silence = renew;
    account = *run(LiveAccount::open(std::move(live)));
  }
  Result<bool> pay(TurnBegins begins) { return run(LiveAccount::pay(account, begins)); }
  void ask() { EXPECT_TRUE(pay(TurnBegins::anew)); }
  void spend(std::int64_t in, std::int64_t out) {
    LiveUsage told;
    told.usage.prompt = in;
    told.usage.answer = out;
    account->note(told);
  }
  void end_turn() { account->note(LiveTurnComplete()); }
  std::int64_t used(Dimension dimension) const {
    const auto all = limiter.snapshot(pool);
    return std::ranges::find(all.states, dimension, &limit::DimensionState::dimension)->used;
  }
  std::int64_t requests() const { return used(Dimension::requests_per_minute); }
  std::int64_t output() const { return used(Dimension::output_tokens_per_minute); }
  std::size_t leases() const { return limiter.snapshot(pool).leases; }

  api::Limiter limiter;
  limit::PoolId pool = 0;
  std::shared_ptr<LiveAccount> account;
};

TEST(LiveAccount_D25, ATurnIsSettledOnceWhateverComesFirst) {
  Session session;
  session.ask();
  EXPECT_EQ(session.output(), 500);
  session.spend(10, 20);
  session.end_turn();
  EXPECT_EQ(session.output(), 20);
  session.ask();
  session.end_turn();
  session.spend(10, 30);
  EXPECT_EQ(session.output(), 50);
  EXPECT_EQ(session.requests(), 2);
  EXPECT_EQ(session.leases(), 1u) << "the place";
  session.spend(10, 35);
  EXPECT_EQ(session.output(), 85) << "outside of turns it is charged as it comes";
}

TEST(LiveAccount_D25, AnInterruptedTurnKeepsItsUsageAndTheNextOneItsOwn) {
  Session session;
  session.ask();
  session.account->note(LiveText{"Once upon", false});
  session.ask();
  session.account->note(LiveInterrupted());
  session.end_turn();
  session.spend(10, 5);
  EXPECT_EQ(session.leases(), 2u) << "the place and the second question";
  EXPECT_EQ(session.output(), 505);
  session.spend(30, 40);
  session.end_turn();
  EXPECT_EQ(session.output(), 45);
  EXPECT_EQ(session.requests(), 2);
}

TEST(LiveAccount_D25, QuestionsThatAreAnsweredTogetherAreARequestEach) {
  Session session;
  session.ask();
  session.ask();
  session.spend(10, 20);
  session.end_turn();
  EXPECT_EQ(session.leases(), 1u);
  EXPECT_EQ(session.requests(), 2);
  EXPECT_EQ(session.output(), 20);
}

TEST(LiveAccount_D25, SoundBeginsATurnWhereNoneIsUnderWay) {
  Session session;
  EXPECT_TRUE(*session.pay(TurnBegins::if_none));
  EXPECT_FALSE(*session.pay(TurnBegins::if_none));
  session.account->note(LiveAudio{Bytes(2), 24'000});
  EXPECT_FALSE(*session.pay(TurnBegins::if_none));
  session.spend(10, 20);
  session.end_turn();
  EXPECT_TRUE(*session.pay(TurnBegins::if_none)) << "the next one";
  EXPECT_EQ(session.requests(), 2);
}

TEST(LiveAccount_D25, SilenceIsBookedAnewAndCountsOnce) {
  Session session(std::chrono::milliseconds(0));
  for (int chunk = 0; chunk < 50; ++chunk) EXPECT_TRUE(*session.pay(TurnBegins::if_none));
  EXPECT_EQ(session.requests(), 1);
  LiveTranscript heard;
  heard.of_user = true;
  session.account->note(heard);
  EXPECT_FALSE(*session.pay(TurnBegins::if_none)) << "the service has noticed it";
  session.spend(10, 20);
  session.end_turn();
  EXPECT_TRUE(*session.pay(TurnBegins::if_none));
  session.account->end();
  EXPECT_EQ(session.requests(), 1) << "silence at the end costs nothing";
  EXPECT_EQ(session.leases(), 0u);
}

TEST(LiveAccount_D25, ARefusalSaysWhichLimitAndBooksNothing) {
  Session session;
  for (int turn = 0; turn < 4; ++turn) {
    session.ask();
    session.spend(1, 1);
    session.end_turn();
  }
  const auto refused = session.pay(TurnBegins::anew);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind(), ErrorKind::rate_limited);
  EXPECT_EQ(refused.error().detail("dimension"), "requests_per_minute");
  EXPECT_TRUE(refused.error().retry_after());
  EXPECT_EQ(session.leases(), 1u);
}

TEST(LiveAccount_D25, WhatWasNotSentIsGivenBack) {
  Session session;
  session.ask();
  session.account->unsent();
  EXPECT_EQ(session.requests(), 0);
  EXPECT_EQ(session.output(), 0);
}

TEST(LiveAccount_D25, TheEndSettlesWhatIsOpenByWhatIsKnown) {
  Session session;
  session.ask();
  session.spend(10, 20);
  session.account->end();
  session.account->end();
  EXPECT_EQ(session.output(), 20);
  EXPECT_EQ(session.leases(), 0u);
  EXPECT_FALSE(*session.pay(TurnBegins::anew)) << "nothing is booked behind the end";
}

TEST(LiveAccount_D25, AFunctionsAnswerGoesOnWithItsTurn) {
  Session session;
  session.ask();
  session.account->note(LiveToolCalls());
  LiveTurnComplete of_calls;
  of_calls.of_tool_calls = true;
  session.account->note(of_calls);
  EXPECT_FALSE(*session.pay(TurnBegins::if_none));
  session.spend(10, 20);
  session.end_turn();
  EXPECT_EQ(session.requests(), 1);
}

TEST(LiveAccount_D25, MessagesAreKnownByWhatTheyBegin) {
  ClientContentMessage turns;
  EXPECT_EQ(detail::turn_of(turns), TurnBegins::no);
  turns.client_content.turn_complete = true;
  EXPECT_EQ(detail::turn_of(turns), TurnBegins::anew);
  RealtimeInputMessage input;
  EXPECT_EQ(detail::turn_of(input), TurnBegins::no);
  input.realtime_input.audio_stream_end = true;
  EXPECT_EQ(detail::turn_of(input), TurnBegins::no);
  input.realtime_input.audio.emplace();
  EXPECT_EQ(detail::turn_of(input), TurnBegins::if_none);
  input.realtime_input.text = "hi";
  EXPECT_EQ(detail::turn_of(input), TurnBegins::anew);
  EXPECT_EQ(detail::turn_of(ToolResponseMessage()), TurnBegins::if_none);
  EXPECT_EQ(detail::turn_of(ContextUpdateMessage()), TurnBegins::no);
}

TEST(LiveAccount_W30_R10, ARefusedConnectionTeachesTheLimiterWhenToComeAgain) {
  Session session;
  session.account->refused(Error(ErrorKind::disconnected, "the network"));
  session.ask();
  session.end_turn();
  session.spend(1, 1);
  session.account->refused(Error(ErrorKind::upgrade_refused, "no")
                               .with_http_status(429)
                               .with_retry_after(std::chrono::seconds(30)));
  const auto later = session.pay(TurnBegins::anew);
  EXPECT_EQ(later.error().kind(), ErrorKind::rate_limited);
  EXPECT_EQ(later.error().detail("dimension"), "retry_window");
  EXPECT_GT(later.error().retry_after(), std::chrono::seconds(20));
  EXPECT_EQ(session.requests(), 1) << "and costs nothing";
  EXPECT_EQ(session.leases(), 1u) << "the place is held on";
}

TEST(LiveAccount_W30_R11, AMinutesQuotaOfASessionStopsItsModelAlone) {
  Session session;
  session.account->refused(live_error(1011, "Quota exceeded. Please retry in 30s."));
  EXPECT_EQ(session.pay(TurnBegins::anew).error().kind(), ErrorKind::rate_limited);
  const auto other = *session.limiter.configure("p", "other", limit::Limits());
  EXPECT_TRUE(session.limiter.try_acquire(other, limit::Demand()));
}

}  // namespace
}  // namespace parley::gemini

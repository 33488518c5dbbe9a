#include "parley/emulator/fault/fault.hpp"

#include <gtest/gtest.h>

#include "parley/emulator/fault/detail/shape.hpp"

namespace parley::emulator {
namespace {

using detail::BodyPlan;
using detail::plan_body;

Answer stream_of(std::vector<std::string> pieces) {
  Answer answer;
  answer.streamed = true;
  answer.headers.set("Content-Type", "text/event-stream");
  answer.pieces = std::move(pieces);
  return answer;
}

std::string bytes_of(const BodyPlan& plan) {
  std::string all;
  for (const auto& step : plan.steps) all += step.bytes;
  return all;
}

TEST(Fault_W22, EveryPartIsReadAndWhatDoesNotFitIsNamed) {
  const auto fault = Fault::parse("status=503; delay=200; cut=100; drip=16/5");
  ASSERT_TRUE(fault) << fault.error().message();
  EXPECT_EQ(fault->status, 503);
  EXPECT_EQ(fault->delay.count(), 200);
  EXPECT_EQ(fault->cut, 100u);
  EXPECT_EQ(fault->piece, 16u);
  EXPECT_EQ(fault->pause.count(), 5);
  for (const char* bad : {"status=200", "cut=-1", "cut", "drip=0/5", "drip=5", "sleep=1", "as=text",
                          "delay=3600001", "split=0", "cut=1; cut=2"}) {
    const auto refused = Fault::parse(bad);
    ASSERT_FALSE(refused) << bad;
    EXPECT_NE(refused.error().message().find(std::string(bad).substr(0, 3)), std::string::npos);
  }
}

TEST(LiveFault_W22, EveryPartIsReadAndWhatDoesNotFitIsNamed) {
  const auto fault = LiveFault::parse("after=3; close=1008; reason=no more; ");
  ASSERT_TRUE(fault) << fault.error().message();
  EXPECT_EQ(fault->kind, LiveFault::Kind::close);
  EXPECT_EQ(fault->after, 3u);
  EXPECT_EQ(fault->code, 1008);
  EXPECT_EQ(fault->reason, "no more");
  EXPECT_EQ(LiveFault::parse("cut")->bytes, 0u);
  EXPECT_EQ(LiveFault::parse("cut=17")->bytes, 17u);
  for (const char* bad : {"close=999", "close", "silence=3", "error=200", "cut; silence",
                          "fragments=0", "after=x", "drip=4", "what", "", "after=3"})
    EXPECT_FALSE(LiveFault::parse(bad)) << bad;
}

TEST(BodyPlan_W22, EachByteCanBeTheLast) {
  const auto answer = stream_of({"data: {\"a\": 1}\r\n\r\n", "data: \xc3\xa9\r\n\r\n", "end"});
  const std::string whole = bytes_of(plan_body(answer, Fault()));
  EXPECT_EQ(plan_body(answer, Fault()).end, BodyPlan::End::whole);
  for (std::size_t at = 0; at <= whole.size(); ++at) {
    Fault fault;
    fault.cut = at;
    const auto plan = plan_body(answer, fault);
    EXPECT_EQ(bytes_of(plan), whole.substr(0, at));
    EXPECT_EQ(plan.end, BodyPlan::End::cut);
    fault.cut.reset();
    fault.stall = at;
    EXPECT_EQ(plan_body(answer, fault).end, BodyPlan::End::stall);
  }
}

TEST(BodyPlan_W22, PiecesAndGarbageStandWhereTheyWereAsked) {
  const auto answer = stream_of({"abcdef", "gh"});
  Fault fault;
  fault.piece = 4;
  fault.pause = std::chrono::milliseconds(7);
  const auto plan = plan_body(answer, fault);
  ASSERT_EQ(plan.steps.size(), 3u);
  EXPECT_EQ(plan.steps[0].bytes, "abcd");
  EXPECT_EQ(plan.steps[1].bytes, "ef");
  EXPECT_EQ(plan.steps[1].wait.count(), 7);
  EXPECT_EQ(plan.steps[2].bytes, "gh");
  Fault garbage;
  garbage.garbage = 3;
  const auto broken = bytes_of(plan_body(answer, garbage));
  EXPECT_TRUE(broken.starts_with("abc\xff"));
  EXPECT_TRUE(broken.ends_with("defgh"));
}

TEST(BodyPlan_1_6, AnErrorInTheMiddleHasItsThreeShapes) {
  const std::vector<std::string> events = {"data: {}\r\n\r\n", "data: {}\r\n\r\n"};
  const auto error_behind = [](Answer answer, bool bare) {
    Fault fault;
    fault.error = 503;
    fault.after = 1;
    fault.bare = bare;
    detail::put_error(answer, fault);
    return answer.pieces;
  };
  const auto event = error_behind(stream_of(events), false);
  ASSERT_EQ(event.size(), 2u);
  EXPECT_TRUE(event[1].starts_with("data: {\"error\": {\"code\": 503,")) << event[1];
  EXPECT_EQ(event[1].find('\n'), event[1].size() - 3);
  const auto bare = error_behind(stream_of(events), true);
  EXPECT_TRUE(bare[1].starts_with("{"));
  auto list = stream_of({"[{}", ",\r\n{}", "]"});
  list.headers.set("Content-Type", "application/json");
  const auto array = error_behind(std::move(list), false);
  EXPECT_TRUE(array[1].starts_with(",\r\n{"));
  EXPECT_TRUE(array[1].ends_with("]"));
}

TEST(RandomFaults_W22, TheSameSeedGivesTheSameFaultsAtTheRateAsked) {
  SeededRandom one(5), other(5);
  int happened = 0;
  for (int i = 0; i < 2000; ++i) {
    EXPECT_EQ(random_fault(one).cut, random_fault(other).cut);
    EXPECT_EQ(random_live_fault(one).kind, random_live_fault(other).kind);
    const bool now = happens(0.25, one);
    EXPECT_EQ(now, happens(0.25, other));
    happened += now;
  }
  EXPECT_GT(happened, 400);
  EXPECT_LT(happened, 600);
}

}  // namespace
}  // namespace parley::emulator

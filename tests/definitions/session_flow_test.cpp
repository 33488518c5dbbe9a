// The pure rules of a session, on virtual time.
#include "parley/api/session_flow.hpp"

#include <gtest/gtest.h>

#include "demo/rpc.hpp"

namespace parley::api {
namespace {

using std::chrono::seconds;

TEST(SessionFlow_E16, PhasesAllowTheirMessages) {
  const TimePoint start{};
  SessionFlow flow(demo::rpc::rules(), start);
  EXPECT_EQ(flow.phase(), Phase::connected);
  EXPECT_FALSE(flow.may_send(1));
  ASSERT_TRUE(flow.may_send(0));
  flow.sent(0, start);
  EXPECT_EQ(flow.phase(), Phase::streaming);
  EXPECT_FALSE(flow.may_send(0));
  EXPECT_TRUE(flow.may_send(1));
  flow.sent(1, start);
  EXPECT_TRUE(flow.may_send(1));
  flow.closing();
  EXPECT_FALSE(flow.may_send(1));
}

TEST(SessionFlow_E12, KeepalivesAreDueOnlyWhileNothingIsSent) {
  const TimePoint start{};
  SessionFlow flow(demo::rpc::rules(), start);
  EXPECT_FALSE(flow.keepalive_at());  // not before initialize
  flow.sent(0, start + seconds(1));
  EXPECT_EQ(flow.keepalive_at(), start + seconds(61));
  flow.sent(1, start + seconds(30));
  EXPECT_EQ(flow.keepalive_at(), start + seconds(90));
  flow.closing();
  EXPECT_FALSE(flow.keepalive_at());
}

TEST(SessionFlow_E18, WhatComesOnceComesOnce) {
  SessionFlow flow(demo::rpc::rules(), TimePoint());
  EXPECT_TRUE(flow.received(0));
  EXPECT_FALSE(flow.received(0));
  EXPECT_TRUE(flow.received(2));
  EXPECT_TRUE(flow.received(2));
  flow.reconnected(TimePoint());
  EXPECT_TRUE(flow.received(0));
}

}  // namespace
}  // namespace parley::api

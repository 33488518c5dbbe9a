#include "parley/base/event_scope.hpp"

#include <gtest/gtest.h>

namespace parley {
namespace {

struct Told {
  std::vector<Event> events;
  EventSink sink() {
    return [this](const Event& event) { events.push_back(event); };
  }
};

const auto nothing = [](Event&) {};

TEST(EventScope_B49, AStartHasOneStopWithTheSameId) {
  Told told;
  {
    auto scope = EventScope::begin(
        told.sink(), "net.thing", [](Event& event) { event.with("host", "h"); }, "77");
    scope.note("chunk", [](Event& event) { event.with("bytes", "5"); });
    scope.stop([](Event& event) { event.with("status", "200"); });
    scope.stop();
    scope.fail_with(Error(ErrorKind::timeout, "too late"));
  }
  ASSERT_EQ(told.events.size(), 3u);
  EXPECT_EQ(told.events[0].name, "net.thing_start");
  EXPECT_EQ(told.events[0].field("host"), "h");
  EXPECT_EQ(told.events[0].field("parent"), "77");
  EXPECT_EQ(told.events[1].name, "net.thing_chunk");
  EXPECT_EQ(told.events[2].name, "net.thing_stop");
  EXPECT_EQ(told.events[2].field("status"), "200");
  EXPECT_FALSE(told.events[0].field("id").empty());
  for (const auto& event : told.events) EXPECT_EQ(event.field("id"), told.events[0].field("id"));
}

TEST(EventScope_B49, WhatIsDroppedIsACancelledException) {
  Told told;
  { auto scope = EventScope::begin(told.sink(), "net.thing", nothing); }
  ASSERT_EQ(told.events.size(), 2u);
  EXPECT_EQ(told.events[1].name, "net.thing_exception");
  EXPECT_EQ(told.events[1].field("kind"), "cancelled");
}

TEST(EventScope_B49, AFailureTellsKindStatusAndCode) {
  Told told;
  auto scope = EventScope::begin(told.sink(), "net.thing", nothing);
  scope.fail_with(Error(ErrorKind::upgrade_refused, "no")
                      .with_http_status(403)
                      .with_close(1008, "policy")
                      .with_stage(Stage::upgrade));
  ASSERT_EQ(told.events.size(), 2u);
  EXPECT_EQ(told.events[1].field("stage"), "upgrade");
  EXPECT_EQ(told.events[1].field("status"), "403");
  EXPECT_EQ(told.events[1].field("code"), "1008");
}

TEST(EventScope_B49, MovingKeepsThePair) {
  Told told;
  {
    auto first = EventScope::begin(told.sink(), "a", nothing);
    EventScope second = std::move(first);
    auto third = EventScope::begin(told.sink(), "b", nothing);
    third = std::move(second);  // ends b
    third.stop();
  }
  std::vector<std::string> names;
  for (const auto& event : told.events) names.push_back(event.name);
  EXPECT_EQ(names, (std::vector<std::string>{"a_start", "b_start", "b_exception", "a_stop"}));
}

TEST(EventScope_B49, WithoutASinkNothingIsMade) {
  int filled = 0;
  auto scope = EventScope::begin(nullptr, "net.thing", [&](Event&) { ++filled; });
  scope.stop([&](Event&) { ++filled; });
  EXPECT_EQ(filled, 0);
  EXPECT_TRUE(scope.id().empty());
  EXPECT_NE(new_event_id(), new_event_id());
}

}  // namespace
}  // namespace parley

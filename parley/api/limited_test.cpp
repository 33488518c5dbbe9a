#include "parley/api/limited.hpp"

#include <gtest/gtest.h>

namespace parley::api {
namespace {

using limit::Demand;

Task<Result<int>> refused_call() {
  co_return fail(Error(ErrorKind::unauthenticated, "no such key").with_http_status(401));
}
Task<void> two_at_a_time(std::vector<Event>& events) {
  Limiter limiter(limit::LimiterOptions(),
                  [&events](const Event& event) { events.push_back(event); });
  const auto pool = *limiter.configure("p", "m", limit::Limits());
  for (int call = 0; call < 2; ++call) {
    const auto result = co_await limited<int>(limiter, pool, Demand(), refused_call());
    EXPECT_FALSE(result);
  }
}
TEST(ApiLimiter_B48_B49, EachStartHasItsStopWithTheSameIdAndTheKindOfItsError) {
  std::vector<Event> events;
  run(two_at_a_time(events));
  std::erase_if(events,
                [](const Event& event) { return !event.name.starts_with("limit.request"); });
  ASSERT_EQ(events.size(), 4u);
  EXPECT_NE(events[0].field("id"), "");
  EXPECT_EQ(events[0].field("id"), events[1].field("id"));
  EXPECT_EQ(events[2].field("id"), events[3].field("id"));
  EXPECT_NE(events[0].field("id"), events[2].field("id"));
  EXPECT_EQ(events[1].field("result"), "error");
  EXPECT_EQ(events[1].field("kind"), "unauthenticated");
}

}  // namespace
}  // namespace parley::api

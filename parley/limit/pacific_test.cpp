#include "parley/limit/pacific.hpp"

#include <cstdlib>
#include <ctime>
#include <filesystem>

#include <gtest/gtest.h>

#include "parley/base/random.hpp"

namespace parley::limit {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

WallTime utc(int year, unsigned month, unsigned day, int hour, int minute = 0) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  return WallTime(std::chrono::sys_days(date)) + hours(hour) + minutes(minute);
}

TEST(PacificDay_R4_B56, MidnightIsEightHoursBehindInWinterAndSevenInSummer) {
  EXPECT_EQ(next_pacific_midnight(utc(2026, 1, 15, 12)), utc(2026, 1, 16, 8));
  EXPECT_EQ(next_pacific_midnight(utc(2026, 7, 15, 12)), utc(2026, 7, 16, 7));
  EXPECT_EQ(pacific_day(utc(2026, 1, 16, 7, 59)) + 1, pacific_day(utc(2026, 1, 16, 8)));
}

TEST(PacificDay_R4, TheDayOfTheSpringChangeHasTwentyThreeHours) {
  const auto day = pacific_day(utc(2026, 3, 8, 20));
  EXPECT_EQ(pacific_midnight(day), utc(2026, 3, 8, 8));
  EXPECT_EQ(pacific_midnight(day + 1), utc(2026, 3, 9, 7));
  EXPECT_EQ(pacific_day(utc(2026, 3, 8, 8) - milliseconds(1)), day - 1);
  EXPECT_EQ(pacific_day(utc(2026, 3, 9, 7) - milliseconds(1)), day);
}

TEST(PacificDay_R4, TheDayOfTheAutumnChangeHasTwentyFiveHours) {
  const auto day = pacific_day(utc(2026, 11, 1, 20));
  EXPECT_EQ(pacific_midnight(day), utc(2026, 11, 1, 7));
  EXPECT_EQ(pacific_midnight(day + 1), utc(2026, 11, 2, 8));
  EXPECT_EQ(pacific_day(utc(2026, 11, 2, 7, 30)), day) << "the 25th hour";
}

TEST(PacificDay_R4, AMomentIsBetweenTheMidnightsOfItsDay) {
  SeededRandom random(5);
  for (int n = 0; n < 20'000; ++n) {
    const WallTime time = from_unix_ms(static_cast<std::int64_t>(random.below(4'102'444'800'000)));
    const auto day = pacific_day(time);
    EXPECT_LE(pacific_midnight(day), time);
    EXPECT_GT(pacific_midnight(day + 1), time);
  }
}

// The rule in the code beside the machine's own data, hour by hour.
TEST(PacificDay_R4, ItAgreesWithTheTimeZoneDataOfTheMachine) {
  if (!std::filesystem::exists("/usr/share/zoneinfo/America/Los_Angeles"))
    GTEST_SKIP() << "this machine has no time zone data";
  const char* before = std::getenv("TZ");
  const std::string kept = before == nullptr ? "" : before;
  setenv("TZ", "America/Los_Angeles", 1);
  tzset();
  for (WallTime time = utc(2008, 1, 1, 0); time < utc(2037, 1, 1, 0); time += hours(1)) {
    const std::time_t unix_time = to_unix_ms(time) / 1000;
    std::tm local{};
    localtime_r(&unix_time, &local);
    const std::chrono::year_month_day date{
        std::chrono::year(local.tm_year + 1900),
        std::chrono::month(static_cast<unsigned>(local.tm_mon + 1)),
        std::chrono::day(static_cast<unsigned>(local.tm_mday))};
    ASSERT_EQ(pacific_day(time), std::chrono::sys_days(date).time_since_epoch().count())
        << to_iso8601(time);
  }
  if (before == nullptr)
    unsetenv("TZ");
  else
    setenv("TZ", kept.c_str(), 1);
  tzset();
}

}  // namespace
}  // namespace parley::limit

#include "parley/limit/pacific.hpp"

namespace parley::limit {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::sys_days;

bool is_daylight_time(WallTime time) {
  const std::chrono::year_month_day date(std::chrono::floor<days>(time));
  const auto begins =
      sys_days(date.year() / std::chrono::March / std::chrono::Sunday[2]) + hours(10);
  const auto ends =
      sys_days(date.year() / std::chrono::November / std::chrono::Sunday[1]) + hours(9);
  return time >= begins && time < ends;
}

}  // namespace

std::int32_t pacific_day(WallTime time) {
  const auto local = time - hours(is_daylight_time(time) ? 7 : 8);
  return static_cast<std::int32_t>(std::chrono::floor<days>(local).time_since_epoch().count());
}

WallTime pacific_midnight(std::int32_t day) {
  const WallTime utc = sys_days(days(day));
  // Clocks change at 2:00, so the time of midnight is never in doubt.
  return utc + hours(is_daylight_time(utc + hours(7)) ? 7 : 8);
}

}  // namespace parley::limit

#pragma once

#include <cstdint>

#include "parley/base/time.hpp"

// The day by which the Gemini API counts requests per day. The rule of America/Los_Angeles since
// 2007 (Energy Policy Act of 2005, section 110): UTC−8, and UTC−7 from the second Sunday of March,
// 2:00, to the first Sunday of November, 2:00. Earlier years are told by the same rule.
namespace parley::limit {

// The number of the Pacific calendar day, counted from 1970-01-01 as day 0.
std::int32_t pacific_day(WallTime time);

// When the day `day` begins. Days are 24 hours long, but for one of 23 and one of 25 in a year.
WallTime pacific_midnight(std::int32_t day);

// The next midnight behind `time`.
inline WallTime next_pacific_midnight(WallTime time) {
  return pacific_midnight(pacific_day(time) + 1);
}

// pacific_day() for times that are near each other: works out a day once.
class PacificDay {
 public:
  std::int32_t of(WallTime time) {
    if (time >= from_ && time < to_) return day_;
    day_ = pacific_day(time);
    from_ = pacific_midnight(day_);
    to_ = pacific_midnight(day_ + 1);
    return day_;
  }

 private:
  std::int32_t day_ = 0;
  WallTime from_ = WallTime::max();
  WallTime to_ = WallTime::min();
};

}  // namespace parley::limit

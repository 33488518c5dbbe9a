#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace parley {

// Monotonic time: deadlines, timers, durations. Pure modules get it as an argument.
using TimePoint = std::chrono::steady_clock::time_point;
using Duration = std::chrono::steady_clock::duration;
// Wall time in UTC: what people and stored records see. It may jump; nothing is decided by it.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;

// Both clocks, passed in by main() and by tests. Implementations may be called from any thread.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual TimePoint now() const = 0;
  virtual WallTime wall_now() const = 0;
};

// "2026-11-21T04:15:08.123Z" (RFC 3339, UTC, three decimals). Years 0 to 9999.
std::string to_iso8601(WallTime time);

inline std::int64_t to_unix_ms(WallTime time) {
  return time.time_since_epoch().count();
}
inline WallTime from_unix_ms(std::int64_t ms) {
  return WallTime(std::chrono::milliseconds(ms));
}

}  // namespace parley

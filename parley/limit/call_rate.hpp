#pragma once

#include <cstdint>
#include <optional>

#include "parley/base/time.hpp"
#include "parley/limit/window.hpp"

namespace parley::limit {

struct CallRateOptions {
  // token_bucket: `burst` at once, and then evenly. sliding_window: in any second at most
  // `per_second`, whenever in it.
  enum class By { token_bucket, sliding_window };
  By by = By::token_bucket;
  double per_second = 10;   // more than 0; below 1 for the bucket: one in some seconds
  std::int64_t burst = 10;  // of the bucket, at least 1
  // Who would have to wait longer is refused.
  Duration most_wait = std::chrono::seconds(30);
};

// How often something may be begun, of one program alone: no quota of a service, for which
// limit::Limiter is. One thread at a time.
class CallRate {
 public:
  explicit CallRate(CallRateOptions options);

  // When the next one may begin, `now` or later.
  TimePoint ready_at(TimePoint now);
  // Takes that place, and says when it is; places follow one another in the order of the calls.
  // Empty: it would be later than most_wait from now, and nothing was taken.
  std::optional<TimePoint> reserve(TimePoint now);

 private:
  CallRateOptions options_;
  std::int64_t in_window_;
  Gcra bucket_;
  SlidingWindow window_;
  TimePoint last_{};  // place taken
};

}  // namespace parley::limit

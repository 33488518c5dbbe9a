#include "parley/emulator/clock.hpp"

#include <algorithm>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/net/system.hpp"

namespace parley::emulator {

ServerClock::ServerClock(Executor executor, bool held)
    : executor_(std::move(executor)),
      held_(held),
      begun_(net::SystemClock().now()),
      wall_begun_(net::SystemClock().wall_now()) {}

TimePoint ServerClock::now() const {
  return (held_ ? begun_ : net::SystemClock().now()) + moved_;
}

WallTime ServerClock::wall_now() const {
  const auto base = held_ ? wall_begun_ : net::SystemClock().wall_now();
  return base + std::chrono::floor<std::chrono::milliseconds>(moved_);
}

void ServerClock::advance(Duration duration) {
  moved_ += std::max(duration, Duration(0));
  for (auto* alarm : alarms_) alarm->ring();
}

Task<void> ServerClock::sleep(std::shared_ptr<ServerClock> clock, Duration duration) {
  const auto end = clock->now() + duration;
  Alarm alarm(clock);
  while (clock->now() < end) co_await alarm.wait_until(end);
}

ServerClock::Alarm::Alarm(std::shared_ptr<ServerClock> clock)
    : clock_(std::move(clock)), timer_(clock_->executor_) {
  clock_->alarms_.insert(this);
}

ServerClock::Alarm::~Alarm() {
  clock_->alarms_.erase(this);
}

Task<void> ServerClock::Alarm::wait_until(std::optional<TimePoint> at) {
  if (std::exchange(rung_, false)) co_return;
  const auto now = clock_->now();
  if (at && *at <= now) co_return;
  const bool timed = at && !clock_->held_ && *at - now < std::chrono::hours(24 * 365);
  timer_.expires_at(timed ? net::SystemClock().now() + (*at - now) : TimePoint::max());
  co_await timer_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  rung_ = false;
}

void ServerClock::Alarm::ring() {
  rung_ = true;
  timer_.cancel();
}

}  // namespace parley::emulator

#pragma once

#include <memory>
#include <optional>
#include <set>

#include <boost/asio/steady_timer.hpp>

#include "parley/base/time.hpp"
#include "parley/net/task.hpp"

namespace parley::emulator {

// The time of an emulator: the machine's, which may be moved forward, or one that stands still
// until it is moved. Belongs to its executor's thread, apart from the two clocks' own members.
class ServerClock final : public Clock {
 public:
  // `held`: time moves by advance() alone. It begins with the machine's time.
  explicit ServerClock(Executor executor, bool held = false);

  TimePoint now() const override;
  WallTime wall_now() const override;
  bool held() const { return held_; }

  // Negative durations are taken as none.
  void advance(Duration duration);
  // Waits on that clock.
  static Task<void> sleep(std::shared_ptr<ServerClock> clock, Duration duration);

  // Waits for a time of this clock, or for a call.
  class Alarm {
   public:
    explicit Alarm(std::shared_ptr<ServerClock> clock);
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;
    ~Alarm();

    // Empty: for a call only. May also return early: ask what the time is.
    Task<void> wait_until(std::optional<TimePoint> at);
    void ring();

   private:
    std::shared_ptr<ServerClock> clock_;
    boost::asio::steady_timer timer_;
    bool rung_ = false;  // while nobody waited
  };

 private:
  Executor executor_;
  bool held_;
  TimePoint begun_;
  WallTime wall_begun_;
  Duration moved_{0};
  std::set<Alarm*> alarms_;
};

}  // namespace parley::emulator

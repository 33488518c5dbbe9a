#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "parley/net/task.hpp"

namespace parley::net::detail {

// A deadline for many waits after each other, as of the pieces of a stream. Its timer runs on
// between them and looks at the newest deadline when it ends: a wait costs no system call.
class Watchdog {
 public:
  // `on_expiry` is called once, on the executor, and never after the watchdog is destroyed.
  Watchdog(Executor executor, std::function<void()> on_expiry)
      : shared_(std::make_shared<Shared>(std::move(executor))) {
    shared_->on_expiry = std::move(on_expiry);
  }
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  ~Watchdog() {
    shared_->on_expiry = nullptr;
    shared_->timer.cancel();
  }

  void begin(std::chrono::milliseconds limit) {
    auto& shared = *shared_;
    shared.until = Clock::now() + limit;
    shared.active = true;
    if (!shared.waiting || shared.timer.expiry() > shared.until) wait(shared_);
  }
  void done() { shared_->active = false; }
  bool expired() const { return shared_->expired; }

 private:
  using Clock = std::chrono::steady_clock;
  struct Shared {
    explicit Shared(Executor executor) : timer(std::move(executor)) {}
    boost::asio::steady_timer timer;
    Clock::time_point until;
    bool active = false, waiting = false, expired = false;
    std::function<void()> on_expiry;
  };

  static void wait(const std::shared_ptr<Shared>& shared) {
    shared->waiting = true;
    shared->timer.expires_at(shared->until);  // an earlier wait ends with an error
    shared->timer.async_wait([shared](const boost::system::error_code& error) {
      if (!error && shared->on_expiry) ended(shared);
    });
  }
  static void ended(const std::shared_ptr<Shared>& shared) {
    shared->waiting = false;
    if (!shared->active) return;
    if (shared->until > Clock::now()) return wait(shared);
    shared->expired = true;
    const auto act = std::move(shared->on_expiry);
    shared->on_expiry = nullptr;
    act();
  }

  std::shared_ptr<Shared> shared_;
};

}  // namespace parley::net::detail

#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include <boost/asio/steady_timer.hpp>

#include "parley/net/task.hpp"

namespace parley::net::detail {

// Calls `on_expiry` on the executor once the time is over, unless it is destroyed before. Used
// around an operation: the expiry closes what the operation waits for.
class Deadline {
 public:
  Deadline(Executor executor, std::chrono::milliseconds limit, std::function<void()> on_expiry)
      : timer_(std::move(executor)), shared_(std::make_shared<Shared>()) {
    shared_->on_expiry = std::move(on_expiry);
    timer_.expires_after(limit);
    timer_.async_wait([shared = shared_](const boost::system::error_code& error) {
      if (error || !shared->on_expiry) return;
      shared->expired = true;
      const auto act = std::move(shared->on_expiry);
      shared->on_expiry = nullptr;
      act();
    });
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  ~Deadline() { shared_->on_expiry = nullptr; }

  bool expired() const { return shared_->expired; }

 private:
  struct Shared {
    bool expired = false;
    std::function<void()> on_expiry;
  };
  boost::asio::steady_timer timer_;
  std::shared_ptr<Shared> shared_;
};

}  // namespace parley::net::detail

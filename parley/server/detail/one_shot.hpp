#pragma once

#include <memory>
#include <optional>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/net/task.hpp"

namespace parley::server::detail {

// A value that a callback gives and one coroutine waits for, both on one executor.
template <class T>
class OneShot {
 public:
  explicit OneShot(Executor executor)
      : ready_(std::move(executor), boost::asio::steady_timer::time_point::max()) {}

  void set(T value) {
    value_.emplace(std::move(value));
    ready_.cancel();
  }
  static Task<T> wait(std::shared_ptr<OneShot> self) {
    while (!self->value_) {
      boost::system::error_code cancelled;
      co_await self->ready_.async_wait(
          boost::asio::redirect_error(boost::asio::use_awaitable, cancelled));
    }
    co_return std::move(*self->value_);
  }

 private:
  boost::asio::steady_timer ready_;
  std::optional<T> value_;
};

}  // namespace parley::server::detail

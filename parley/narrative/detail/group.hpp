#pragma once

#include <list>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/net/task.hpp"

namespace parley::narrative::detail {

// Tasks that run side by side on one executor and are waited for together. The owner waits until
// none is left before it goes away.
class Group {
 public:
  explicit Group(Executor executor) : executor_(executor), changed_(executor) {
    changed_.expires_at(boost::asio::steady_timer::time_point::max());
  }

  void start(Task<void> task) {
    auto& signal = signals_.emplace_back();
    ++running_;
    boost::asio::co_spawn(
        executor_, std::move(task),
        boost::asio::bind_cancellation_slot(signal.slot(), [this](std::exception_ptr thrown) {
          if (thrown && !thrown_) thrown_ = thrown;
          --running_;
          ended_ = true;
          changed_.cancel();
        }));
  }
  int running() const { return running_; }

  // Until a task has ended since the last call, or the waiting task is cancelled: false then.
  Task<bool> wait() {
    if (!ended_) co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    const bool ended = ended_;
    ended_ = false;
    co_return ended;
  }
  void cancel() {
    for (auto& signal : signals_) signal.emit(boost::asio::cancellation_type::terminal);
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  Executor executor_;
  boost::asio::steady_timer changed_;
  std::list<boost::asio::cancellation_signal> signals_;
  std::exception_ptr thrown_;
  int running_ = 0;
  bool ended_ = false;
};

}  // namespace parley::narrative::detail

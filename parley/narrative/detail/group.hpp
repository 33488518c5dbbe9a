#pragma once

#include <list>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/cancellation_state.hpp>
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

  // Until a task has ended since the last call, or the waiting task is cancelled. True where it has
  // been cancelled, now or before.
  Task<bool> wait() {
    auto state = co_await boost::asio::this_coro::cancellation_state;
    const bool news = is_cancelled(state) && !stopping_;
    if (!ended_ && !news)
      co_await changed_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    ended_ = false;
    state = co_await boost::asio::this_coro::cancellation_state;
    co_return is_cancelled(state);
  }
  bool stopping() const { return stopping_; }
  void cancel() {
    stopping_ = true;
    for (auto& signal : signals_) signal.emit(boost::asio::cancellation_type::terminal);
  }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }

 private:
  static bool is_cancelled(const boost::asio::cancellation_state& state) {
    return state.cancelled() != boost::asio::cancellation_type::none;
  }

  Executor executor_;
  boost::asio::steady_timer changed_;
  std::list<boost::asio::cancellation_signal> signals_;
  std::exception_ptr thrown_;
  int running_ = 0;
  bool ended_ = false;
  bool stopping_ = false;
};

}  // namespace parley::narrative::detail

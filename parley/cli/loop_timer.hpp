#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/narrative/ports.hpp"

namespace parley::cli {

// Waits on the loop of the task.
class LoopTimer final : public narrative::Timer {
 public:
  Task<void> wait(std::chrono::milliseconds time) override {
    boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, time);
    co_await timer.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }
};

}  // namespace parley::cli

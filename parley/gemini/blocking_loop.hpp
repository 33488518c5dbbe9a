#pragma once

#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "parley/net/task.hpp"

namespace parley::gemini::blocking {

// A thread that runs coroutines for callers that wait for them. May be used from any thread but its
// own. Destroying it ends the thread, and what is still running on it.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  Executor executor();

  // Runs a task on the loop's thread and gives what it gives; what it throws is thrown here. Throws
  // std::logic_error on the loop's own thread, from a callback: it would wait for itself.
  template <class T>
  T run(Task<T> task) {
    forbid_own_thread();
    std::promise<void> done;
    const auto tell = [&done](std::exception_ptr thrown) {
      if (thrown)
        done.set_exception(thrown);
      else
        done.set_value();
    };
    if constexpr (std::is_void_v<T>) {
      boost::asio::co_spawn(executor(), std::move(task), tell);
      done.get_future().get();
    } else {
      std::optional<T> value;
      boost::asio::co_spawn(executor(), parley::detail::store_value(std::move(task), value), tell);
      done.get_future().get();
      return std::move(*value);
    }
  }
  // Calls a function on the loop's thread and waits for it; at once on that thread.
  void call(const std::function<void()>& function);

 private:
  void forbid_own_thread() const;
  struct State;
  std::unique_ptr<State> state_;
};

// A value that is used and destroyed on the loop's thread, which it keeps.
template <class T>
class OnLoop {
 public:
  OnLoop(std::shared_ptr<Loop> loop, T value)
      : loop_(std::move(loop)), value_(std::make_unique<T>(std::move(value))) {}
  OnLoop(OnLoop&&) noexcept = default;
  OnLoop& operator=(OnLoop&& other) noexcept {
    std::swap(loop_, other.loop_);
    std::swap(value_, other.value_);
    return *this;
  }
  ~OnLoop() {
    if (value_) loop_->call([this] { value_.reset(); });
  }

  T& operator*() const { return *value_; }
  T* operator->() const { return value_.get(); }
  const std::shared_ptr<Loop>& loop() const { return loop_; }

 private:
  std::shared_ptr<Loop> loop_;
  std::unique_ptr<T> value_;
};

}  // namespace parley::gemini::blocking

#pragma once

#include <chrono>
#include <optional>
#include <type_traits>
#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

namespace parley {

// An asynchronous operation: it starts when it is awaited, and stays on the executor that awaits
// it. A coroutine takes what it needs as parameters: GCC 12 destroys a lambda's captures and an
// aggregate temporary in a co_await expression twice.
template <class T>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

namespace detail {
template <class T>
Task<void> store_value(Task<T> task, std::optional<T>& value) {
  value.emplace(co_await std::move(task));
}
// Runs the loop until the task is done; rethrows what it threw.
void run_until_done(boost::asio::io_context& loop, Task<void> task);
}  // namespace detail

// Runs a task to its end on a loop of its own and gives its value: the blocking form, for scripts
// and examples. What the task leaves running is destroyed with the loop.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context loop(1);
  if constexpr (std::is_void_v<T>) {
    detail::run_until_done(loop, std::move(task));
  } else {
    std::optional<T> value;
    detail::run_until_done(loop, detail::store_value(std::move(task), value));
    return std::move(*value);
  }
}

// Waits on the executor that awaits it.
Task<void> sleep_for(std::chrono::nanoseconds duration);

}  // namespace parley

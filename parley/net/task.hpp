#pragma once

#include <utility>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

namespace parley {

// An asynchronous operation: it starts when it is awaited, and stays on the executor that awaits
// it. A coroutine takes what it needs as parameters: GCC 12 destroys a lambda's captures and an
// aggregate temporary in a co_await expression twice.
template <class T>
using Task = boost::asio::awaitable<T>;

using Executor = boost::asio::any_io_executor;

// Runs a task to its end on a loop of its own and gives its value: the blocking form, for scripts
// and examples. What the task leaves running is destroyed with the loop.
template <class T>
T run(Task<T> task) {
  boost::asio::io_context loop(1);
  auto value = boost::asio::co_spawn(loop, std::move(task), boost::asio::use_future);
  loop.run();
  return value.get();
}

// Waits on the executor that awaits it.
Task<void> sleep_for(std::chrono::nanoseconds duration);

}  // namespace parley

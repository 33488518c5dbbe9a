#pragma once

#include <boost/asio/io_context.hpp>

#include "parley/net/task.hpp"

namespace parley::cli {

// Runs the loop until the task gives its exit code, or SIGINT or SIGTERM ends it
// (exit_code::interrupted). An exception of the task is exit_code::failed.
int run_until_signal(boost::asio::io_context& loop, Task<int> task);

}  // namespace parley::cli

#include "parley/cli/run_task.hpp"

#include <csignal>
#include <iostream>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/signal_set.hpp>

#include "parley/cli/commands.hpp"

namespace parley::cli {

int run_until_signal(boost::asio::io_context& loop, Task<int> task) {
  int code = exit_code::interrupted;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr failed, int ended) {
    code = failed ? exit_code::failed : ended;
    loop.stop();
  });
  boost::asio::signal_set signals(loop, SIGINT, SIGTERM);
  signals.async_wait([&](const boost::system::error_code& error, int) {
    if (!error) loop.stop();
  });
  loop.run();
  std::cout << std::flush;
  return code;
}

}  // namespace parley::cli

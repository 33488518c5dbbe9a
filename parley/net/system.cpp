#include "parley/net/system.hpp"

#include <exception>
#include <stdexcept>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <openssl/rand.h>

#include "parley/net/task.hpp"

namespace parley {

Task<void> sleep_for(std::chrono::nanoseconds duration) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  timer.expires_after(duration);
  co_await timer.async_wait(boost::asio::use_awaitable);
}

namespace detail {

void run_until_done(boost::asio::io_context& loop, Task<void> task) {
  std::exception_ptr thrown;
  boost::asio::co_spawn(loop, std::move(task), [&](std::exception_ptr exception) {
    thrown = exception;
    loop.stop();
  });
  loop.run();
  if (thrown) std::rethrow_exception(thrown);
}

}  // namespace detail

namespace net {

std::uint64_t SystemRandom::next() {
  if (left_ == 0) {
    if (RAND_bytes(reinterpret_cast<unsigned char*>(pool_.data()),
                   static_cast<int>(sizeof pool_)) != 1)
      throw std::runtime_error("the system gives no random bytes");
    left_ = pool_.size();
  }
  return pool_[--left_];
}

SystemRandom& system_random() {
  thread_local SystemRandom random;
  return random;
}

}  // namespace net
}  // namespace parley

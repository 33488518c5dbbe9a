#include "parley/narrative/detail/aside.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace parley::narrative::detail {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

// Whatever ends the task, the thread is told.
struct StopAtEnd {
  explicit StopAtEnd(std::shared_ptr<AsideState> of) : state(std::move(of)) {}
  StopAtEnd(const StopAtEnd&) = delete;
  StopAtEnd& operator=(const StopAtEnd&) = delete;
  ~StopAtEnd() { state->stop.request(); }
  std::shared_ptr<AsideState> state;
};

}  // namespace

Stop::Stop() : descriptor_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

Stop::~Stop() {
  if (descriptor_ >= 0) close(descriptor_);
}

void Stop::request() {
  if (wanted_.exchange(true)) return;
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(descriptor_, &one, sizeof one);
}

Waited wait_for(int descriptor, short events,
                std::optional<std::chrono::steady_clock::time_point> deadline, const Stop& stop) {
  for (;;) {
    int left = -1;
    if (deadline) {
      const auto rest = std::chrono::ceil<std::chrono::milliseconds>(
          *deadline - std::chrono::steady_clock::now());
      if (rest.count() <= 0) return Waited::late;
      left = static_cast<int>(std::min<std::int64_t>(rest.count(), 1'000'000));
    }
    pollfd both[] = {{stop.descriptor(), POLLIN, 0}, {descriptor, events, 0}};
    const int count = poll(both, 2, left);
    if (stop.requested()) return Waited::stopped;
    if (count > 0) return Waited::ready;
  }
}

Task<bool> wait_aside(std::shared_ptr<AsideState> state) {
  const auto executor = co_await asio::this_coro::executor;
  const StopAtEnd guard(state);
  const auto ended = std::make_shared<Descriptor>(executor, dup(state->ended.descriptor()));
  co_await ended->async_wait(Descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  if (state->ended.requested()) co_return true;
  state->stop.request();
  co_await asio::this_coro::throw_if_cancelled(false);
  asio::steady_timer limit(executor, std::chrono::seconds(1));
  limit.async_wait([ended](const boost::system::error_code& error) {
    if (!error) ended->cancel();
  });
  co_await ended->async_wait(Descriptor::wait_read, asio::as_tuple(asio::use_awaitable));
  limit.cancel();
  co_return false;
}

}  // namespace parley::narrative::detail

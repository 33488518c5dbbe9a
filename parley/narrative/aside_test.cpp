#include "parley/narrative/detail/aside.hpp"

#include <poll.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <gtest/gtest.h>

namespace parley::narrative::detail {
namespace {

using Work = std::function<Result<int>(const Stop&)>;

Task<void> keep(Work work, std::optional<Result<int>>& to) {
  co_await boost::asio::this_coro::throw_if_cancelled(false);
  to.emplace(co_await aside(std::move(work)));
}

// Waits until it is told to stop, and says so.
struct Waiting {
  explicit Waiting(std::function<void()> when_begun) : begun(std::move(when_begun)) {}
  Result<int> operator()(const Stop& stop) const {
    begun();
    const bool stopped = wait_for(-1, POLLIN, std::nullopt, stop) == Waited::stopped;
    told->store(stopped);
    told->notify_all();
    return 1;
  }
  std::function<void()> begun;
  std::shared_ptr<std::atomic<bool>> told = std::make_shared<std::atomic<bool>>(false);
};

}  // namespace

TEST(Aside_D42, WorkRunsOnAnotherThreadAndItsResultComesBack) {
  const auto here = std::this_thread::get_id();
  const Work work = [here](const Stop&) -> Result<int> {
    if (std::this_thread::get_id() == here) return fail(ErrorKind::internal, "the same thread");
    return 7;
  };
  EXPECT_EQ(parley::run(aside(work)).value(), 7);
  const Work bad = [](const Stop&) -> Result<int> { return fail(ErrorKind::storage, "no"); };
  EXPECT_EQ(parley::run(aside(bad)).error().message(), "no");
}

TEST(Aside_D42, CancellingTellsTheWorkAndEndsTheWait) {
  boost::asio::io_context loop(1);
  boost::asio::cancellation_signal cancel;
  const Waiting waiting([&] {
    boost::asio::post(loop, [&] { cancel.emit(boost::asio::cancellation_type::terminal); });
  });
  std::optional<Result<int>> result;
  boost::asio::co_spawn(
      loop, keep(waiting, result),
      boost::asio::bind_cancellation_slot(cancel.slot(), [](std::exception_ptr) {}));
  loop.run();
  ASSERT_TRUE(result);
  EXPECT_EQ(result->error().kind(), ErrorKind::cancelled);
  EXPECT_TRUE(*waiting.told);
}

TEST(Aside_D42, ATaskThatIsDestroyedTellsTheWork) {
  auto loop = std::make_unique<boost::asio::io_context>(1);
  const Waiting waiting([&loop, &at = *loop] { boost::asio::post(at, [&loop] { loop->stop(); }); });
  std::optional<Result<int>> result;
  boost::asio::co_spawn(*loop, keep(waiting, result), [](std::exception_ptr) {});
  loop->run();
  loop.reset();
  EXPECT_FALSE(result);
  waiting.told->wait(false);
  EXPECT_TRUE(*waiting.told);
}

}  // namespace parley::narrative::detail

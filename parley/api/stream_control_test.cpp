#include "parley/api/stream_control.hpp"

#include <atomic>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

namespace parley::api {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

// What a stream holds: counted, so that a test sees when it is given back.
struct Held {
  std::shared_ptr<int> socket = std::make_shared<int>(), permit = std::make_shared<int>();
};

// Gives numbers as texts, up to a count; then it ends, or waits for ever.
class Numbers {
 public:
  Numbers(Executor executor, int count, bool ends, Held held = Held())
      : state_(std::make_unique<State>(executor, count, ends, std::move(held))) {}

  Task<std::optional<std::string>> next() {
    auto& state = *state_;
    co_await asio::post(state.never.get_executor(), asio::use_awaitable);
    if (state.given < state.count) co_return std::to_string(state.given++);
    if (state.throws) throw std::runtime_error("a bug");
    if (state.ends) co_return std::nullopt;
    boost::system::error_code ignored;
    co_await state.never.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
    // A chunk that comes although it was cancelled.
    co_return "late";
  }
  Result<void> outcome() const { return state_->outcome; }
  void fail_at_end(Error error) { state_->outcome = fail(std::move(error)); }
  void throw_at_end() { state_->throws = true; }
  int given() const { return state_->given; }

 private:
  struct State {
    State(const Executor& executor, int total, bool has_end, Held what)
        : never(executor, asio::steady_timer::time_point::max()),
          count(total),
          ends(has_end),
          held(std::move(what)) {}
    asio::steady_timer never;
    int count, given = 0;
    bool ends, throws = false;
    Held held;
    Result<void> outcome;
  };
  std::unique_ptr<State> state_;
};
using Controlled = ControlledStream<Numbers>;

Task<void> turns() {
  const auto executor = co_await asio::this_coro::executor;
  for (int n = 0; n < 400; ++n) co_await asio::post(executor, asio::use_awaitable);
}

Task<Controlled> make(int count, bool ends, StreamOptions options = StreamOptions(),
                      Held held = Held()) {
  const auto executor = co_await asio::this_coro::executor;
  Numbers numbers(executor, count, ends, std::move(held));
  auto stream = co_await control_stream(std::move(numbers), std::move(options));
  co_return std::move(*stream);
}

Task<void> pauses() {
  auto stream = co_await make(250, true);
  auto control = stream.control();
  int expected = 0;
  for (; expected < 10; ++expected) EXPECT_EQ(co_await stream.next(), std::to_string(expected));
  EXPECT_TRUE(control.pause());
  co_await turns();
  EXPECT_EQ(stream.source()->given(), 110) << "a hundred more are read, then the source waits";
  EXPECT_FALSE(co_await stream.next_until(TimePoint::min()));
  EXPECT_FALSE(stream.over());
  EXPECT_TRUE(control.resume());
  while (auto one = co_await stream.next()) EXPECT_EQ(*one, std::to_string(expected++));
  EXPECT_EQ(expected, 250) << "nothing is lost";
  EXPECT_EQ(stream.state(), StreamState::completed);
  EXPECT_TRUE(stream.outcome());
  EXPECT_EQ(control.metrics().chunks, 250u);
  EXPECT_EQ(control.cancel().error().kind(), ErrorKind::invalid_state);
}
TEST(StreamControl_A23_A25, APausedStreamIsHeldUpAndLosesNothing) {
  run(pauses());
}

Task<void> resume_later(StreamControl control) {
  co_await turns();
  EXPECT_TRUE(control.resume());
}
Task<void> waits_for_resume() {
  auto stream = co_await make(3, true);
  EXPECT_TRUE(stream.control().pause());
  asio::co_spawn(co_await asio::this_coro::executor, resume_later(stream.control()),
                 asio::detached);
  EXPECT_EQ(co_await stream.next(), "0");
}
TEST(StreamControl_A23, AReaderWaitsForTheResume) {
  run(waits_for_resume());
}

Task<void> bounded_bytes() {
  StreamOptions options;
  options.limits.buffer.max_bytes = 5;
  auto stream = co_await make(100, true, options);
  co_await turns();
  EXPECT_EQ(stream.source()->given(), 5);
  int expected = 0;
  while (auto one = co_await stream.next()) EXPECT_EQ(*one, std::to_string(expected++));
  EXPECT_EQ(expected, 100);
}
TEST(StreamControl_A25, BytesAreBoundedWhileNobodyReads) {
  run(bounded_bytes());
}

Task<void> cancels() {
  const Held held;
  StreamOptions options;
  auto stream = co_await make(3, false, options, held);
  auto control = stream.control();
  EXPECT_EQ(co_await stream.next(), "0");
  co_await turns();
  EXPECT_EQ(held.socket.use_count(), 2);
  EXPECT_EQ(held.permit.use_count(), 2);
  EXPECT_TRUE(control.cancel());
  EXPECT_FALSE(co_await stream.next()) << "neither what waited nor what comes late";
  co_await stream.wait_released();
  EXPECT_EQ(held.socket.use_count(), 1);
  EXPECT_EQ(held.permit.use_count(), 1);
  EXPECT_TRUE(control.released());
  EXPECT_EQ(stream.outcome().error().kind(), ErrorKind::cancelled);
  EXPECT_EQ(control.pause().error().kind(), ErrorKind::invalid_state);
}
TEST(StreamControl_A30, CancelReleasesAllAtOnceAndDeliversNothing) {
  run(cancels());
}

Task<void> cancel_later(StreamControl control) {
  co_await turns();
  EXPECT_TRUE(control.cancel());
}
Task<void> cancels_a_reader() {
  auto stream = co_await make(0, false);
  asio::co_spawn(co_await asio::this_coro::executor, cancel_later(stream.control()),
                 asio::detached);
  EXPECT_FALSE(co_await stream.next());
  EXPECT_EQ(stream.state(), StreamState::cancelled);
}
TEST(StreamControl_A30, CancelEndsAReaderThatWaits) {
  run(cancels_a_reader());
}

Task<void> drops() {
  const Held held;
  std::optional<StreamControl> control;
  {
    auto stream = co_await make(1, false, StreamOptions(), held);
    control = stream.control();
  }
  co_await turns();
  EXPECT_EQ(held.socket.use_count(), 1);
  EXPECT_TRUE(control->released());
  EXPECT_EQ(control->state(), StreamState::cancelled);
  EXPECT_FALSE(control->resume());
}
TEST(StreamControl_A30, DroppingTheStreamReleasesIt) {
  run(drops());
}

Task<void> pause_limit() {
  StreamOptions options;
  options.limits.pause_limit = milliseconds(5);
  const Held held;
  auto stream = co_await make(1, false, options, held);
  EXPECT_TRUE(stream.control().pause());
  EXPECT_FALSE(co_await stream.next()) << "the timer ends the wait";
  EXPECT_EQ(stream.state(), StreamState::timed_out);
  EXPECT_EQ(stream.outcome().error().kind(), ErrorKind::timeout);
  co_await stream.wait_released();
  EXPECT_EQ(held.socket.use_count(), 1);
}
TEST(StreamControl_A26, APauseThatIsTooLongEndsTheStream) {
  run(pause_limit());
}

TEST(StreamControl_A26, AControlOperationHasALimit) {
  asio::io_context loop(1);
  StreamOptions options;
  options.control_limit = milliseconds(1);
  std::optional<Controlled> stream;
  asio::co_spawn(
      loop,
      [](StreamOptions with, std::optional<Controlled>& out) -> Task<void> {
        out = co_await make(1, false, std::move(with));
      }(options, stream),
      asio::detached);
  while (!stream) loop.run_one();
  // Nobody runs the loop: the stream is cancelled, but cannot be released.
  const auto late = stream->control().cancel_and_wait();
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind(), ErrorKind::timeout);
  EXPECT_EQ(late.error().stage(), Stage::close);
  EXPECT_EQ(stream->state(), StreamState::cancelled);
  EXPECT_FALSE(stream->control().released());
  loop.run();
  EXPECT_TRUE(stream->control().released());
  stream.reset();
}

Task<void> failing() {
  const auto executor = co_await asio::this_coro::executor;
  Numbers numbers(executor, 2, true);
  numbers.fail_at_end(Error(ErrorKind::disconnected, "cut"));
  auto stream = co_await control_stream(std::move(numbers));
  EXPECT_EQ(co_await stream->next(), "0");
  EXPECT_EQ(co_await stream->next(), "1");
  EXPECT_FALSE(co_await stream->next());
  EXPECT_EQ(stream->outcome().error().message(), "cut");
  EXPECT_EQ(stream->state(), StreamState::error);

  Numbers thrower(executor, 1, true);
  thrower.throw_at_end();
  auto thrown = co_await control_stream(std::move(thrower));
  EXPECT_EQ(co_await thrown->next(), "0");
  bool caught = false;
  try {
    (void)co_await thrown->next();
  } catch (const std::runtime_error&) {
    caught = true;
  }
  EXPECT_TRUE(caught);
}
TEST(StreamControl_A24, ASourcesFailureIsTheStreams) {
  run(failing());
}

Task<void> refused() {
  StreamOptions options;
  options.limits.buffer.max_chunks = 0;
  const auto executor = co_await asio::this_coro::executor;
  Numbers numbers(executor, 2, true);
  const auto stream = co_await control_stream(std::move(numbers), options);
  EXPECT_EQ(stream.error().kind(), ErrorKind::invalid_argument);
}
TEST(StreamControl_A27, ABufferWithoutRoomIsRefused) {
  run(refused());
}

Task<void> told() {
  std::vector<Event> events;
  StreamOptions options;
  options.events = [&events](const Event& event) { events.push_back(event); };
  {
    auto stream = co_await make(2, true, options);
    EXPECT_TRUE(stream.control().pause());
    EXPECT_TRUE(stream.control().resume());
    while (co_await stream.next()) {
    }
  }
  std::vector<std::string> names;
  for (const auto& event : events) {
    names.push_back(event.name);
    EXPECT_EQ(event.field("id"), events[0].field("id"));
  }
  EXPECT_EQ(names, (std::vector<std::string>{"api.stream_start", "api.stream_paused",
                                             "api.stream_resumed", "api.stream_stop"}));
  EXPECT_EQ(events.back().field("chunks"), "2");
}
TEST(StreamControl_A28_B49, StartAndStopAreToldOnce) {
  run(told());
}

// Many threads pause, resume and cancel while the stream is read.
Task<void> read_all(std::atomic<int>& read, std::atomic<bool>& in_order, std::atomic<int>& ready,
                    std::optional<StreamControl>& control, std::atomic<bool>& over) {
  {
    auto stream = co_await make(1'000'000'000, false);
    control = stream.control();
    ready = 1;
    while (auto one = co_await stream.next()) {
      if (*one != std::to_string(read)) in_order = false;
      ++read;
    }
    EXPECT_EQ(stream.state(), StreamState::cancelled);
    co_await stream.wait_released();
  }
  over = true;
}

TEST(StreamControl_A29, ManyThreadsEndInOneConsistentState) {
  std::atomic<int> read = 0, ready = 0, cancelled = 0;
  std::atomic<bool> in_order = true, over = false;
  std::optional<StreamControl> shared;
  asio::io_context loop(1);
  asio::co_spawn(loop, read_all(read, in_order, ready, shared, over), asio::detached);
  std::thread runner([&loop] { loop.run(); });
  while (!ready) std::this_thread::yield();
  std::vector<std::thread> hands;
  for (int hand = 0; hand < 4; ++hand)
    hands.emplace_back([&, control = *shared]() mutable {
      for (int n = 0; n < 300; ++n) {
        (void)control.pause();
        (void)control.metrics();
        (void)control.resume();
      }
      if (control.cancel()) ++cancelled;
      EXPECT_EQ(control.state(), StreamState::cancelled);
      EXPECT_FALSE(control.pause());
    });
  for (auto& hand : hands) hand.join();
  runner.join();
  EXPECT_EQ(cancelled, 1) << "one hand was the first";
  EXPECT_TRUE(in_order);
  EXPECT_TRUE(over);
  EXPECT_TRUE(shared->released());
}

TEST(StreamControl_A29_A30, AnotherThreadWaitsUntilAllIsReleased) {
  const Held held;
  std::atomic<int> ready = 0;
  std::optional<StreamControl> shared;
  asio::io_context loop(1);
  asio::co_spawn(
      loop,
      [](Held what, std::atomic<int>& is_ready, std::optional<StreamControl>& out) -> Task<void> {
        StreamOptions options;
        options.control_limit = milliseconds(60'000);
        auto stream = co_await make(5, false, options, std::move(what));
        out = stream.control();
        is_ready = 1;
        while (co_await stream.next()) {
        }
      }(held, ready, shared),
      asio::detached);
  std::thread runner([&loop] { loop.run(); });
  while (!ready) std::this_thread::yield();
  EXPECT_TRUE(shared->cancel_and_wait());
  EXPECT_TRUE(shared->released());
  runner.join();
  EXPECT_EQ(held.socket.use_count(), 1);
}

}  // namespace
}  // namespace parley::api

#include "parley/api/stream_hub.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/api/stream_control.hpp"
#include "parley/net/system.hpp"

namespace parley::api::detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

Task<void> wait(asio::steady_timer& timer, TimePoint until) {
  error_code ignored;
  timer.expires_at(until);
  co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

}  // namespace

// What only the stream's executor touches.
struct StreamHub::Loop {
  explicit Loop(const Executor& on)
      : executor(on), reader(on), room(on), pause_end(on), released(on) {}
  Executor executor;
  std::weak_ptr<StreamHub> hub;
  asio::steady_timer reader, room, pause_end, released;
  asio::cancellation_signal stop;
  bool pumping = false;
};

StreamHub::StreamHub(Executor executor, StreamOptions options)
    : options_(std::make_unique<StreamOptions>(std::move(options))),
      rules_(options_->limits, net::now()),
      loop_(std::make_shared<Loop>(executor)) {
  scope_ = EventScope::begin(options_->events, "api.stream", [this](Event& event) {
    if (!options_->name.empty()) event.with("name", options_->name);
  });
}

StreamHub::~StreamHub() = default;

// The end of the pump: its own, or that of a loop that is destroyed with it.
class StreamHub::PumpEnd {
 public:
  explicit PumpEnd(std::shared_ptr<StreamHub> hub) : hub_(std::move(hub)) {}
  PumpEnd(PumpEnd&&) noexcept = default;
  PumpEnd& operator=(PumpEnd&&) = delete;
  ~PumpEnd() {
    if (hub_) hub_->pumped(nullptr, true);
  }
  void operator()(std::exception_ptr error) { std::exchange(hub_, nullptr)->pumped(error, false); }

 private:
  std::shared_ptr<StreamHub> hub_;
};

void StreamHub::start(Task<void> pump, std::function<void()> release, std::function<void()> clear) {
  release_ = std::move(release);
  clear_ = std::move(clear);
  loop_->hub = weak_from_this();
  loop_->pumping = true;
  const auto loop = loop_;
  asio::co_spawn(loop->executor, std::move(pump),
                 asio::bind_cancellation_slot(loop->stop.slot(), PumpEnd(shared_from_this())));
}

Result<void> StreamHub::pause() {
  {
    const std::lock_guard lock(lock_);
    if (auto done = rules_.pause(net::now()); !done) return done;
    changed_locked();
  }
  tell("api.stream_paused");
  return {};
}

Result<void> StreamHub::resume() {
  {
    const std::lock_guard lock(lock_);
    auto done = rules_.resume(net::now());
    changed_locked();  // it may have come too late
    if (!done) return done;
  }
  tell("api.stream_resumed");
  return {};
}

Result<void> StreamHub::cancel() {
  const std::lock_guard lock(lock_);
  if (auto done = rules_.cancel(net::now()); !done) return done;
  changed_locked();
  return {};
}

Result<void> StreamHub::cancel_and_wait() {
  if (auto done = cancel(); !done) return done;
  std::unique_lock lock(lock_);
  if (gone_.wait_for(lock, options_->control_limit, [this] { return released_; })) return {};
  return fail(Error(ErrorKind::timeout,
                    fmt::format("the stream was cancelled, but its loop has not released it "
                                "within {} ms",
                                options_->control_limit.count()))
                  .with_stage(Stage::close));
}

StreamState StreamHub::state() const {
  const std::lock_guard lock(lock_);
  return rules_.state();
}
Result<void> StreamHub::outcome() const {
  const std::lock_guard lock(lock_);
  return rules_.outcome();
}
StreamMetrics StreamHub::metrics() const {
  const std::lock_guard lock(lock_);
  return rules_.metrics(net::now());
}
bool StreamHub::released() const {
  const std::lock_guard lock(lock_);
  return released_;
}

void StreamHub::tell(std::string_view name) const {
  if (options_->events) options_->events(Event(name).with("id", scope_.id()));
}

// The loop acts upon the state when it comes to it.
void StreamHub::changed_locked() {
  if (!loop_) return;
  asio::post(loop_->executor, [weak = std::weak_ptr(loop_)] {
    const auto loop = weak.lock();
    const auto hub = loop ? loop->hub.lock() : nullptr;
    if (hub) hub->obey(*loop);
  });
}

void StreamHub::obey(Loop& loop) {
  std::optional<TimePoint> pause_end;
  bool stops = false;
  {
    const std::lock_guard lock(lock_);
    pause_end = rules_.next_timeout();
    stops = rules_.drops_all();
  }
  loop.reader.cancel();
  loop.pause_end.cancel();
  if (pause_end) {
    loop.pause_end.expires_at(*pause_end);
    loop.pause_end.async_wait([weak = weak_from_this()](const error_code& error) {
      if (const auto self = weak.lock(); self && !error) self->pause_ended();
    });
  }
  if (stops) clear_();
  if (stops && loop.pumping) loop.stop.emit(asio::cancellation_type::terminal);
  tell_end();
}

void StreamHub::pause_ended() {
  std::shared_ptr<Loop> loop;
  {
    const std::lock_guard lock(lock_);
    rules_.handle_timeout(net::now());
    loop = loop_;
  }
  if (loop) obey(*loop);
}

void StreamHub::drop() {
  std::shared_ptr<Loop> unused;
  const std::lock_guard lock(lock_);
  dropped_ = true;
  (void)rules_.cancel(net::now());
  changed_locked();
  if (released_) unused = std::move(loop_);
}

Task<bool> StreamHub::until_room() {
  for (;;) {
    std::shared_ptr<Loop> loop;
    {
      const std::lock_guard lock(lock_);
      if (rules_.over() || !loop_) co_return false;
      if (rules_.has_room()) co_return true;
      loop = loop_;
    }
    co_await wait(loop->room, TimePoint::max());
  }
}

bool StreamHub::arrived(std::size_t bytes, const std::function<void()>& store) {
  const std::lock_guard lock(lock_);
  if (rules_.over()) return false;
  store();
  rules_.arrived(bytes, net::now());
  if (loop_) loop_->reader.cancel();
  return true;
}

void StreamHub::source_ended(Result<void> outcome) {
  const std::lock_guard lock(lock_);
  rules_.ended(outcome, net::now());
}

void StreamHub::pumped(std::exception_ptr error, bool loop_is_gone) {
  if (release_) release_();
  std::shared_ptr<Loop> loop;
  {
    const std::lock_guard lock(lock_);
    if (error && !rules_.over()) {
      thrown_ = error;
      rules_.ended(fail(ErrorKind::internal, "the stream's source threw"), net::now());
    }
    if (loop_is_gone) (void)rules_.cancel(net::now());
    released_ = true;
    loop = loop_;
    if (dropped_ || loop_is_gone) loop_.reset();
    gone_.notify_all();
  }
  if (loop) {
    loop->pumping = false;
    loop->reader.cancel();
    loop->released.cancel();
  }
  tell_end();
}

Delivery StreamHub::deliver(const std::function<std::size_t()>& take) {
  std::unique_lock lock(lock_);
  if (rules_.may_deliver()) {
    const bool was_full = !rules_.has_room();
    rules_.delivered(take());
    if (was_full && loop_) loop_->room.cancel();
    const bool over = rules_.over();
    lock.unlock();
    if (over) tell_end();
    return Delivery::given;
  }
  if (!rules_.over()) return Delivery::wait;
  const auto thrown = std::exchange(thrown_, nullptr);
  lock.unlock();
  tell_end();
  if (thrown) std::rethrow_exception(thrown);
  return Delivery::over;
}

Task<bool> StreamHub::until_change(TimePoint until) {
  std::shared_ptr<Loop> loop;
  {
    const std::lock_guard lock(lock_);
    loop = loop_;
  }
  if (!loop) co_return false;
  co_await wait(loop->reader, until);
  co_return until == TimePoint::max() || net::now() < until;
}

Task<void> StreamHub::wait_released() {
  for (;;) {
    std::shared_ptr<Loop> loop;
    {
      const std::lock_guard lock(lock_);
      if (released_ || !loop_) co_return;
      loop = loop_;
    }
    co_await wait(loop->released, TimePoint::max());
  }
}

void StreamHub::tell_end() {
  if (!scope_.open()) return;
  StreamMetrics sums;
  Result<void> outcome;
  {
    const std::lock_guard lock(lock_);
    if (!rules_.over()) return;
    outcome = rules_.outcome();
    sums = rules_.metrics(net::now());
  }
  const auto fill = [&sums](Event& event) {
    event.with("chunks", std::to_string(sums.chunks)).with("bytes", std::to_string(sums.bytes));
  };
  if (outcome)
    scope_.stop(fill);
  else
    scope_.fail_with(outcome.error(), fill);
}

}  // namespace parley::api::detail

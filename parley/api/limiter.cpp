#include "parley/api/limiter.hpp"

#include <mutex>
#include <vector>

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/api/brief_mutex.hpp"
#include "parley/api/detail/limit_file.hpp"
#include "parley/base/event_scope.hpp"
#include "parley/limit/gate.hpp"
#include "parley/net/system.hpp"

namespace parley::api {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace detail {

using Gate = limit::Gate<BriefMutex>;

struct LimiterState {
  LimiterState(const limit::LimiterOptions& options, EventSink sink)
      : events(std::move(sink)), gate(Gate::make(clock, options)) {}

  std::string model_of(limit::PoolId pool) {
    const std::lock_guard lock(names_lock);
    return pool < models.size() ? models[pool] : std::string();
  }
  void tell(const limit::Notice& notice);

  net::SystemClock clock;
  EventSink events;
  std::shared_ptr<Gate> gate;
  std::mutex names_lock;
  std::vector<std::string> models;  // by pool, for events
};

void LimiterState::tell(const limit::Notice& notice) {
  using NoticeKind = limit::Notice::Kind;
  const auto name = [&]() -> std::string_view {
    switch (notice.kind) {
      case NoticeKind::reserved:
        return "limit.budget_reserved";
      case NoticeKind::rejected:
        return "limit.budget_rejected";
      case NoticeKind::window_start:
        return "limit.retry_window_start";
      case NoticeKind::window_hit:
        return "limit.retry_window_hit";
      case NoticeKind::window_stop:
        return "limit.retry_window_stop";
      case NoticeKind::learnt:
        return "limit.learnt";
    }
    return "limit.learnt";
  }();
  Event event(name);
  event.with("model", model_of(notice.pool));
  if (notice.kind == NoticeKind::reserved)
    event.with("tokens", std::to_string(notice.amount));
  else
    event.with("dimension", std::string(limit::to_string(notice.dimension)));
  if (notice.kind == NoticeKind::learnt) event.with("level", std::to_string(notice.amount));
  if (notice.until && notice.kind != NoticeKind::window_stop) {
    const auto left = std::chrono::ceil<milliseconds>(*notice.until - clock.now());
    event.with("wait_ms", std::to_string(std::max(left, milliseconds(0)).count()));
  }
  events(event);
}

namespace {

// A coroutine that waits. Touched by its executor only.
struct Sleeper {
  explicit Sleeper(const Executor& on) : executor(on), timer(on) {}
  Executor executor;
  asio::steady_timer timer;
  bool woken = false;
};

// What other threads ring to wake a sleeper. They may be late, when the coroutine has gone on and
// its loop has ended: then there is nobody to wake.
class Bell {
 public:
  explicit Bell(std::shared_ptr<Sleeper> sleeper) : sleeper_(std::move(sleeper)) {}
  void ring() {
    const std::lock_guard lock(lock_);
    if (!sleeper_) return;
    asio::post(sleeper_->executor, [sleeper = sleeper_] {
      sleeper->woken = true;
      sleeper->timer.cancel();
    });
  }
  void take_down() {
    const std::lock_guard lock(lock_);
    sleeper_.reset();
  }

 private:
  std::mutex lock_;
  std::shared_ptr<Sleeper> sleeper_;
};

// Leaves the queue however the coroutine ends.
class Place {
 public:
  Place(std::shared_ptr<LimiterState> state, std::shared_ptr<Bell> bell)
      : state_(std::move(state)), bell_(std::move(bell)) {}
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  ~Place() {
    bell_->take_down();
    if (ticket_) state_->gate->leave(*ticket_);
  }
  void wait_with(limit::TicketId ticket) { ticket_ = ticket; }
  void answered() { ticket_.reset(); }

 private:
  std::shared_ptr<LimiterState> state_;
  std::shared_ptr<Bell> bell_;
  std::optional<limit::TicketId> ticket_;
};

Task<void> sleep(std::shared_ptr<Sleeper> sleeper, std::optional<TimePoint> until) {
  if (std::exchange(sleeper->woken, false)) co_return;
  sleeper->timer.expires_at(until.value_or(TimePoint::max()));
  boost::system::error_code ignored;
  co_await sleeper->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  sleeper->woken = false;
}

Task<Result<limit::Lease>> wait_for(std::shared_ptr<LimiterState> state, limit::PoolId pool,
                                    limit::Demand demand, std::optional<TimePoint> deadline) {
  const auto executor = co_await asio::this_coro::executor;
  const auto sleeper = std::make_shared<Sleeper>(executor);
  const auto bell = std::make_shared<Bell>(sleeper);
  Place place(state, bell);
  const auto ticket = state->gate->join(pool, demand, deadline, [bell] { bell->ring(); });
  if (!ticket) co_return fail(ticket.error());
  place.wait_with(*ticket);
  for (;;) {
    if (auto answer = state->gate->take_answer(*ticket)) {
      place.answered();
      co_return std::move(*answer);
    }
    const auto until = state->gate->sleep_until(*ticket);
    co_await sleep(sleeper, until);
    const auto cancellation = co_await asio::this_coro::cancellation_state;
    if (cancellation.cancelled() != asio::cancellation_type::none)
      co_return fail(ErrorKind::cancelled, "cancelled while it waited for its turn");
    if (until && *until <= state->clock.now()) state->gate->handle_timeout();
  }
}

// limit.wait_stop, however the wait ends.
struct ToldWait {
  ToldWait(std::shared_ptr<LimiterState> of, limit::PoolId whose, TimePoint start)
      : state(std::move(of)), pool(whose), begun(start) {}
  ToldWait(const ToldWait&) = delete;
  ToldWait& operator=(const ToldWait&) = delete;
  ~ToldWait() {
    if (!state->events) return;
    const auto waited = std::chrono::floor<milliseconds>(state->clock.now() - begun);
    Event event("limit.wait_stop");
    event.with("id", id).with("model", state->model_of(pool)).with("result", result);
    event.with("waited_ms", std::to_string(waited.count()));
    if (result != "granted") event.with("kind", result);
    state->events(event);
  }
  std::shared_ptr<LimiterState> state;
  limit::PoolId pool;
  TimePoint begun;
  std::string result = "cancelled", id;
};

}  // namespace
}  // namespace detail

Limiter::Limiter(const limit::LimiterOptions& options, EventSink events)
    : state_(std::make_shared<detail::LimiterState>(options, std::move(events))) {
  if (!state_->events) return;
  state_->gate->on_notice([weak = std::weak_ptr(state_)](const limit::Notice& notice) {
    if (const auto state = weak.lock()) state->tell(notice);
  });
}

Result<Limiter> Limiter::open(SharedFile file, const limit::LimiterOptions& options,
                              EventSink events) {
  Limiter limiter(options, std::move(events));
  auto shared = detail::LimitFile::open(std::move(file.path));
  if (!shared) return fail(std::move(shared.error()));
  // What is wrong with the file is told here, not by the first call.
  if (auto tried = (*shared)->try_out(limiter.state_->clock); !tried)
    return fail(std::move(tried.error()));
  limiter.state_->gate->share(std::move(*shared),
                              [weak = std::weak_ptr(limiter.state_)](const Error& error) {
                                const auto state = weak.lock();
                                if (state && state->events)
                                  state->events(Event("limit.error").with("why", error.describe()));
                              });
  return limiter;
}

Result<limit::PoolId> Limiter::configure(std::string_view project, std::string_view model,
                                         const limit::Limits& limits, const limit::Price& price,
                                         const limit::LearnOptions& learn) {
  auto pool = state_->gate->configure(project, model, limits, price, learn);
  if (!pool) return pool;
  const std::lock_guard lock(state_->names_lock);
  if (state_->models.size() <= *pool) state_->models.resize(*pool + 1);
  state_->models[*pool] = model;
  return pool;
}

Result<void> Limiter::configure_project(std::string_view project, const limit::Limits& limits) {
  return state_->gate->configure_project(project, limits);
}

Result<limit::Lease> Limiter::try_acquire(limit::PoolId pool, const limit::Demand& demand) const {
  return state_->gate->try_reserve(pool, demand);
}

Task<Result<limit::Lease>> Limiter::acquire(limit::PoolId pool, limit::Demand demand,
                                            WaitOptions wait) const {
  const auto state = state_;
  auto lease = state->gate->try_reserve(pool, demand);
  const bool may_wait = !wait.max_wait || wait.max_wait->count() > 0;
  if (lease || lease.error().kind() != ErrorKind::rate_limited || !may_wait) co_return lease;
  std::string id;
  if (state->events) {
    id = new_event_id();
    Event event("limit.wait_start");
    event.with("id", id).with("model", state->model_of(pool));
    event.with("dimension", std::string(lease.error().detail("dimension").value_or("")));
    if (const auto after = lease.error().retry_after())
      event.with("wait_ms", std::to_string(after->count()));
    state->events(event);
  }
  const auto begun = state->clock.now();
  std::optional<TimePoint> deadline;
  if (wait.max_wait) deadline = begun + *wait.max_wait;
  detail::ToldWait told(state, pool, begun);
  told.id = std::move(id);
  auto waited = co_await detail::wait_for(state, pool, std::move(demand), deadline);
  told.result = waited ? "granted" : std::string(to_string(waited.error().kind()));
  co_return waited;
}

void Limiter::learn(limit::PoolId pool, const http::Headers& headers) const {
  std::vector<std::pair<std::string, std::string>> fields;
  for (const auto& header : headers.all()) fields.emplace_back(header.name, header.value);
  const auto told = limit::read_rate_headers(fields, state_->clock.wall_now());
  if (!told.empty()) state_->gate->learn(pool, told);
}

limit::Snapshot Limiter::snapshot(limit::PoolId pool) const {
  return state_->gate->snapshot(pool);
}
std::size_t Limiter::waiting() const {
  return state_->gate->waiting();
}

void Limiter::tell(Event event, limit::PoolId pool) const {
  if (!state_->events) return;
  event.with("model", state_->model_of(pool));
  state_->events(event);
}
bool Limiter::is_observed() const {
  return static_cast<bool>(state_->events);
}

}  // namespace parley::api

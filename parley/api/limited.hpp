#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "parley/api/limiter.hpp"
#include "parley/base/event_scope.hpp"

// Any asynchronous function behind a limiter: it waits for its turn, runs, and settles what it took
// from what it used. Whatever is thrown or cancelled, nothing stays taken.
namespace parley::api {

// What a result of type T says that it used; empty: the estimate stays.
template <class T>
using UsageOf = std::function<std::optional<limit::Usage>(const T&)>;

namespace detail {

// limit.request_start and _stop (or stream_…), in a pair however it ends.
class Told {
 public:
  Told(const Limiter& limiter, limit::PoolId pool, std::string thing)
      : limiter_(limiter), pool_(pool), thing_(std::move(thing)) {
    if (!limiter.is_observed()) return;
    id_ = new_event_id();
    limiter.tell(Event("limit." + thing_ + "_start").with("id", id_), pool_);
  }
  Told(Told&& other) noexcept
      : limiter_(std::exchange(other.limiter_, std::nullopt)),
        pool_(other.pool_),
        thing_(std::move(other.thing_)),
        id_(std::move(other.id_)) {}
  Told& operator=(Told&&) = delete;
  ~Told() { stop("stopped"); }
  // "completed", "error" with its kind, "stopped" (nobody waited for the end).
  void stop(std::string result, const Error* why = nullptr) {
    const auto limiter = std::exchange(limiter_, std::nullopt);
    if (!limiter || id_.empty()) return;
    Event event("limit." + thing_ + "_stop");
    event.with("id", id_).with("result", std::move(result));
    if (why != nullptr) event.with("kind", std::string(to_string(why->kind())));
    limiter->tell(std::move(event), pool_);
  }

 private:
  std::optional<Limiter> limiter_;
  limit::PoolId pool_;
  std::string thing_, id_;
};

}  // namespace detail

// Runs `call` (an operation that has not begun, as all Tasks) when its turn has come. Errors: those
// of Limiter::acquire, with the call never begun; else its own. A quota error teaches the limiter.
// Nothing is tried again: an attempt of a retry is a call of its own, and waits again.
template <class T>
Task<Result<T>> limited(Limiter limiter, limit::PoolId pool, limit::Demand demand,
                        Task<Result<T>> call, UsageOf<T> usage_of = {},
                        WaitOptions wait = WaitOptions()) {
  auto lease = co_await limiter.acquire(pool, std::move(demand), wait);
  if (!lease) co_return fail(std::move(lease.error()));
  detail::Told told(limiter, pool, "request");
  auto result = co_await std::move(call);
  if (!result) {
    lease->settle(limit::Outcome::of(result.error()));
    told.stop("error", &result.error());
    co_return result;
  }
  limit::Outcome outcome(limit::Outcome::Kind::success);
  if constexpr (!std::is_void_v<T>)
    if (usage_of) outcome.usage = usage_of(*result);
  lease->settle(outcome);
  told.stop("completed");
  co_return result;
}

// A stream behind a limiter: `Stream` has next(), which gives optional elements, and outcome(). The
// lease is held until the stream has ended or this is destroyed.
template <class Stream>
class LimitedStream {
 public:
  using Element = typename decltype(std::declval<Stream&>().next())::value_type::value_type;

  LimitedStream(Stream stream, limit::Lease lease, detail::Told told, UsageOf<Element> usage_of)
      : stream_(std::move(stream)),
        lease_(std::move(lease)),
        told_(std::move(told)),
        usage_of_(std::move(usage_of)) {}
  LimitedStream(LimitedStream&&) noexcept = default;
  LimitedStream& operator=(LimitedStream&&) = delete;
  // A stream that is dropped early was cancelled; what it used so far is charged.
  ~LimitedStream() { end(limit::Outcome::Kind::cancelled, "stopped"); }

  // The stream's own, one at a time.
  Task<std::optional<Element>> next() {
    auto element = co_await stream_.next();
    if (element) {
      if (usage_of_)
        if (auto used = usage_of_(*element)) usage_ = used;
      co_return element;
    }
    const auto ended = stream_.outcome();
    if (ended)
      end(limit::Outcome::Kind::success, "completed");
    else
      end(limit::Outcome::of(ended.error()), "error", &ended.error());
    co_return element;
  }
  Result<void> outcome() const { return stream_.outcome(); }
  Stream& stream() { return stream_; }

 private:
  void end(limit::Outcome outcome, const char* result, const Error* why = nullptr) {
    if (!lease_) return;
    if (usage_) outcome.usage = usage_;
    lease_.settle(outcome);
    told_.stop(result, why);
  }

  Stream stream_;
  limit::Lease lease_;
  detail::Told told_;
  UsageOf<Element> usage_of_;
  std::optional<limit::Usage> usage_;
};

// As limited(), for a call that opens a stream. `usage_of` looks at each element; the last usage
// that it gives (the service's sum so far) is what the call has used.
template <class Stream>
Task<Result<LimitedStream<Stream>>> limited_stream(
    Limiter limiter, limit::PoolId pool, limit::Demand demand, Task<Result<Stream>> call,
    UsageOf<typename LimitedStream<Stream>::Element> usage_of = {},
    WaitOptions wait = WaitOptions()) {
  auto lease = co_await limiter.acquire(pool, std::move(demand), wait);
  if (!lease) co_return fail(std::move(lease.error()));
  detail::Told told(limiter, pool, "stream");
  auto stream = co_await std::move(call);
  if (!stream) {
    lease->settle(limit::Outcome::of(stream.error()));
    told.stop("error", &stream.error());
    co_return fail(std::move(stream.error()));
  }
  co_return LimitedStream<Stream>(std::move(*stream), std::move(*lease), std::move(told),
                                  std::move(usage_of));
}

}  // namespace parley::api

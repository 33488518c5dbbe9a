#include "parley/api/token_source.hpp"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "parley/net/system.hpp"

namespace parley::api {

namespace asio = boost::asio;

// A fetch that is under way, and those who wait for it.
struct TokenSource::Flight {
  explicit Flight(const Executor& executor)
      : landed(executor, asio::steady_timer::time_point::max()) {}
  asio::steady_timer landed;  // cancelled when it is done
  std::optional<Error> failure;
  bool done = false;
};

// Ends a flight whose coroutine is destroyed with its loop, so that a later loop begins another.
struct TokenSource::Landing {
  ~Landing() {
    if (flight->done) return;
    source->tell_stop(fail(ErrorKind::cancelled, "the fetch was given up"));
    source->flight_.reset();
  }
  std::shared_ptr<TokenSource> source;
  std::shared_ptr<Flight> flight;
};

TokenSource::TokenSource(std::string name, Fetch fetch, TokenPolicy policy)
    : name_(std::move(name)), fetch_(std::move(fetch)), policy_(std::move(policy)) {
  if (!policy_.clock) policy_.clock = std::make_shared<net::SystemClock>();
}

std::shared_ptr<TokenSource> TokenSource::make(std::string name, Fetch fetch, TokenPolicy policy) {
  return std::shared_ptr<TokenSource>(
      new TokenSource(std::move(name), std::move(fetch), std::move(policy)));
}

std::shared_ptr<TokenSource> TokenSource::fixed(Secret token) {
  auto source = make("given token", nullptr);
  HeldToken held;
  held.token.value = std::move(token);
  source->held_ = std::move(held);
  return source;
}

void TokenSource::drop(const Secret& refused) {
  if (fetch_ && held_ && equal_in_constant_time(held_->token.value.reveal(), refused.reveal()))
    held_.reset();
}

void TokenSource::tell_start() const {
  if (policy_.events)
    policy_.events(
        Event("api.token_fetch_start").with("id", std::to_string(fetches_)).with("source", name_));
}

void TokenSource::tell_stop(const Result<AccessToken>& result) const {
  if (!policy_.events) return;
  Event event("api.token_fetch_stop");
  event.with("id", std::to_string(fetches_)).with("source", name_);
  event.with("outcome", result ? "ok" : result.error().describe());
  if (result && result->life) event.with("life_s", std::to_string(result->life->count()));
  policy_.events(event);
}

Task<Result<AccessToken>> TokenSource::guarded(Fetch fetch) {
  try {
    co_return co_await fetch();
  } catch (const boost::system::system_error&) {
    throw;  // cancelled, or the loop is going down
  } catch (...) {
  }
  co_return fail(ErrorKind::internal, "the function that gives access tokens threw an exception");
}

Task<void> TokenSource::fly(std::shared_ptr<TokenSource> self, std::shared_ptr<Flight> flight) {
  const Landing landing{self, flight};
  HeldToken held;
  held.asked = self->policy_.clock->now();
  held.asked_wall = self->policy_.clock->wall_now();
  ++self->fetches_;
  self->tell_start();
  Result<AccessToken> result = fail(ErrorKind::cancelled, "the fetch was given up");
  try {
    result = co_await guarded(self->fetch_);
  } catch (const boost::system::system_error&) {
  }
  self->tell_stop(result);
  if (result) {
    held.token = std::move(*result);
    self->held_ = std::move(held);
  } else {
    flight->failure = std::move(result.error());
    const auto pause = std::max(self->policy_.pause,
                                flight->failure->retry_after().value_or(self->policy_.pause));
    self->not_before_ = self->policy_.clock->now() + pause;
  }
  flight->done = true;
  self->flight_.reset();
  flight->landed.cancel();
}

Task<Result<Secret>> TokenSource::token() {
  const auto self = shared_from_this();
  const auto age = [&] {
    return age_of(*held_, policy_.margin, policy_.clock->now(), policy_.clock->wall_now());
  };
  if (held_) {
    const auto now = age();
    const bool waits = now == TokenAge::due && policy_.clock->now() < not_before_;
    if (now == TokenAge::fresh || waits) co_return held_->token.value;
  }
  auto flight = flight_;
  if (!flight) {
    const auto executor = co_await asio::this_coro::executor;
    flight = flight_ = std::make_shared<Flight>(executor);
    asio::co_spawn(executor, fly(self, flight), asio::detached);
  }
  while (!flight->done) {
    boost::system::error_code ignored;
    co_await flight->landed.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }
  if (!flight->failure && held_) co_return held_->token.value;
  if (held_ && age() != TokenAge::expired) co_return held_->token.value;
  if (flight->failure) co_return fail(*flight->failure);
  co_return fail(ErrorKind::unauthenticated, "the service has refused the token that was fetched");
}

}  // namespace parley::api

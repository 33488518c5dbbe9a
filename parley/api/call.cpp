#include "parley/api/detail/call.hpp"

#include <algorithm>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/net/system.hpp"

namespace parley::api::detail {

namespace asio = boost::asio;
using std::chrono::milliseconds;

namespace {

milliseconds since(TimePoint begun) {
  return std::chrono::duration_cast<milliseconds>(net::now() - begun);
}

bool has_retries(const limit::RetryPolicy& policy) {
  return std::ranges::any_of(policy.rules,
                             [](const limit::RetryRule& rule) { return rule.retries > 0; });
}

std::string prefix_of(const http::Url& base) {
  std::string prefix = base.target;
  while (prefix.ends_with('/')) prefix.pop_back();
  return prefix;
}

std::string path_of(const std::string& target) {
  return target.substr(0, target.find('?'));
}

// A pass that was given back in any case.
class PassGuard {
 public:
  PassGuard(limit::Breaker& breaker, limit::Breaker::Pass pass) : breaker_(&breaker), pass_(pass) {}
  PassGuard(const PassGuard&) = delete;
  PassGuard& operator=(const PassGuard&) = delete;
  ~PassGuard() {
    if (breaker_) breaker_->cancelled(pass_);
  }
  void ended(const Result<void>& outcome) {
    std::exchange(breaker_, nullptr)->ended(pass_, outcome, net::now());
  }

 private:
  limit::Breaker* breaker_;
  limit::Breaker::Pass pass_;
};

// The task's value, or nothing where the time has passed first; then the task was cancelled.
template <class T>
Task<std::optional<T>> within(Task<T> task, std::optional<TimePoint> until) {
  using namespace asio::experimental::awaitable_operators;
  if (!until) {
    auto value = co_await std::move(task);
    co_return std::optional<T>(std::move(value));
  }
  asio::steady_timer timer(co_await asio::this_coro::executor, *until);
  auto first = co_await (std::move(task) || timer.async_wait(asio::use_awaitable));
  if (first.index() == 1) co_return std::nullopt;
  co_return std::optional<T>(std::move(std::get<0>(first)));
}

}  // namespace

CallerState::CallerState(http::Url base, net::HttpClientOptions http, CallOptions call_options)
    : http_options(http),
      client(std::move(http)),
      options(std::move(call_options)),
      health(options.health.value_or(HealthOptions()), 1 + options.fallbacks.size(), net::now()) {
  urls.push_back(std::move(base));
  for (const auto& one : options.fallbacks) urls.push_back(one.base);
  for (std::size_t n = 0; n < urls.size(); ++n) breakers.emplace_back(options.breaker);
  if (options.cache) cache.emplace(*options.cache);
  if (options.rate) rate.emplace(*options.rate);
}

http::Request CallerState::request_for(std::size_t endpoint, const http::Request& request) const {
  http::Request out = request;
  if (endpoint == 0) return out;
  const auto first = prefix_of(urls[0]);
  if (out.target.starts_with(first))
    out.target = prefix_of(urls[endpoint]) + out.target.substr(first.size());
  for (const auto& field : options.fallbacks[endpoint - 1].headers.all())
    out.headers.set(field.name, field.value);
  return out;
}

Call::Call(std::shared_ptr<CallerState> caller, http::Request request, CallTerms terms, bool whole)
    : caller_(std::move(caller)),
      request_(std::move(request)),
      terms_(std::move(terms)),
      report_(terms_.report ? terms_.report : std::make_shared<CallReport>()),
      whole_(whole),
      backoff_(caller_->options.retry, net::system_random(), net::now()) {
  *report_ = CallReport();
  told_ = EventScope::begin(caller_->options.events, "api.call", [this](Event& event) {
    event.with("method", request_.method).with("endpoint", caller_->urls[0].origin());
    event.with("path", path_of(request_.target));
  });
  pack();
}

void Call::pack() {
  const auto& packing = caller_->options.packing;
  if (packing.coding == http::Coding::identity || request_.body.size() < packing.from_bytes) return;
  if (request_.headers.find("Content-Encoding")) return;
  auto packed = http::encode_content(packing.coding, request_.body, packing.level);
  if (packed.size() >= request_.body.size()) return;
  request_.body = std::move(packed);
  request_.headers.set("Content-Encoding", http::to_string(packing.coding));
}

Error Call::with_count(Error error) const {
  const auto attempts = report_->attempts.size();
  if (attempts < 2 || error.detail("attempts")) return error;
  return std::move(error).with_detail("attempts", std::to_string(attempts));
}

bool Call::may_fall_over(const Error& error) const {
  return limit::is_illness(error) || error.kind() == ErrorKind::rate_limited;
}

Task<Result<CallAnswer>> Call::begin() {
  return rounds(std::nullopt);
}

Task<Result<CallAnswer>> Call::begin_again(Error why) {
  if (!report_->attempts.empty()) report_->attempts.back().error = why;
  end_permit(fail(why));
  // Where another endpoint is free, it is asked at once.
  if (caller_->endpoints() > 1 && may_fall_over(why)) {
    std::optional<Broken> broken(std::in_place, endpoint_, std::move(why));
    co_return co_await rounds(std::move(broken));
  }
  auto waited = co_await wait_for_next(std::move(why));
  if (!waited) co_return fail(std::move(waited.error()));
  co_return co_await rounds(std::nullopt);
}

Task<Result<CallAnswer>> Call::rounds(std::optional<Broken> broken) {
  for (;;) {
    auto outcome = co_await round(std::exchange(broken, std::nullopt));
    if (!outcome.error) co_return std::move(outcome.answer);
    if (outcome.final) co_return fail(with_count(std::move(*outcome.error)));
    auto waited = co_await wait_for_next(std::move(*outcome.error));
    if (waited) continue;
    // The last answer is the caller's to read, whatever it says.
    if (outcome.answer.whole.status != 0) co_return std::move(outcome.answer);
    co_return fail(std::move(waited.error()));
  }
}

// Waits before the next round, where there is one; else the error.
Task<Result<void>> Call::wait_for_next(Error why) {
  const auto delay = backoff_.next_delay(why, net::now());
  if (!delay) co_return fail(with_count(std::move(why)));
  caller_->tell(Event("api.retry")
                    .with("id", told_.id())
                    .with("attempt", std::to_string(report_->attempts.size() + 1))
                    .with("delay_ms", std::to_string(delay->count()))
                    .with("kind", std::string(to_string(why.kind()))));
  waited_ = *delay;
  co_await sleep_for(*delay);
  co_return Result<void>();
}

void Call::tell_fallback(std::size_t from, std::size_t to, const Error& why) {
  caller_->tell(Event("api.fallback")
                    .with("id", told_.id())
                    .with("from", caller_->urls[from].origin())
                    .with("to", caller_->urls[to].origin())
                    .with("kind", std::string(to_string(why.kind()))));
}

// Each endpoint once, until one does not fail for a reason that another may not have.
Task<Call::Outcome> Call::round(std::optional<Broken> broken) {
  Outcome last;
  std::optional<std::size_t> failed;
  if (broken) {
    failed = broken->endpoint;
    last.error = broken->why;
  }
  for (const auto endpoint : caller_->health.order()) {
    if (broken && endpoint == broken->endpoint) continue;
    auto pass = caller_->breakers[endpoint].admit(net::now());
    if (!pass) {
      caller_->tell(Event("api.breaker_open")
                        .with("id", told_.id())
                        .with("endpoint", caller_->urls[endpoint].origin()));
      if (last.error) continue;
      last.error = std::move(pass.error());
      last.final = true;  // an open breaker is not waited for
      continue;
    }
    if (failed) tell_fallback(*failed, endpoint, *last.error);
    last = co_await attempt(endpoint, *pass);
    failed = endpoint;
    if (last.final || !last.error || !may_fall_over(*last.error)) break;
  }
  co_return last;
}

Task<Result<void>> Call::admit() {
  if (auto& rate = caller_->rate) {
    const auto begun = net::now();
    const auto at = rate->reserve(begun);
    if (!at) {
      const auto wait = std::chrono::ceil<milliseconds>(rate->ready_at(begun) - begun);
      co_return fail(
          Error(ErrorKind::rate_limited,
                fmt::format("more calls than CallOptions::rate allows wait already, for {} ms",
                            wait.count()))
              .with_retry_after(wait));
    }
    if (*at > begun) {
      const auto delay = std::chrono::ceil<milliseconds>(*at - begun);
      caller_->tell(Event("api.rate_wait")
                        .with("id", told_.id())
                        .with("delay_ms", std::to_string(delay.count())));
      co_await sleep_for(*at - begun);
    }
  }
  if (!caller_->options.permit) co_return Result<void>();
  auto terms = terms_;
  auto permit = co_await caller_->options.permit(std::move(terms));
  if (!permit) co_return fail(std::move(permit.error()));
  permit_ = std::move(*permit);
  used_.reset();
  co_return Result<void>();
}

Task<Call::Outcome> Call::attempt(std::size_t endpoint, limit::Breaker::Pass pass) {
  PassGuard guard(caller_->breakers[endpoint], pass);
  endpoint_ = endpoint;
  auto admitted = co_await admit();
  if (!admitted) {
    Outcome refused;
    refused.error = std::move(admitted.error());
    refused.final = true;
    co_return refused;
  }
  const auto index = report_->attempts.size();
  auto& entry = report_->attempts.emplace_back();
  entry.number = static_cast<int>(index + 1);
  entry.endpoint = caller_->urls[endpoint].origin();
  entry.waited = std::exchange(waited_, milliseconds(0));
  report_->endpoint = entry.endpoint;
  report_->fell_back = endpoint != 0;
  const auto number = std::to_string(entry.number), where = entry.endpoint;
  auto told = EventScope::begin(
      caller_->options.events, "api.attempt",
      [&](Event& event) { event.with("attempt", number).with("endpoint", where); }, told_.id());
  const auto begun = net::now();
  auto outcome = co_await exchange(endpoint);
  auto& made = report_->attempts[index];
  made.took = since(begun);
  made.error = outcome.error;
  made.status =
      outcome.answer.stream ? outcome.answer.stream->head().status : outcome.answer.whole.status;
  if (made.error && made.status == 0) made.status = made.error->http_status();
  const Result<void> result = outcome.error ? Result<void>(fail(*outcome.error)) : Result<void>();
  guard.ended(result);
  if (outcome.error || !outcome.answer.stream) end_permit(result);
  if (result)
    told.stop([&](Event& event) { event.with("status", std::to_string(made.status)); });
  else
    told.fail_with(result.error());
  co_return outcome;
}

// One request and its answer. An answer that says "not now" is an error, and kept beside it.
Task<Call::Outcome> Call::exchange(std::size_t endpoint) {
  auto request = caller_->request_for(endpoint, request_);
  auto opening = caller_->client.open(caller_->urls[endpoint], std::move(request));
  std::optional<TimePoint> until;  // without retries the client's own limits are enough
  const auto limit = caller_->options.retry.attempt_timeout;
  if (has_retries(caller_->options.retry)) until = net::now() + limit;
  Outcome out;
  auto opened = co_await within(std::move(opening), until);
  const auto too_late = [&] {
    return Error(ErrorKind::timeout, fmt::format("no answer within {} ms", limit.count()))
        .with_stage(Stage::receive);
  };
  if (!opened || !*opened) {
    out.error = opened ? std::move(opened->error()) : too_late();
    co_return out;
  }
  auto& stream = **opened;
  const int status = stream.head().status;
  if (permit_) permit_->answered(stream.head().headers);
  if (terms_.report) report_->headers = stream.head().headers;
  if (!whole_ && status < 300) {
    out.answer.stream = std::move(stream);
    co_return out;
  }
  auto reading = stream.read_all();
  auto body = co_await within(std::move(reading), until);
  if (!body || !*body) {
    out.error = body ? std::move(body->error()) : too_late();
    co_return out;
  }
  out.answer.whole = stream.head();
  out.answer.whole.body = std::move(**body);
  if (status < 300) {
    saw(out.answer.whole.body);
    co_return out;
  }
  auto error = caller_->options.error_of(out.answer.whole);
  if (limit::failure_class(error) || may_fall_over(error)) out.error = std::move(error);
  co_return out;
}

void Call::saw(std::string_view text) {
  if (!permit_ || !caller_->options.usage_in) return;
  const auto told = caller_->options.usage_in(text);
  if (!told) return;
  // Counts grow, and an event may tell a part of them.
  limit::Usage used = used_.value_or(limit::Usage());
  used.input_tokens = std::max(used.input_tokens, told->input_tokens);
  used.output_tokens = std::max(used.output_tokens, told->output_tokens);
  used.cached_tokens = std::max(used.cached_tokens, told->cached_tokens);
  used_ = used;
}

void Call::end_permit(const Result<void>& outcome) {
  if (const auto permit = std::exchange(permit_, nullptr)) permit->ended(outcome, used_);
}

void Call::finished(const Result<void>& outcome) {
  end_permit(outcome);
  const auto fill = [this](Event& event) {
    event.with("attempts", std::to_string(report_->attempts.size()));
    event.with("endpoint", report_->endpoint);
  };
  if (outcome)
    told_.stop(fill);
  else
    told_.fail_with(outcome.error(), fill);
}

}  // namespace parley::api::detail

#include "parley/net/websocket_pool.hpp"

#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "parley/net/detail/pool_book.hpp"
#include "parley/net/detail/pool_state.hpp"
#include "parley/net/system.hpp"

namespace parley::net {
namespace detail {

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

// Gives up what an acquirer holds when its coroutine ends without a lease, by an error or
// cancelled.
class Claim {
 public:
  Claim(std::shared_ptr<PoolState> pool, PoolBook::Id waiter)
      : pool_(std::move(pool)), waiter_(waiter) {}
  Claim(const Claim&) = delete;
  Claim& operator=(const Claim&) = delete;
  ~Claim() {
    pool_->waits.erase(waiter_);
    pool_->book.give_up(waiter_);
    if (connection) pool_->give_back(*connection, false);
  }
  std::optional<PoolBook::Id> connection;

 private:
  std::shared_ptr<PoolState> pool_;
  PoolBook::Id waiter_;
};

}  // namespace

PoolState::PoolState(Executor on, const PoolOptions& pool_options, EventSink sink)
    : executor(std::move(on)),
      options(pool_options),
      events(std::move(sink)),
      book(pool_options),
      timer(executor),
      sample_timer(executor),
      guard(pool_options.limits),
      history(pool_options.max_samples) {}

void PoolState::tell(std::string_view name, const std::string& endpoint, std::string why) {
  if (events) events(Event(name).with("endpoint", endpoint).with("why", std::move(why)));
}

void PoolState::set_state(Entry& entry, ConnectionState to) {
  if (is_legal(entry.state, to)) entry.state = to;
}

void PoolState::give_back(PoolBook::Id id, bool usable, bool after_check) {
  if (const auto found = entries.find(id); found != entries.end() && (!usable || closed)) {
    set_state(found->second, ConnectionState::closed);
    forget(found);
    usable = false;
  }
  book.release(id, usable, net::now(), after_check);
  for (const auto& grant : book.take_grants()) {
    const auto wait = waits.find(grant.waiter);
    if (wait == waits.end()) continue;
    wait->second->grant = grant;
    wait->second->timer.cancel();
  }
  close_due();
}

void PoolState::close_due() {
  for (const auto id : book.take_closings()) {
    const auto found = entries.find(id);
    if (found == entries.end()) continue;
    found->second.socket->close(ws::close_code::normal, "idle");
    set_state(found->second, ConnectionState::closing);
    asio::co_spawn(executor, finish(std::move(*found->second.socket)), asio::detached);
    forget(found);
  }
}

void PoolState::forget(std::map<PoolBook::Id, Entry>::iterator entry) {
  past_messages += entry->second.counted.messages_in + entry->second.counted.messages_out;
  past_bytes += entry->second.counted.bytes_in + entry->second.counted.bytes_out;
  entries.erase(entry);
}

// Reads the close handshake to its end.
Task<void> PoolState::finish(WebSocket socket) {
  while (co_await socket.next()) continue;
}

void PoolState::keep_up() {
  auto next = options.cleanup_interval;
  if (options.health_interval.count() > 0) next = std::min(next, options.health_interval);
  timer.expires_after(next);
  timer.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (error || !self || self->closed) return;
    self->book.sweep(net::now());
    self->close_due();
    for (const auto id : self->book.take_due_checks(net::now()))
      asio::co_spawn(self->executor, check(self, id), asio::detached);
    self->keep_up();
  });
}

Task<void> PoolState::check(std::shared_ptr<PoolState> self, PoolBook::Id id) {
  auto found = self->entries.find(id);
  if (found == self->entries.end()) co_return;
  auto& entry = found->second;  // stays, since close() leaves what is in use
  entry.busy = true;
  const bool alive = co_await entry.socket->probe(self->options.health_timeout);
  const bool quiet = co_await entry.socket->is_quiet();
  entry.busy = false;
  entry.failures = alive ? 0 : entry.failures + 1;
  const bool usable = quiet && entry.failures < self->options.max_health_failures;
  if (!usable) ++self->counters.errors;
  if (!usable)
    self->tell(quiet ? "net.pool_unhealthy" : "net.pool_dropped", entry.endpoint,
               quiet ? fmt::format("{} pings without a pong", entry.failures) : "it has ended");
  self->give_back(id, usable, true);
}

Task<Result<PoolBook::Grant>> PoolState::wait_for_grant(std::shared_ptr<PoolState> self,
                                                        PoolBook::Id waiter, std::string endpoint) {
  auto granted = self->book.acquire(waiter, endpoint, net::now());
  self->close_due();
  if (granted) co_return *granted;
  const auto wait = std::make_shared<Wait>(self->executor);
  self->waits[waiter] = wait;
  wait->timer.expires_after(self->options.wait_timeout);
  error_code ignored;
  co_await wait->timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  if (wait->grant) co_return *wait->grant;
  if (self->closed) co_return fail(ErrorKind::invalid_state, "the pool is closed");
  ++self->counters.timeouts;
  co_return fail(
      Error(ErrorKind::timeout, fmt::format("no connection to {} came free within {} ms", endpoint,
                                            self->options.wait_timeout.count()))
          .with_stage(Stage::connect));
}

Task<Result<PoolBook::Id>> PoolState::acquire(std::shared_ptr<PoolState> self, http::Url url,
                                              ConnectOptions options) {
  const std::string endpoint = url.text();
  for (;;) {
    if (self->closed) co_return fail(ErrorKind::invalid_state, "the pool is closed");
    const PoolBook::Id waiter = ++self->last_waiter;
    Claim claim(self, waiter);
    auto grant = co_await wait_for_grant(self, waiter, endpoint);
    if (!grant) co_return fail(std::move(grant.error()));
    claim.connection = grant->connection;
    auto& entry = self->entries[grant->connection];  // stays, since close() leaves what is in use
    entry.busy = true;
    if (grant->open_new) {
      entry.endpoint = endpoint;
      if (auto admitted = self->admit(endpoint); !admitted)
        co_return fail(std::move(admitted.error()));
      auto socket = co_await connect_websocket(url, options);
      if (!socket) {
        ++self->counters.errors;
        self->set_state(entry, ConnectionState::error);
        co_return fail(std::move(socket.error()));
      }
      entry.socket.emplace(std::move(*socket));
      entry.opened = net::now();
      self->set_state(entry, ConnectionState::connected);
      ++self->counters.connects;
      if (!self->known.insert(endpoint).second) ++self->counters.reconnects;
      self->tell("net.pool_opened", endpoint, "");
    } else {
      const bool quiet = co_await entry.socket->is_quiet();
      if (!quiet) {
        ++self->counters.errors;
        self->set_state(entry, ConnectionState::disconnected);
        self->tell("net.pool_dropped", endpoint, "it ended while it was idle");
        continue;  // the claim frees its place
      }
      ++self->counters.reused;
    }
    entry.busy = false;
    entry.lent = true;
    claim.connection.reset();
    co_return grant->connection;
  }
}

}  // namespace detail

std::string_view to_string(ConnectionState state) {
  constexpr std::string_view names[] = {"connecting", "connected", "disconnected",
                                        "closing",    "closed",    "error"};
  return names[static_cast<std::size_t>(state)];
}

bool is_legal(ConnectionState from, ConnectionState to) {
  using enum ConnectionState;
  switch (from) {
    case connecting:
      return to == connected || to == error || to == closed;
    case connected:
      return to == closing || to == disconnected || to == error || to == closed;
    case closing:
      return to == closed || to == error;
    case disconnected:
    case error:
      return to == closed;
    case closed:
      return false;
  }
  return false;
}

WebSocketPool::Lease::Lease(std::shared_ptr<detail::PoolState> pool, std::uint64_t id)
    : pool_(std::move(pool)), id_(id) {}
WebSocketPool::Lease::Lease(Lease&&) noexcept = default;

WebSocketPool::Lease::~Lease() {
  if (!pool_) return;
  auto& entry = pool_->entries.at(id_);
  entry.lent = false;
  entry.counted = entry.socket->traffic();
  pool_->give_back(id_, !entry.discarded && entry.socket->open());
}

WebSocket& WebSocketPool::Lease::operator*() const {
  return *pool_->entries.at(id_).socket;
}
void WebSocketPool::Lease::discard() {
  pool_->entries.at(id_).discarded = true;
}

WebSocketPool::WebSocketPool(Executor executor, const PoolOptions& options, EventSink events)
    : state_(std::make_shared<detail::PoolState>(std::move(executor), options, std::move(events))) {
  state_->keep_up();
  state_->keep_samples();
}

WebSocketPool::~WebSocketPool() {
  close();
}

Task<Result<WebSocketPool::Lease>> WebSocketPool::acquire(http::Url url, ConnectOptions options) {
  const auto state = state_;
  auto id = co_await detail::PoolState::acquire(state, std::move(url), std::move(options));
  if (!id) co_return fail(std::move(id.error()));
  co_return Lease(state, *id);
}

std::size_t WebSocketPool::size() const {
  return state_->book.size();
}
std::size_t WebSocketPool::idle(const http::Url& url) const {
  return state_->book.idle(url.text());
}
std::size_t WebSocketPool::waiting() const {
  return state_->book.waiting();
}

const PoolCounters& WebSocketPool::counters() const {
  return state_->counters;
}
const SampleHistory& WebSocketPool::history() const {
  return state_->history;
}

std::vector<ConnectionInfo> WebSocketPool::connections() const {
  std::vector<ConnectionInfo> all;
  const auto now = std::chrono::steady_clock::now();
  const auto ms = [&](TimePoint since) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - since);
  };
  for (const auto& [id, entry] : state_->entries) {
    ConnectionInfo& info = all.emplace_back();
    info.id = id;
    info.endpoint = entry.endpoint;
    info.state = entry.state;
    info.lent = entry.lent;
    info.health_failures = entry.failures;
    info.healthy = entry.failures == 0;
    if (!entry.socket) continue;
    info.traffic = entry.socket->traffic();
    info.uptime = ms(entry.opened);
    const bool used = info.traffic.last_activity != TimePoint();
    info.since_activity = ms(used ? info.traffic.last_activity : entry.opened);
  }
  return all;
}

void WebSocketPool::close() {
  auto& state = *state_;
  if (std::exchange(state.closed, true)) return;
  state.timer.cancel();
  state.sample_timer.cancel();
  for (const auto& [waiter, wait] : state.waits) wait->timer.cancel();
  std::vector<std::uint64_t> idle;
  for (const auto& [id, entry] : state.entries)
    if (!entry.lent && !entry.busy) idle.push_back(id);
  for (const auto id : idle) state.give_back(id, false);
}

}  // namespace parley::net

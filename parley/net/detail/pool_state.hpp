#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/steady_timer.hpp>

#include "parley/net/detail/pool_book.hpp"
#include "parley/net/websocket_pool.hpp"

namespace parley::net::detail {

// The pool's connections and timers; PoolBook decides. Leases and coroutines keep it alive.
struct PoolState : std::enable_shared_from_this<PoolState> {
  struct Entry {
    std::optional<WebSocket> socket;  // empty while it is being opened
    std::string endpoint;
    ConnectionState state = ConnectionState::connecting;
    TimePoint opened{};
    int failures = 0;
    TrafficCounters counted;  // as it was when the connection came back last
    bool lent = false;
    bool busy = false;  // being opened or looked at by a coroutine of the pool
    bool discarded = false;
  };
  struct Wait {
    explicit Wait(const Executor& executor) : timer(executor) {}
    boost::asio::steady_timer timer;
    std::optional<PoolBook::Grant> grant;
  };

  PoolState(Executor on, const PoolOptions& pool_options, EventSink sink);

  static Task<Result<PoolBook::Id>> acquire(std::shared_ptr<PoolState> self, http::Url url,
                                            ConnectOptions options);
  static Task<Result<PoolBook::Grant>> wait_for_grant(std::shared_ptr<PoolState> self,
                                                      PoolBook::Id waiter, std::string endpoint);
  void give_back(PoolBook::Id id, bool usable, bool after_check = false);
  void close_due();
  void forget(std::map<PoolBook::Id, Entry>::iterator entry);
  void keep_up();
  void keep_samples();
  Result<void> admit(const std::string& endpoint);
  static Task<void> check(std::shared_ptr<PoolState> self, PoolBook::Id id);
  static Task<void> finish(WebSocket socket);
  void set_state(Entry& entry, ConnectionState to);
  void tell(std::string_view name, const std::string& endpoint, std::string why);

  Executor executor;
  PoolOptions options;
  EventSink events;
  PoolBook book;
  std::map<PoolBook::Id, Entry> entries;
  std::map<PoolBook::Id, std::shared_ptr<Wait>> waits;
  PoolBook::Id last_waiter = 0;
  boost::asio::steady_timer timer;
  boost::asio::steady_timer sample_timer;
  PoolCounters counters;
  std::set<std::string> known;      // endpoints that had a connection
  std::uint64_t past_messages = 0;  // of connections that are gone
  std::uint64_t past_bytes = 0;
  ProcessMeter meter;
  ResourceGuard guard;
  SampleHistory history;
  bool closed = false;
};

}  // namespace parley::net::detail

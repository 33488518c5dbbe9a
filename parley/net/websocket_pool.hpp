#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "parley/base/event.hpp"
#include "parley/net/monitor.hpp"
#include "parley/net/task.hpp"
#include "parley/net/websocket.hpp"

namespace parley::net {

struct PoolOptions {
  PoolOptions() = default;
  std::size_t max_per_endpoint = 10;
  std::size_t max_total = 100;
  std::chrono::milliseconds wait_timeout{30'000};   // for a free place in a full pool
  std::chrono::milliseconds idle_timeout{300'000};  // then an unused connection is closed
  std::chrono::milliseconds cleanup_interval{60'000};
  std::size_t keep_warm = 0;  // idle connections of each endpoint that idle_timeout leaves
  // An idle connection is asked with a ping; after that many pings without a pong in a row it is
  // dropped. Zero: never.
  std::chrono::milliseconds health_interval{30'000};
  std::chrono::milliseconds health_timeout{5'000};
  int max_health_failures = 3;
  // What the pool looks at every `sample_interval`, and keeps the last `max_samples` of.
  std::chrono::milliseconds sample_interval{60'000};
  std::size_t max_samples = 1000;
  // New connections are refused beyond these; a mark that is reached is told. Connections are the
  // pool's, memory and processor time the process's.
  ResourceLimits limits;
};

// What a pool has done since it was made.
struct PoolCounters {
  PoolCounters() = default;
  std::uint64_t connects = 0;    // connections opened
  std::uint64_t reconnects = 0;  // opened to an endpoint that had one before
  std::uint64_t errors = 0;      // failed to open, unhealthy, or ended while idle
  std::uint64_t reused = 0;      // loans of a connection that was open already
  std::uint64_t timeouts = 0;    // waited in vain for a place
};

// Where a connection of a pool stands. Only forward, and from connected to closing or error.
enum class ConnectionState { connecting, connected, disconnected, closing, closed, error };
std::string_view to_string(ConnectionState state);
// True where the second may follow the first.
bool is_legal(ConnectionState from, ConnectionState to);

struct ConnectionInfo {
  ConnectionInfo() = default;
  std::uint64_t id = 0;
  std::string endpoint;
  ConnectionState state = ConnectionState::connecting;
  bool lent = false;
  int health_failures = 0;
  bool healthy = true;
  std::chrono::milliseconds uptime{0};
  std::chrono::milliseconds since_activity{0};
  TrafficCounters traffic;
};

namespace detail {
struct PoolState;
}

// Open WebSockets of a client, by URL, for protocols whose connections may be used one after the
// other. Belongs to one executor. An idle connection is read, and pings of the server answered,
// when its health is checked and when it is lent. Nothing is written anywhere: what it knows ends
// with it.
class WebSocketPool {
 public:
  // A connection on loan. Destroying it gives the connection back if it is open and nothing unread
  // waits in it.
  class Lease {
   public:
    Lease(Lease&&) noexcept;
    Lease& operator=(Lease&&) = delete;
    ~Lease();
    WebSocket& operator*() const;
    WebSocket* operator->() const { return &**this; }
    std::uint64_t id() const { return id_; }
    // Not to be used again: it is dropped instead of given back.
    void discard();

   private:
    friend class WebSocketPool;
    Lease(std::shared_ptr<detail::PoolState> pool, std::uint64_t id);
    std::shared_ptr<detail::PoolState> pool_;
    std::uint64_t id_;
  };

  // Events: "net.pool_opened", "net.pool_dropped" {endpoint, why}, "net.pool_unhealthy" {endpoint,
  // failures}, "net.pool_refused" {endpoint, why}, "net.resource_mark" {resource}.
  WebSocketPool(Executor executor, const PoolOptions& options, EventSink events = nullptr);
  ~WebSocketPool();
  WebSocketPool(const WebSocketPool&) = delete;
  WebSocketPool& operator=(const WebSocketPool&) = delete;

  // An idle connection to that URL, or a new one; in a full pool the oldest waiter comes first.
  // `options` must be the same for all users of a URL. Errors: timeout after wait_timeout, and
  // those of connect_websocket().
  Task<Result<Lease>> acquire(http::Url url, ConnectOptions options);

  std::size_t size() const;  // connections: lent, idle and being opened
  std::size_t idle(const http::Url& url) const;
  std::size_t waiting() const;
  std::vector<ConnectionInfo> connections() const;
  const PoolCounters& counters() const;
  const SampleHistory& history() const;
  // Closes the idle connections; lent ones are dropped when they come back.
  void close();

 private:
  std::shared_ptr<detail::PoolState> state_;
};

}  // namespace parley::net

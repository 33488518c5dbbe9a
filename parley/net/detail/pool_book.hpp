#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "parley/base/time.hpp"
#include "parley/net/websocket_pool.hpp"

namespace parley::net::detail {

// Which connection goes to whom: the rules of the pool, without I/O or clock. Connections and
// waiters are numbers; endpoints are the caller's keys.
class PoolBook {
 public:
  using Id = std::uint64_t;
  explicit PoolBook(const PoolOptions& options) : options_(options) {}

  // What an acquirer is told, at once or later through take_grants().
  struct Grant {
    Grant() = default;
    Id waiter = 0;
    Id connection = 0;
    bool open_new = false;  // `connection` is a number for one that is to be opened
  };
  // Empty: the pool is full, and `waiter` stands in the queue.
  std::optional<Grant> acquire(Id waiter, const std::string& endpoint, TimePoint now);
  void give_up(Id waiter);
  std::vector<Grant> take_grants();

  // A connection that is lent, or is being opened, comes back. Not usable: its place is free. After
  // a check it is as idle as before.
  void release(Id connection, bool usable, TimePoint now, bool after_check = false);
  // Connections to close: idle for too long (all but `warm` of an endpoint), or put out for others.
  std::vector<Id> take_closings();
  void sweep(TimePoint now);
  // Idle connections whose health is to be looked at; they count as lent until release().
  std::vector<Id> take_due_checks(TimePoint now);

  std::size_t size() const { return connections_.size(); }
  std::size_t idle(const std::string& endpoint) const;
  std::size_t waiting() const { return queue_.size(); }

 private:
  struct Connection {
    std::string endpoint;
    bool lent = true;
    TimePoint idle_since{};
    TimePoint checked{};
  };
  struct Waiter {
    Id id = 0;
    std::string endpoint;
  };
  std::optional<Grant> try_grant(Id waiter, const std::string& endpoint, TimePoint now);
  std::size_t count(const std::string& endpoint) const;
  bool put_out_an_idle_one();

  PoolOptions options_;
  std::map<Id, Connection> connections_;
  std::list<Waiter> queue_;
  std::vector<Grant> grants_;
  std::vector<Id> closings_;
  Id last_id_ = 0;
};

}  // namespace parley::net::detail

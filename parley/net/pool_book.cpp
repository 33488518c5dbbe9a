#include "parley/net/detail/pool_book.hpp"

#include <algorithm>
#include <utility>

namespace parley::net::detail {

std::size_t PoolBook::count(const std::string& endpoint) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      connections_, [&](const auto& entry) { return entry.second.endpoint == endpoint; }));
}

std::size_t PoolBook::idle(const std::string& endpoint) const {
  return static_cast<std::size_t>(std::ranges::count_if(connections_, [&](const auto& entry) {
    return entry.second.endpoint == endpoint && !entry.second.lent;
  }));
}

std::optional<PoolBook::Grant> PoolBook::acquire(Id waiter, const std::string& endpoint,
                                                 TimePoint now) {
  const bool others_wait =
      std::ranges::any_of(queue_, [&](const Waiter& other) { return other.endpoint == endpoint; });
  if (!others_wait)
    if (auto grant = try_grant(waiter, endpoint, now)) return grant;
  Waiter& last = queue_.emplace_back();
  last.id = waiter;
  last.endpoint = endpoint;
  return std::nullopt;
}

// The connection that was used last is taken first: the others may grow old and be closed.
std::optional<PoolBook::Grant> PoolBook::try_grant(Id waiter, const std::string& endpoint,
                                                   TimePoint now) {
  Grant grant;
  grant.waiter = waiter;
  std::pair<const Id, Connection>* best = nullptr;
  for (auto& entry : connections_) {
    const auto& candidate = entry.second;
    if (candidate.lent || candidate.endpoint != endpoint) continue;
    if (now - candidate.idle_since >= options_.idle_timeout && options_.keep_warm == 0) continue;
    if (!best || candidate.idle_since > best->second.idle_since) best = &entry;
  }
  if (best) {
    best->second.lent = true;
    grant.connection = best->first;
    return grant;
  }
  if (count(endpoint) >= options_.max_per_endpoint) return std::nullopt;
  if (connections_.size() >= options_.max_total && !put_out_an_idle_one()) return std::nullopt;
  grant.connection = ++last_id_;
  grant.open_new = true;
  connections_[grant.connection].endpoint = endpoint;
  return grant;
}

bool PoolBook::put_out_an_idle_one() {
  auto oldest = connections_.end();
  for (auto it = connections_.begin(); it != connections_.end(); ++it)
    if (!it->second.lent &&
        (oldest == connections_.end() || it->second.idle_since < oldest->second.idle_since))
      oldest = it;
  if (oldest == connections_.end()) return false;
  closings_.push_back(oldest->first);
  connections_.erase(oldest);
  return true;
}

void PoolBook::give_up(Id waiter) {
  std::erase_if(queue_, [waiter](const Waiter& one) { return one.id == waiter; });
  // A grant that nobody will take goes back.
  const auto granted = std::ranges::find(grants_, waiter, &Grant::waiter);
  if (granted == grants_.end()) return;
  if (granted->open_new)
    connections_.erase(granted->connection);
  else
    connections_[granted->connection].lent = false;
  grants_.erase(granted);
}

std::vector<PoolBook::Grant> PoolBook::take_grants() {
  return std::exchange(grants_, {});
}

void PoolBook::release(Id connection, bool usable, TimePoint now, bool after_check) {
  const auto found = connections_.find(connection);
  if (found == connections_.end()) return;
  if (usable) {
    found->second.lent = false;
    if (!after_check) found->second.idle_since = now;
    found->second.checked = now;
  } else {
    connections_.erase(found);
  }
  for (auto waiter = queue_.begin(); waiter != queue_.end();) {
    auto grant = try_grant(waiter->id, waiter->endpoint, now);
    if (!grant) {
      ++waiter;
      continue;
    }
    grants_.push_back(*grant);
    waiter = queue_.erase(waiter);
  }
}

std::vector<PoolBook::Id> PoolBook::take_closings() {
  return std::exchange(closings_, {});
}

void PoolBook::sweep(TimePoint now) {
  for (auto it = connections_.begin(); it != connections_.end();) {
    const auto& connection = it->second;
    const bool old = !connection.lent && now - connection.idle_since >= options_.idle_timeout;
    if (!old || idle(connection.endpoint) <= options_.keep_warm) {
      ++it;
      continue;
    }
    closings_.push_back(it->first);
    it = connections_.erase(it);
  }
}

std::vector<PoolBook::Id> PoolBook::take_due_checks(TimePoint now) {
  std::vector<Id> due;
  if (options_.health_interval.count() == 0) return due;
  for (auto& [id, connection] : connections_) {
    if (connection.lent || now - connection.checked < options_.health_interval) continue;
    connection.lent = true;
    due.push_back(id);
  }
  return due;
}

}  // namespace parley::net::detail

#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <utility>

#include "parley/base/error.hpp"
#include "parley/base/random.hpp"
#include "parley/base/time.hpp"

namespace parley::net {

// True where a new attempt may end better: failures of the network and timeouts; the statuses 408,
// 425, 429, 500, 502, 503 and 504 of a refused upgrade; the close codes 1001, 1005, 1006, 1011,
// 1012, 1013 and 1014. Never: bad certificates, credentials, arguments, a broken protocol, 1000,
// 1002, 1003, 1007 to 1010, 1015, and the codes from 3000 on, which only the application knows.
bool may_reconnect(const Error& why);

// When and how often a connection is tried again. Off by default.
struct ReconnectPolicy {
  ReconnectPolicy() = default;
  // After a failure; 0: never. The count starts anew once a connection has held for `stable`.
  int max_attempts = 0;
  std::chrono::milliseconds first_delay{100};
  double factor = 2;
  std::chrono::milliseconds max_delay{10'000};
  double jitter = 0.5;                      // each delay is longer by a random share up to this one
  std::chrono::milliseconds total{60'000};  // from the failure to the start of the last attempt
  std::chrono::milliseconds stable{10'000};
  // Which failures are tried again; the error's own retry_after() is waited for where it is longer.
  std::function<bool(const Error&)> may_retry = may_reconnect;
};

// The policy's state, without clock or network.
class Reconnector {
 public:
  Reconnector(ReconnectPolicy policy, Random& random)
      : policy_(std::move(policy)), random_(&random) {}

  // How long to wait before the next attempt; empty: there is none.
  std::optional<std::chrono::milliseconds> next_delay(const Error& why, TimePoint now);
  void connected(TimePoint now) { connected_at_ = now; }
  int attempts() const { return attempts_; }
  int attempts_left() const { return policy_.max_attempts - attempts_; }

 private:
  ReconnectPolicy policy_;
  Random* random_;
  int attempts_ = 0;
  std::optional<TimePoint> failing_since_;
  std::optional<TimePoint> connected_at_;
};

}  // namespace parley::net

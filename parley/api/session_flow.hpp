#pragma once

#include <optional>
#include <vector>

#include "parley/api/endpoint_rules.hpp"
#include "parley/base/error.hpp"
#include "parley/base/time.hpp"

namespace parley::api {

// Where a session stands. connected: before its initialize message; without one it begins
// streaming.
enum class Phase { connected, streaming, closing, closed };
std::string_view to_string(Phase phase);

// The rules of a session's messages, without I/O: what may be sent when, and when it is quiet for
// so long that a keepalive is due.
class SessionFlow {
 public:
  SessionFlow(const EndpointRules& rules, TimePoint now);

  // Errors (invalid_state): the phase does not allow the message; it was sent and is not
  // repeatable.
  Result<void> may_send(std::size_t message) const;
  void sent(std::size_t message, TimePoint now);
  // Something else went out (an automatic reply).
  void sent_other(TimePoint now) { last_sent_ = now; }
  // A server message came. Errors (protocol_violation): it came before and is not repeatable; it
  // came behind a terminal one.
  Result<void> received(std::size_t message);
  // No close message is there: the phase changes alone.
  void closing() { phase_ = Phase::closing; }
  void ended() { phase_ = Phase::closed; }
  // A new connection in place of a lost one: what initialize said is said again by the caller.
  void reconnected(TimePoint now);

  Phase phase() const { return phase_; }
  bool terminal_seen() const { return terminal_seen_; }
  // When a keepalive is due; empty: never.
  std::optional<TimePoint> keepalive_at() const;

 private:
  const EndpointRules* rules_;
  Phase phase_;
  bool terminal_seen_ = false;
  TimePoint last_sent_;
  std::vector<bool> was_sent_, was_received_;
};

}  // namespace parley::api

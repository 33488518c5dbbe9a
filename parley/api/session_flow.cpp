#include "parley/api/session_flow.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace parley::api {

std::string_view to_string(Phase phase) {
  constexpr std::string_view names[] = {"connected", "streaming", "closing", "closed"};
  return names[static_cast<std::size_t>(phase)];
}

namespace {

Phase first_phase(const EndpointRules& rules) {
  const bool initializes = std::ranges::find(rules.client, MessageRole::initialize,
                                             &ClientMessageRule::role) != rules.client.end();
  return initializes ? Phase::connected : Phase::streaming;
}

}  // namespace

SessionFlow::SessionFlow(const EndpointRules& rules, TimePoint now)
    : rules_(&rules),
      phase_(first_phase(rules)),
      last_sent_(now),
      was_sent_(rules.client.size()),
      was_received_(rules.server.size()) {}

Result<void> SessionFlow::may_send(std::size_t message) const {
  const auto& rule = rules_->client[message];
  const bool fits = phase_ == Phase::connected
                        ? rule.role == MessageRole::initialize
                        : phase_ == Phase::streaming && rule.role != MessageRole::initialize;
  const bool again =
      was_sent_[message] && (!rule.repeatable || rule.role != MessageRole::streaming);
  if (again)
    return fail(ErrorKind::invalid_state, fmt::format("{} may be sent once and was", rule.id));
  if (!fits)
    return fail(ErrorKind::invalid_state, fmt::format("{} cannot be sent while the session is {}",
                                                      rule.id, to_string(phase_)));
  return {};
}

void SessionFlow::sent(std::size_t message, TimePoint now) {
  last_sent_ = now;
  was_sent_[message] = true;
  const auto role = rules_->client[message].role;
  if (role == MessageRole::initialize) phase_ = Phase::streaming;
  if (role == MessageRole::close) phase_ = Phase::closing;
}

Result<void> SessionFlow::received(std::size_t message) {
  const auto& rule = rules_->server[message];
  if (terminal_seen_)
    return fail(ErrorKind::protocol_violation,
                fmt::format("{} came behind the last message", rule.id));
  if (was_received_[message] && !rule.repeatable)
    return fail(ErrorKind::protocol_violation,
                fmt::format("{} came twice, and comes once by its definition", rule.id));
  was_received_[message] = true;
  terminal_seen_ = rule.terminal;
  return {};
}

void SessionFlow::reconnected(TimePoint now) {
  last_sent_ = now;
  terminal_seen_ = false;
  was_received_.assign(was_received_.size(), false);
}

std::optional<TimePoint> SessionFlow::keepalive_at() const {
  if (rules_->keepalive.empty() || rules_->keepalive_every.count() == 0 ||
      phase_ != Phase::streaming)
    return std::nullopt;
  return last_sent_ + rules_->keepalive_every;
}

}  // namespace parley::api

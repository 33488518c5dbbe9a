#include "parley/gemini/continuity/detail/state.hpp"

// A conversation goes on with another service.
namespace parley::gemini {

using std::chrono::milliseconds;

std::string Continuity::State::service_name() const {
  const auto& services = policy.failover.services;
  return services.size() < 2 ? std::string() : services[service].name;
}

// How long until the next attempt, here or at another service; empty: there is none.
std::optional<milliseconds> Continuity::State::delay_of_next(const Error& why, CloseAction action,
                                                             TimePoint now) {
  const bool stop = action == CloseAction::stop;
  const auto& failover = policy.failover;
  if (failover.services.size() < 2) {
    if (stop || !may_go_on()) return std::nullopt;
    return reconnector.next_delay(why, now);
  }
  if (!stop && ++failures_here < failover.attempts && may_go_on())
    if (const auto delay = reconnector.next_delay(why, now)) return delay;
  if (!use_another_service(stop) || !may_go_on()) return std::nullopt;
  if (moves < failover.services.size()) return milliseconds(0);
  return reconnector.next_delay(why, now);
}

// False: none is left.
bool Continuity::State::use_another_service(bool for_good) {
  const auto& services = policy.failover.services;
  refused.resize(services.size());
  if (for_good) refused[service] = true;
  for (std::size_t step = 1; step < services.size(); ++step) {
    const auto other = (service + step) % services.size();
    if (refused[other]) continue;
    service = other;
    ++moves;
    failures_here = 0;
    rule_uses.clear();
    // A handle is good for the service that gave it.
    handle.clear();
    handle_is_fresh = handle_holds_speech = false;
    handle_expires.reset();
    setup = own;
    services[other].adapt(setup);
    return true;
  }
  return false;
}

}  // namespace parley::gemini

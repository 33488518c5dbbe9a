#include "parley/net/detail/pool_state.hpp"

namespace parley::net::detail {

// One more connection, which the book counts already.
Result<void> PoolState::admit(const std::string& endpoint) {
  auto admitted = guard.admit(meter.read(book.size() - 1));
  if (admitted) return admitted;
  ++counters.errors;
  tell("net.pool_refused", endpoint, admitted.error().message());
  return admitted;
}

void PoolState::keep_samples() {
  PoolSample sample;
  sample.at = std::chrono::steady_clock::now();
  sample.use = meter.read(book.size());
  sample.waiting = book.waiting();
  sample.errors = counters.errors;
  sample.messages = past_messages;
  sample.bytes = past_bytes;
  for (const auto& [id, entry] : entries) {
    sample.lent += entry.lent ? 1 : 0;
    if (!entry.socket) continue;
    const auto& traffic = entry.socket->traffic();
    sample.messages += traffic.messages_in + traffic.messages_out;
    sample.bytes += traffic.bytes_in + traffic.bytes_out;
  }
  history.add(sample);
  for (const auto& resource : guard.look(sample.use))
    if (events) events(Event("net.resource_mark").with("resource", resource));
  sample_timer.expires_after(options.sample_interval);
  sample_timer.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self && !self->closed) self->keep_samples();
  });
}

}  // namespace parley::net::detail

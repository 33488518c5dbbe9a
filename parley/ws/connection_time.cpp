#include <algorithm>
#include <cstring>

#include "parley/ws/detail/connection_impl.hpp"

namespace parley::ws {
namespace {

constexpr Duration kNever = Duration::zero();

std::array<std::byte, 4> probe_payload(std::uint32_t number) {
  std::array<std::byte, 4> bytes;
  for (int i = 0; i < 4; ++i)
    bytes[static_cast<std::size_t>(i)] = static_cast<std::byte>(number >> (8 * (3 - i)) & 0xFF);
  return bytes;
}

}  // namespace

// The round trip is smoothed as TCP does it (RFC 6298, 2).
void Connection::Impl::take_pong(BytesView payload) {
  Probe* const probe = this->probe();
  if (!probe || !probe->waiting) return;
  const auto expected = probe_payload(probe->number);
  if (!std::ranges::equal(payload, expected)) return;
  probe->waiting = false;
  const Duration taken = last_received - probe->sent;
  if (!probe->measured) {
    probe->smoothed = taken;
    probe->deviation = taken / 2;
  } else {
    const Duration off =
        taken > probe->smoothed ? taken - probe->smoothed : probe->smoothed - taken;
    probe->deviation = (probe->deviation * 3 + off) / 4;
    probe->smoothed = (probe->smoothed * 7 + taken) / 8;
  }
  probe->measured = true;
}

Duration Connection::Impl::pong_limit() const {
  const auto least = options().pong_timeout;
  const Probe* const probe = this->probe();
  if (!probe->measured) return least;
  const Duration adapted = 4 * (probe->smoothed + probe->deviation);
  return std::clamp(adapted, least, std::max(least, options().max_pong_timeout));
}

TimePoint Connection::Impl::ping_due() const {
  return std::max(last_received, last_ping) + options().ping_interval;
}

void Connection::Impl::time_out(Stage stage, std::string_view reason) {
  finish(close_code::abnormal, reason);
  ending->timed_out = stage;
}

void Connection::handle_timeout(TimePoint now) {
  auto& impl = *impl_;
  if (impl.ended) return;
  if (now >= impl.close_deadline)
    return impl.time_out(Stage::close, "the peer did not answer the close frame");
  const auto& options = impl.options();
  if (options.idle_timeout > kNever && now >= impl.last_received + options.idle_timeout)
    return impl.time_out(Stage::idle, "nothing was received for too long");
  Impl::Probe* probe = impl.probe();
  if (probe && probe->waiting &&
      now >= std::max(probe->sent, impl.last_received) + impl.pong_limit())
    return impl.time_out(Stage::idle, "no pong came in time");
  if (options.ping_interval <= kNever || impl.close_sent || now < impl.ping_due()) return;
  impl.last_ping = now;
  if (!impl.check_room(detail::kMaxHeader + 4)) return;
  if (options.pong_timeout <= kNever) return impl.append_control(Opcode::ping, {});
  if (!probe) {
    impl.rarely().probe = std::make_unique<Impl::Probe>();
    probe = impl.probe();
  }
  probe->sent = now;
  probe->waiting = true;
  impl.append_control(Opcode::ping, probe_payload(++probe->number));
}

std::optional<TimePoint> Connection::next_timeout() const {
  const auto& impl = *impl_;
  if (impl.ended) return std::nullopt;
  const auto& options = impl.options();
  TimePoint next = impl.close_deadline;
  if (options.idle_timeout > kNever)
    next = std::min(next, impl.last_received + options.idle_timeout);
  if (const auto* probe = impl.probe(); probe && probe->waiting)
    next = std::min(next, std::max(probe->sent, impl.last_received) + impl.pong_limit());
  if (options.ping_interval > kNever && !impl.close_sent) next = std::min(next, impl.ping_due());
  if (next == TimePoint::max()) return std::nullopt;
  return next;
}

std::optional<Duration> Connection::round_trip() const {
  const auto* probe = impl_->probe();
  if (!probe || !probe->measured) return std::nullopt;
  return probe->smoothed;
}

Role Connection::role() const {
  return impl_->role;
}
const Options& Connection::options() const {
  return impl_->options();
}
bool Connection::open() const {
  return !impl_->close_sent && !impl_->ended;
}
bool Connection::closed() const {
  return impl_->ended;
}
Stage Connection::timed_out() const {
  return impl_->ending ? impl_->ending->timed_out : Stage::none;
}
std::uint16_t Connection::close_code() const {
  return impl_->ending ? impl_->ending->code : 0;
}
const std::string& Connection::close_reason() const {
  static const std::string none;
  return impl_->ending ? impl_->ending->reason : none;
}

}  // namespace parley::ws

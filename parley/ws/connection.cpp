#include "parley/ws/connection.hpp"

#include <algorithm>

#include "parley/base/text.hpp"
#include "parley/ws/detail/connection_impl.hpp"

namespace parley::ws {

using detail::FrameHeader;

Connection::Impl::Impl(Role of, Context& shared, const Agreement& agreement, TimePoint now)
    : context(&shared), last_received(now), role(of) {
  if (!agreement.deflate) return;
  compression = std::make_unique<Compression>();
  compression->agreement = *agreement.deflate;
}

Connection::Impl::~Impl() {
  context->spare().give_back(std::move(output));
}

Connection::Impl::Rare& Connection::Impl::rarely() {
  if (!rare) rare = std::make_unique<Rare>();
  return *rare;
}

Connection::Connection(Role role, Context& context, const Agreement& agreement, TimePoint now)
    : impl_(std::make_unique<Impl>(role, context, agreement, now)) {}
Connection::Connection(Role role, const Options& options, Random& random, TimePoint now,
                       const Agreement& agreement) {
  auto own = std::make_unique<Context>(options, random);
  impl_ = std::make_unique<Impl>(role, *own, agreement, now);
  impl_->rarely().own_context = std::move(own);
}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

void Connection::receive(MutableBytesView input, TimePoint now) {
  impl_->input = input;
  if (!input.empty()) impl_->last_received = now;
}

void Connection::receive_end() {
  if (!impl_->ended) impl_->finish(close_code::abnormal, "");
}

std::optional<Event> Connection::poll_event() {
  auto& impl = *impl_;
  if (impl.reading && impl.reading->delivered) impl.release_delivered();
  Event event;
  while (!impl.ended) {
    const auto step = impl.step(event);
    if (step == Impl::Step::event) return event;
    if (step == Impl::Step::starved) break;
  }
  if (auto* ending = impl.ending.get()) {
    const bool closing = std::exchange(ending->closing_due, false);
    if (closing || std::exchange(ending->closed_due, false)) {
      event.kind = closing ? Event::Kind::closing : Event::Kind::closed;
      event.data = as_bytes(ending->reason);
      event.code = ending->code;
      return event;
    }
  }
  impl.input = {};
  if (impl.reading && impl.reading->idle()) impl.reading.reset();
  return std::nullopt;
}

BytesView Connection::unread_input() const {
  return impl_->input;
}

Connection::Impl::Reading& Connection::Impl::reader() {
  if (!reading) reading = std::make_unique<Reading>();
  return *reading;
}

Connection::Impl::Step Connection::Impl::step(Event& out) {
  if (!reading || !reading->in_frame) return begin_frame(out);
  if (input.empty() && reading->frame_left > 0) return Step::starved;
  return take_payload(out);
}

// Reads a header from what was kept and what has come.
Connection::Impl::Step Connection::Impl::begin_frame(Event& out) {
  if (input.empty()) return Step::starved;
  FrameHeader frame;
  detail::HeaderRead read;
  const std::size_t kept = reading ? reading->partial_size : 0;
  if (kept == 0) {
    read = detail::read_header(input, frame);
    if (read.size == 0 && read.mistake.empty()) {
      std::ranges::copy(input, reader().partial.begin());
      reading->partial_size = input.size();
      return Step::starved;
    }
  } else {
    auto& partial = reading->partial;
    const std::size_t taken = std::min(input.size(), partial.size() - kept);
    std::copy_n(input.begin(), taken, partial.begin() + static_cast<std::ptrdiff_t>(kept));
    read = detail::read_header(BytesView(partial.data(), kept + taken), frame);
    if (read.size == 0 && read.mistake.empty()) {
      reading->partial_size += taken;
      return Step::starved;
    }
    reading->partial_size = 0;
  }
  if (!read.mistake.empty()) return fail(close_code::protocol_error, read.mistake);
  input = input.subspan(read.size - kept);
  if (const auto mistake = mistake_in(frame); !mistake.empty())
    return fail(close_code::protocol_error, mistake);
  if (frame.length <= input.size() &&
      (frame.control() || (frame.fin && frame.opcode != Opcode::continuation && frame.rsv == 0)))
    return take_whole(frame, out);
  auto& r = reader();
  r.frame = frame;
  r.frame_left = frame.length;
  r.in_frame = true;
  if (frame.control()) r.control.clear();
  if (!frame.control() && !begin_message(frame)) return Step::more;
  return Step::more;
}

std::string_view Connection::Impl::mistake_in(const FrameHeader& frame) const {
  const bool continuation = frame.opcode == Opcode::continuation;
  // RFC 7692, 6: RSV1 stands on the first frame of a compressed message only.
  const bool may_be_compressed = compression && !frame.control() && !continuation;
  if ((frame.rsv & ~(may_be_compressed ? detail::kRsv1 : 0)) != 0)
    return "a reserved bit without an extension";
  // RFC 6455, 5.1: a client masks all frames, a server none.
  if (frame.masked != (role == Role::server))
    return frame.masked ? "a masked frame from a server" : "an unmasked frame from a client";
  if (frame.control()) return {};
  if (continuation == (reading && reading->in_message)) return {};
  return continuation ? "a continuation frame without a message"
                      : "a new message inside a fragmented one";
}

// The fast way: a control frame or an unfragmented message that lies whole in the caller's buffer.
Connection::Impl::Step Connection::Impl::take_whole(const FrameHeader& frame, Event& out) {
  const auto payload = input.first(static_cast<std::size_t>(frame.length));
  if (frame.length > options().max_message && !frame.control())
    return fail(close_code::too_big, "a message over the limit");
  if (frame.masked) detail::apply_mask(payload, frame.key);
  input = input.subspan(payload.size());
  if (frame.control()) return take_control(frame.opcode, payload, out);
  // After our close frame the peer's data is read for its close frame only (RFC 6455, 1.4).
  if (close_sent) return Step::more;
  const bool text = frame.opcode == Opcode::text;
  if (text && !is_valid_utf8(as_text(payload)))
    return fail(close_code::invalid_payload, "text that is no UTF-8");
  out = Event();
  out.kind = text ? Event::Kind::text : Event::Kind::binary;
  out.data = payload;
  return Step::event;
}

Connection::Impl::Step Connection::Impl::take_payload(Event& out) {
  auto& r = *reading;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(r.frame_left, input.size()));
  const auto piece = input.first(size);
  if (r.frame.masked)
    detail::apply_mask(piece, r.frame.key,
                       static_cast<std::size_t>((r.frame.length - r.frame_left) % 4));
  input = input.subspan(size);
  r.frame_left -= size;
  r.in_frame = r.frame_left > 0;
  if (!r.frame.control()) return take_data(piece, out);
  r.control.append(as_text(piece));
  return r.in_frame ? Step::more : take_control(r.frame.opcode, as_bytes(r.control), out);
}

Connection::Impl::Step Connection::Impl::take_control(Opcode opcode, BytesView payload,
                                                      Event& out) {
  if (opcode == Opcode::close) return take_close(payload);
  out = Event();
  out.kind = opcode == Opcode::pong ? Event::Kind::pong : Event::Kind::ping;
  out.data = payload;
  if (opcode == Opcode::pong)
    take_pong(payload);
  else if (!close_sent)
    append_pong(payload);
  return Step::event;
}

Connection::Impl::Step Connection::Impl::take_close(BytesView payload) {
  if (payload.size() == 1)
    return fail(close_code::protocol_error, "a close frame with half a code");
  std::uint16_t code = close_code::no_status;
  std::string_view text;
  if (payload.size() >= 2) {
    code = static_cast<std::uint16_t>(std::to_integer<unsigned>(payload[0]) << 8 |
                                      std::to_integer<unsigned>(payload[1]));
    text = as_text(payload.subspan(2));
    if (!is_sendable_close_code(code))
      return fail(close_code::protocol_error, "a close code that may not be sent");
    if (!is_valid_utf8(text))
      return fail(close_code::invalid_payload, "a close reason that is no UTF-8");
  }
  if (!close_sent) append_close(code, text);
  finish(code, text);
  ending->closing_due = true;
  return Step::more;
}

// RFC 6455, 7.1.7.
Connection::Impl::Step Connection::Impl::fail(std::uint16_t code, std::string_view reason) {
  if (!close_sent) append_close(code, reason);
  finish(code, reason);
  return Step::more;
}

void Connection::Impl::finish(std::uint16_t code, std::string_view reason) {
  ended = true;
  if (!ending) ending = std::make_unique<Ending>();
  ending->code = code;
  ending->reason = reason;
  ending->closed_due = true;
  close_deadline = TimePoint::max();
  reading.reset();
  if (rare) rare->sending.reset();
  compression.reset();
}

}  // namespace parley::ws

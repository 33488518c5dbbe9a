#include <algorithm>

#include "parley/ws/detail/connection_impl.hpp"

namespace parley::ws {

// A frame of data begins: checks what its header tells, and starts a message with the first one.
bool Connection::Impl::begin_message(const detail::FrameHeader& frame) {
  auto& r = *reading;
  if (frame.opcode != Opcode::continuation) {
    r.in_message = true;
    r.opcode = frame.opcode;
    r.compressed = (frame.rsv & detail::kRsv1) != 0;
    r.first = true;
    r.fragments = 0;
    r.size = 0;
    r.wire_size = 0;
    r.utf8.reset();
    if (!close_sent) r.message = context->spare().take_buffer();
  }
  r.wire_size += frame.length;
  return check_limits(frame);
}

bool Connection::Impl::check_limits(const detail::FrameHeader& frame) {
  auto& r = *reading;
  const auto limit = options().max_message;
  if (++r.fragments > options().max_fragments) {
    fail(close_code::too_big, "a message in too many fragments");
    return false;
  }
  // Compressed data is not held, and counted while it is inflated; but no message may go on for
  // ever without meaning anything.
  const auto wire_limit = r.compressed ? limit + limit / 8 + 1024 : limit;
  if (frame.length > wire_limit || r.wire_size > wire_limit) {
    fail(close_code::too_big, "a message over the limit");
    return false;
  }
  return true;
}

Connection::Impl::Step Connection::Impl::take_data(BytesView piece, Event& out) {
  auto& r = *reading;
  const bool last = !r.in_frame && r.frame.fin;
  if (last) r.in_message = false;
  if (close_sent) return Step::more;
  const bool in_parts = options().stream_messages;
  BytesView fresh = piece;
  auto outcome = detail::Inflater::Outcome::good;
  if (r.compressed) {
    const std::size_t before = r.message.size();
    outcome = inflate_piece(piece, last);
    fresh = as_bytes(r.message).subspan(before);
  } else if (!in_parts) {
    r.message.append(as_text(piece));
  }
  r.size += fresh.size();
  // Text first: what fails must not depend on how the bytes were cut.
  if (r.opcode == Opcode::text && !r.utf8.feed(as_text(fresh)))
    return fail(close_code::invalid_payload, "text that is no UTF-8");
  if (outcome == detail::Inflater::Outcome::corrupt)
    return fail(close_code::invalid_payload, "compressed data that is broken");
  if (outcome == detail::Inflater::Outcome::too_big)
    return fail(close_code::too_big, "a message over the limit");
  if (r.opcode == Opcode::text && last && !r.utf8.complete())
    return fail(close_code::invalid_payload, "text that is no UTF-8");
  if (in_parts) return fresh.empty() && !last ? Step::more : deliver(fresh, last, out);
  return last ? deliver(as_bytes(r.message), true, out) : Step::more;
}

detail::Inflater::Outcome Connection::Impl::inflate_piece(BytesView piece, bool last) {
  using Outcome = detail::Inflater::Outcome;
  auto& r = *reading;
  const auto& how = compression->agreement;
  const bool server = role == Role::server;
  const bool takeover = !(server ? how.client_no_context_takeover : how.server_no_context_takeover);
  const int bits = server ? how.client_max_window_bits : how.server_max_window_bits;
  auto& inflater = takeover ? compression->inflater : r.inflater;
  if (!inflater) inflater = context->spare().take_inflater(bits);
  const std::size_t limit = r.message.size() + (options().max_message - r.size);
  auto outcome = inflater->append(r.message, piece, limit);
  // A message of no byte at all is no DEFLATE data, but can only mean an empty one.
  if (outcome == Outcome::good && last && r.wire_size > 0)
    outcome = inflater->finish(r.message, limit);
  if (last && !takeover) context->spare().give_back(std::move(r.inflater));
  return outcome;
}

Connection::Impl::Step Connection::Impl::deliver(BytesView data, bool last, Event& out) {
  auto& r = *reading;
  out = Event();
  out.kind = r.opcode == Opcode::text ? Event::Kind::text : Event::Kind::binary;
  out.data = data;
  out.first = std::exchange(r.first, false);
  out.last = last;
  r.delivered = true;
  return Step::event;
}

void Connection::Impl::release_delivered() {
  auto& r = *reading;
  r.delivered = false;
  if (r.in_message)
    r.message.clear();
  else
    context->spare().give_back(r.message);
}

}  // namespace parley::ws

#include "parley/ws/connection.hpp"

#include <algorithm>

#include "parley/base/text.hpp"
#include "parley/ws/detail/connection_impl.hpp"

namespace parley::ws {

using detail::FrameHeader;

Connection::Connection(Role role, const Options& options, Random& random, TimePoint now)
    : impl_(std::make_unique<Impl>(role, options, random, now)) {}
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
  while (impl_->events.empty()) {
    if (impl_->ended || !impl_->step()) {
      impl_->input = {};
      return std::nullopt;
    }
  }
  const Event event = impl_->events.front();
  impl_->events.pop_front();
  return event;
}

bool Connection::Impl::step() {
  if (!in_frame) return begin_frame();
  if (input.empty() && frame_left > 0) return false;
  take_payload();
  return true;
}

// Reads a header from what was kept and what has come. The frame may be empty: the next step ends
// it.
bool Connection::Impl::begin_frame() {
  if (input.empty()) return false;
  detail::HeaderRead read;
  if (partial_size == 0) {
    read = detail::read_header(input, frame);
    if (read.size > 0) {
      input = input.subspan(read.size);
    } else if (read.mistake.empty()) {
      std::ranges::copy(input, partial.begin());
      partial_size = input.size();
      input = {};
      return false;
    }
  } else {
    const std::size_t taken = std::min(input.size(), partial.size() - partial_size);
    std::copy_n(input.begin(), taken, partial.begin() + static_cast<std::ptrdiff_t>(partial_size));
    const BytesView joined(partial.data(), partial_size + taken);
    read = detail::read_header(joined, frame);
    if (read.size == 0 && read.mistake.empty()) {
      partial_size += taken;
      input = input.subspan(taken);
      return false;
    }
    if (read.size > 0) input = input.subspan(read.size - partial_size);
    partial_size = 0;
  }
  if (!read.mistake.empty()) {
    fail(close_code::protocol_error, read.mistake);
    return true;
  }
  if (refuse_header()) return true;
  in_frame = true;
  frame_left = frame.length;
  return true;
}

bool Connection::Impl::refuse_header() {
  const auto refuse = [this](std::uint16_t why, std::string_view what) {
    fail(why, what);
    return true;
  };
  if (frame.rsv != 0)
    return refuse(close_code::protocol_error, "a reserved bit without an extension");
  // RFC 6455, 5.1: a client masks all frames, a server none.
  if (frame.masked != (role == Role::server))
    return refuse(close_code::protocol_error, frame.masked ? "a masked frame from a server"
                                                           : "an unmasked frame from a client");
  if (frame.control()) return false;
  const bool continuation = frame.opcode == Opcode::continuation;
  if (continuation != in_message)
    return refuse(close_code::protocol_error, continuation
                                                  ? "a continuation frame without a message"
                                                  : "a new message inside a fragmented one");
  if (frame.length > options.max_message || message.size() + frame.length > options.max_message)
    return refuse(close_code::too_big, "a message over the limit");
  if (!continuation) {
    message_opcode = frame.opcode;
    in_message = !frame.fin;
  }
  return false;
}

void Connection::Impl::take_payload() {
  const std::size_t size =
      static_cast<std::size_t>(std::min<std::uint64_t>(frame_left, input.size()));
  const auto piece = input.first(size);
  if (frame.masked)
    detail::apply_mask(piece, frame.key, static_cast<std::size_t>((frame.length - frame_left) % 4));
  input = input.subspan(size);
  const bool whole = size == frame.length;
  frame_left -= size;
  if (frame.control()) {
    control.append(as_text(piece));
    if (frame_left == 0) take_control();
    return;
  }
  // After our close frame the peer's data is read for its close frame only (RFC 6455, 1.4).
  if (close_sent) {
    if (frame_left == 0) end_data_frame();
    return;
  }
  if (whole && frame.fin && frame.opcode != Opcode::continuation) return deliver_whole(piece);
  if (message_opcode == Opcode::text && !utf8.feed(as_text(piece)))
    return fail(close_code::invalid_payload, "text that is no UTF-8");
  message.append(as_text(piece));
  if (frame_left == 0) end_data_frame();
}

// The fast way: an unfragmented message that lies whole in the caller's buffer.
void Connection::Impl::deliver_whole(MutableBytesView payload) {
  in_frame = false;
  const bool text = frame.opcode == Opcode::text;
  if (text && !is_valid_utf8(as_text(payload)))
    return fail(close_code::invalid_payload, "text that is no UTF-8");
  emit(text ? Event::Kind::text : Event::Kind::binary, payload);
}

void Connection::Impl::end_data_frame() {
  in_frame = false;
  if (!frame.fin) return;
  in_message = false;
  if (close_sent) return;
  const bool text = message_opcode == Opcode::text;
  if (text && !utf8.complete())
    return fail(close_code::invalid_payload, "text that ends inside a code point");
  utf8.reset();
  delivered = std::move(message);
  message = {};
  emit(text ? Event::Kind::text : Event::Kind::binary, as_bytes(delivered));
}

void Connection::Impl::take_control() {
  in_frame = false;
  notice = std::move(control);
  control.clear();
  if (frame.opcode == Opcode::close) return take_close();
  if (frame.opcode == Opcode::pong) return emit(Event::Kind::pong, as_bytes(notice));
  if (!close_sent) append_frame(Opcode::pong, as_bytes(notice));
  emit(Event::Kind::ping, as_bytes(notice));
}

void Connection::Impl::take_close() {
  const std::string payload = std::move(notice);
  if (payload.size() == 1)
    return fail(close_code::protocol_error, "a close frame with half a code");
  std::uint16_t received = close_code::no_status;
  std::string_view text;
  if (payload.size() >= 2) {
    received = static_cast<std::uint16_t>(static_cast<unsigned char>(payload[0]) << 8 |
                                          static_cast<unsigned char>(payload[1]));
    text = std::string_view(payload).substr(2);
    if (!is_sendable_close_code(received))
      return fail(close_code::protocol_error, "a close code that may not be sent");
    if (!is_valid_utf8(text))
      return fail(close_code::invalid_payload, "a close reason that is no UTF-8");
  }
  close_received = true;
  if (!close_sent) append_close(received, text);
  notice = text;
  emit(Event::Kind::closing, as_bytes(notice), received);
  finish(received, notice);
}

// RFC 6455, 7.1.7.
void Connection::Impl::fail(std::uint16_t why, std::string_view what) {
  if (!close_sent) append_close(why, what);
  in_frame = false;
  finish(why, what);
}

void Connection::Impl::finish(std::uint16_t with, std::string_view text) {
  ended = true;
  code = with;
  reason = text;
  close_deadline.reset();
  message = {};
  control = {};
  emit(Event::Kind::closed, as_bytes(reason), code);
}

void Connection::Impl::emit(Event::Kind kind, BytesView data, std::uint16_t with) {
  events.push_back(Event{kind, data, with});
}

}  // namespace parley::ws

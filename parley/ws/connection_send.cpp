#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/ws/detail/connection_impl.hpp"

namespace parley::ws {

using detail::FrameHeader;

Result<void> Connection::Impl::check_open() const {
  if (!close_sent && !ended) return {};
  return parley::fail(Error(ErrorKind::invalid_state, "the WebSocket is closing or closed")
                          .with_close(code, reason));
}

Result<void> Connection::Impl::check_room(std::size_t size) const {
  if (output_size() + size <= options.max_output) return {};
  return parley::fail(
      Error(ErrorKind::too_large,
            fmt::format("{} bytes wait to be written; {} more would pass the limit of {}",
                        output_size(), size, options.max_output))
          .with_stage(Stage::send));
}

Result<void> Connection::Impl::send(Opcode opcode, BytesView payload) {
  if (auto open = check_open(); !open) return open;
  if (auto room = check_room(payload.size() + detail::kMaxHeader); !room) return room;
  append_frame(opcode, payload);
  return {};
}

void Connection::Impl::append_frame(Opcode opcode, BytesView payload) {
  // A later pong stands for an earlier one that nobody has taken yet (RFC 6455, 5.5.3).
  if (opcode == Opcode::pong && last_pong != std::string::npos && last_pong >= output_at)
    output.resize(last_pong);
  last_pong = opcode == Opcode::pong ? output.size() : std::string::npos;
  FrameHeader header;
  header.opcode = opcode;
  header.length = payload.size();
  header.masked = role == Role::client;
  if (header.masked) {
    const auto bits = random.next();
    for (std::size_t i = 0; i < 4; ++i)
      header.key[i] = static_cast<std::byte>(bits >> (8 * i) & 0xFF);
  }
  detail::write_header(output, header);
  const std::size_t at = output.size();
  output.append(as_text(payload));
  if (header.masked)
    detail::apply_mask({reinterpret_cast<std::byte*>(output.data()) + at, payload.size()},
                       header.key);
}

void Connection::Impl::append_close(std::uint16_t with, std::string_view text) {
  std::string payload;
  if (with != close_code::no_status) {
    payload += static_cast<char>(with >> 8);
    payload += static_cast<char>(with & 0xFF);
    std::size_t size = std::min(text.size(), detail::kMaxControlPayload - 2);
    while (size > 0 && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
      --size;
    payload += text.substr(0, size);
  }
  append_frame(Opcode::close, as_bytes(payload));
  close_sent = true;
}

Result<void> Connection::send_text(std::string_view text) {
  if (!is_valid_utf8(text)) return fail(ErrorKind::invalid_argument, "the text is no valid UTF-8");
  return impl_->send(Opcode::text, as_bytes(text));
}

Result<void> Connection::send_binary(BytesView data) {
  return impl_->send(Opcode::binary, data);
}

Result<void> Connection::send_prepared(BytesView frame) {
  if (impl_->role != Role::server)
    return fail(ErrorKind::invalid_state,
                "prepared frames are not masked; only a server may send them");
  if (auto open = impl_->check_open(); !open) return open;
  if (auto room = impl_->check_room(frame.size()); !room) return room;
  impl_->last_pong = std::string::npos;
  impl_->output.append(as_text(frame));
  return {};
}

Result<void> Connection::ping(BytesView payload) {
  if (payload.size() > detail::kMaxControlPayload)
    return fail(ErrorKind::invalid_argument, "a ping carries at most 125 bytes");
  return impl_->send(Opcode::ping, payload);
}

Result<void> Connection::close(std::uint16_t code, std::string_view reason, TimePoint now) {
  if (code != close_code::no_status && !is_sendable_close_code(code))
    return fail(ErrorKind::invalid_argument,
                fmt::format("the close code {} may not be sent", code));
  if (!is_valid_utf8(reason))
    return fail(ErrorKind::invalid_argument, "the close reason is no valid UTF-8");
  if (impl_->close_sent || impl_->ended) return {};
  impl_->append_close(code, reason);
  impl_->close_deadline = now + impl_->options.close_timeout;
  return {};
}

BytesView Connection::poll_output() const {
  return as_bytes(std::string_view(impl_->output).substr(impl_->output_at));
}

void Connection::consume_output(std::size_t written) {
  impl_->output_at += written;
  if (impl_->output_at < impl_->output.size()) return;
  impl_->output_at = 0;
  impl_->last_pong = std::string::npos;
  // An idle connection owns no buffer; a small one is kept for the next message.
  if (impl_->output.capacity() > 1024)
    std::string().swap(impl_->output);
  else
    impl_->output.clear();
}

void Connection::handle_timeout(TimePoint now) {
  auto& impl = *impl_;
  if (impl.ended) return;
  if (impl.close_deadline && now >= *impl.close_deadline)
    return impl.finish(close_code::abnormal, "the peer did not answer the close frame");
  const auto& options = impl.options;
  if (options.idle_timeout > Duration::zero() && now >= impl.last_received + options.idle_timeout)
    return impl.finish(close_code::abnormal, "nothing was received for too long");
  if (options.ping_interval <= Duration::zero() || impl.close_sent) return;
  const auto since = std::max(impl.last_received, impl.last_ping.value_or(impl.last_received));
  if (now < since + options.ping_interval) return;
  impl.last_ping = now;
  if (impl.check_room(detail::kMaxHeader)) impl.append_frame(Opcode::ping, {});
}

std::optional<TimePoint> Connection::next_timeout() const {
  const auto& impl = *impl_;
  if (impl.ended) return std::nullopt;
  std::optional<TimePoint> next = impl.close_deadline;
  const auto consider = [&next](TimePoint time) { next = next ? std::min(*next, time) : time; };
  if (impl.options.idle_timeout > Duration::zero())
    consider(impl.last_received + impl.options.idle_timeout);
  if (impl.options.ping_interval > Duration::zero() && !impl.close_sent)
    consider(std::max(impl.last_received, impl.last_ping.value_or(impl.last_received)) +
             impl.options.ping_interval);
  return next;
}

bool Connection::open() const {
  return !impl_->close_sent && !impl_->ended;
}
bool Connection::closed() const {
  return impl_->ended;
}
std::uint16_t Connection::close_code() const {
  return impl_->code;
}
const std::string& Connection::close_reason() const {
  return impl_->reason;
}

namespace {
Bytes prepare(Opcode opcode, BytesView payload) {
  FrameHeader header;
  header.opcode = opcode;
  header.length = payload.size();
  std::string frame;
  frame.reserve(payload.size() + detail::kMaxHeader);
  detail::write_header(frame, header);
  frame.append(as_text(payload));
  const auto bytes = as_bytes(frame);
  return Bytes(bytes.begin(), bytes.end());
}
}  // namespace

Bytes prepare_text(std::string_view text) {
  return prepare(Opcode::text, as_bytes(text));
}
Bytes prepare_binary(BytesView data) {
  return prepare(Opcode::binary, data);
}

}  // namespace parley::ws

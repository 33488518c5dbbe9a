#include <algorithm>

#include <fmt/format.h>

#include "parley/base/text.hpp"
#include "parley/ws/detail/connection_impl.hpp"

namespace parley::ws {

using detail::FrameHeader;

namespace {
constexpr std::string_view kNotUtf8 = "the text is no valid UTF-8";
constexpr std::size_t kPongRun = 8 * 1024;  // bytes of pongs that may wait, one behind the other
}  // namespace

Result<void> Connection::Impl::check_open() const {
  if (!close_sent && !ended) return {};
  Error closed(ErrorKind::invalid_state, "the WebSocket is closing or closed");
  if (!ending) return parley::fail(std::move(closed));
  return parley::fail(std::move(closed).with_close(ending->code, ending->reason));
}

Result<void> Connection::Impl::check_between_messages() const {
  if (auto open = check_open(); !open) return open;
  if (!sending()) return {};
  return parley::fail(ErrorKind::invalid_state, "a message that is sent in parts is not finished");
}

Result<void> Connection::Impl::check_room(std::size_t size) const {
  if (output_size() + size <= options().max_output) return {};
  return parley::fail(
      Error(ErrorKind::too_large,
            fmt::format("{} bytes wait to be written; {} more would pass the limit of {}",
                        output_size(), size, options().max_output))
          .with_stage(Stage::send));
}

// At most: what a message of that size becomes with the headers of its frames.
std::size_t Connection::Impl::framed_size(std::size_t size) const {
  const std::size_t frames = options().fragment_size ? size / options().fragment_size + 1 : 1;
  return size + frames * detail::kMaxHeader;
}

bool Connection::Impl::out_takeover() const {
  const auto& how = compression->agreement;
  return !(role == Role::server ? how.server_no_context_takeover : how.client_no_context_takeover);
}
int Connection::Impl::out_bits() const {
  const auto& how = compression->agreement;
  return role == Role::server ? how.server_max_window_bits : how.client_max_window_bits;
}

bool Connection::Impl::wants_compression(std::size_t size, Compress compress) const {
  if (!compression || compress == Compress::never) return false;
  return compress == Compress::always || size >= compression->agreement.min_size;
}

std::unique_ptr<detail::Deflater> Connection::Impl::borrow_deflater() {
  if (auto kept = std::move(compression->deflater)) return kept;
  return context->spare().take_deflater(out_bits(), compression->agreement);
}

void Connection::Impl::return_deflater(std::unique_ptr<detail::Deflater> deflater) {
  if (out_takeover())
    compression->deflater = std::move(deflater);
  else
    context->spare().give_back(std::move(deflater));
}

Result<void> Connection::Impl::send(Opcode opcode, BytesView payload, Compress compress) {
  const bool simple = !close_sent && !ended && !sending() && !compression;
  if (simple && output_size() + framed_size(payload.size()) <= options().max_output) {
    append_message(opcode, payload, false);
    return {};
  }
  if (auto open = check_between_messages(); !open) return open;
  if (!wants_compression(payload.size(), compress)) {
    if (auto room = check_room(framed_size(payload.size())); !room) return room;
    append_message(opcode, payload, false);
    return {};
  }
  auto deflater = borrow_deflater();
  std::string packed = context->spare().take_buffer();
  deflater->append(packed, payload, true);
  const bool longer = packed.size() >= payload.size() && compress != Compress::always;
  auto room = check_room(framed_size(longer ? payload.size() : packed.size()));
  // What the peer does not get, its window does not know; without history nothing refers to it.
  if (!room || longer) deflater->reset();
  if (room) append_message(opcode, longer ? payload : as_bytes(packed), !longer);
  return_deflater(std::move(deflater));
  context->spare().give_back(packed);
  return room;
}

// As one frame, or in frames of at most Options::fragment_size.
void Connection::Impl::append_message(Opcode opcode, BytesView payload, bool compressed) {
  const std::size_t most = options().fragment_size ? options().fragment_size : payload.size();
  FrameHeader header;
  header.opcode = opcode;
  header.rsv = compressed ? detail::kRsv1 : 0;
  do {
    const auto piece = payload.first(std::min(payload.size(), most));
    payload = payload.subspan(piece.size());
    header.fin = payload.empty();
    append_frame(header, piece);
    header.opcode = Opcode::continuation;
    header.rsv = 0;
  } while (!payload.empty());
}

void Connection::Impl::append_frame(const FrameHeader& how, BytesView payload) {
  auto& to = out();
  FrameHeader header = how;
  header.length = payload.size();
  header.masked = role == Role::client;
  to.last_pong = std::string::npos;
  if (header.masked) {
    const auto bits = context->random().next();
    for (std::size_t i = 0; i < 4; ++i)
      header.key[i] = static_cast<std::byte>(bits >> (8 * i) & 0xFF);
  }
  detail::write_header(to.bytes, header);
  const std::size_t at = to.bytes.size();
  to.bytes.append(as_text(payload));
  if (header.masked)
    detail::apply_mask({reinterpret_cast<std::byte*>(to.bytes.data()) + at, payload.size()},
                       header.key);
}

Output& Connection::Impl::out() {
  if (!output) output = context->spare().take_output();
  return *output;
}

void Connection::Impl::append_control(Opcode opcode, BytesView payload) {
  FrameHeader header;
  header.opcode = opcode;
  append_frame(header, payload);
}

// Each ping is answered, but a peer that does not read cannot make us hoard pongs: a later one then
// stands for an earlier one (RFC 6455, 5.5.3), and a full queue takes none.
void Connection::Impl::append_pong(BytesView payload) {
  if (!check_room(payload.size() + detail::kMaxHeader)) return;
  auto& to = out();
  const bool behind_pong = to.last_pong != std::string::npos && to.last_pong >= to.at;
  if (!behind_pong) to.pong_run = 0;
  if (behind_pong && to.pong_run > kPongRun) to.bytes.resize(to.last_pong);
  const std::size_t at = to.bytes.size();
  const std::size_t run = to.pong_run;
  append_control(Opcode::pong, payload);
  to.last_pong = at;
  to.pong_run = run + to.bytes.size() - at;
}

void Connection::Impl::append_close(std::uint16_t code, std::string_view text) {
  std::string payload;
  if (code != close_code::no_status) {
    payload += static_cast<char>(code >> 8);
    payload += static_cast<char>(code & 0xFF);
    std::size_t size = std::min(text.size(), detail::kMaxControlPayload - 2);
    while (size > 0 && size < text.size() &&
           (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80)
      --size;
    payload += text.substr(0, size);
  }
  append_control(Opcode::close, as_bytes(payload));
  close_sent = true;
}

Result<void> Connection::send_text(std::string_view text, Compress compress) {
  if (!is_valid_utf8(text)) return fail(ErrorKind::invalid_argument, std::string(kNotUtf8));
  return impl_->send(Opcode::text, as_bytes(text), compress);
}

Result<void> Connection::send_valid_text(std::string_view text, Compress compress) {
  return impl_->send(Opcode::text, as_bytes(text), compress);
}

Result<void> Connection::send_binary(BytesView data, Compress compress) {
  return impl_->send(Opcode::binary, data, compress);
}

Result<void> Connection::send_part(MessageKind kind, BytesView part, bool last, Compress compress) {
  auto& impl = *impl_;
  if (auto open = impl.check_open(); !open) return open;
  if (auto room = impl.check_room(part.size() + part.size() / 8 + 64); !room) return room;
  auto& sending = impl.rarely().sending;
  if (!sending) {
    sending = std::make_unique<Impl::Sending>();
    sending->opcode = kind == MessageKind::text ? Opcode::text : Opcode::binary;
    const std::size_t size = last ? part.size() : std::string::npos;
    sending->compressed = impl.wants_compression(size, compress);
  }
  if (sending->opcode == Opcode::text) {
    detail::Utf8Stream checked = sending->utf8;
    if (!checked.feed(as_text(part)) || (last && !checked.complete())) {
      if (sending->first) sending.reset();
      return fail(ErrorKind::invalid_argument, std::string(kNotUtf8));
    }
    sending->utf8 = checked;
  }
  FrameHeader header;
  header.fin = last;
  header.opcode = sending->first ? sending->opcode : Opcode::continuation;
  header.rsv = sending->first && sending->compressed ? detail::kRsv1 : 0;
  sending->first = false;
  if (!sending->compressed) {
    impl.append_frame(header, part);
  } else {
    if (!sending->deflater) sending->deflater = impl.borrow_deflater();
    std::string packed = impl.context->spare().take_buffer();
    sending->deflater->append(packed, part, last);
    impl.append_frame(header, as_bytes(packed));
    impl.context->spare().give_back(packed);
    if (last) impl.return_deflater(std::move(sending->deflater));
  }
  if (last) sending.reset();
  return {};
}

Result<void> Connection::send_prepared(const PreparedMessage& message) {
  auto& impl = *impl_;
  if (impl.role != Role::server)
    return fail(ErrorKind::invalid_state,
                "prepared frames are not masked; only a server may send them");
  if (auto open = impl.check_between_messages(); !open) return open;
  const std::string* frame = nullptr;
  if (impl.compression) frame = message.deflated(impl.compression->agreement, *impl.context);
  const bool compressed = frame != nullptr;
  if (!compressed) frame = &message.plain();
  if (auto room = impl.check_room(frame->size()); !room) return room;
  // The peer's window has moved on without our compressor: it starts anew.
  if (compressed && impl.compression->deflater) impl.compression->deflater->reset();
  auto& to = impl.out();
  to.last_pong = std::string::npos;
  to.bytes.append(*frame);
  return {};
}

Result<void> Connection::ping(BytesView payload) {
  if (payload.size() > detail::kMaxControlPayload)
    return fail(ErrorKind::invalid_argument, "a ping carries at most 125 bytes");
  if (auto open = impl_->check_open(); !open) return open;
  if (auto room = impl_->check_room(payload.size() + detail::kMaxHeader); !room) return room;
  impl_->append_control(Opcode::ping, payload);
  return {};
}

Result<void> Connection::close(std::uint16_t code, std::string_view reason, TimePoint now) {
  if (code != close_code::no_status && !is_sendable_close_code(code))
    return fail(ErrorKind::invalid_argument,
                fmt::format("the close code {} may not be sent", code));
  if (!is_valid_utf8(reason))
    return fail(ErrorKind::invalid_argument, "the close reason is no valid UTF-8");
  if (impl_->close_sent || impl_->ended) return {};
  impl_->append_close(code, reason);
  impl_->close_deadline = now + impl_->options().close_timeout;
  return {};
}

BytesView Connection::poll_output() const {
  const auto* output = impl_->output.get();
  return output ? as_bytes(std::string_view(output->bytes).substr(output->at)) : BytesView();
}

void Connection::pin_output() {
  if (impl_->output) impl_->output->last_pong = std::string::npos;
}

void Connection::consume_output(std::size_t written) {
  auto& output = impl_->output;
  if (!output) return;
  output->at += written;
  if (output->at == output->bytes.size())
    return impl_->context->spare().give_back(std::move(output));
  // A peer that is always a little behind must not make the buffer grow.
  if (output->at < 64 * 1024 || output->at < output->bytes.size() / 2) return;
  output->bytes.erase(0, output->at);
  if (output->last_pong != std::string::npos)
    output->last_pong =
        output->last_pong < output->at ? std::string::npos : output->last_pong - output->at;
  output->at = 0;
}

}  // namespace parley::ws
